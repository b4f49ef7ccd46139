"""A process of its own whose work is not a worker's: `python -m tests.ops.observability.doing WHAT FILE`.

It is observed as every worker is. WHAT is how it behaves until FILE is there: `stuck`, its event loop does not turn;
`draining`, it has been asked to stop and is not done; `broken`, what it does has come to a stop, and it can drain.
"""

import asyncio
import sys
import time
from pathlib import Path

from consumers.observing import Observer, Sighting
from ops.settings import load_settings
from ops.worker_process import run_process

_POLL_SECONDS = 0.05


async def work(stop: asyncio.Event, observer: Observer) -> None:
    """Behave like that."""
    what, file = sys.argv[1], Path(sys.argv[2])
    observer.seen(Sighting(broken=("fetching has ended",) if what == "broken" else ()))
    if what in ("draining", "broken"):
        await stop.wait()
    if what == "broken":
        return
    while not file.exists():  # noqa: ASYNC240 a file tells nobody that it came
        if what == "stuck":
            time.sleep(_POLL_SECONDS)  # noqa: ASYNC251 this is the defect
        else:
            await asyncio.sleep(_POLL_SECONDS)
    observer.seen(Sighting())
    await stop.wait()


if __name__ == "__main__":
    run_process(work, "ticket", load_settings())
