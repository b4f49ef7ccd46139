"""Running one worker as a process: signals, its log, its health. What the worker does is in `consumers`."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

from consumers.observing import Observer
from ops.observability.logs import configure_logging
from ops.observability.observation import Observation, observed
from ops.settings import Settings

Work = Callable[[asyncio.Event, Observer], Awaitable[None]]


def run_process(work: Work, role: str, settings: Settings) -> None:
    """Run until SIGTERM or SIGINT, then let the worker drain; raise what it ends with.

    Its health is served from before the start until after the end.
    """
    configure_logging(settings.log)
    with observed(role, settings.health, settings.tracing) as observation:
        asyncio.run(_until_signal(work, observation))


async def _until_signal(work: Work, observation: Observation) -> None:
    stop = asyncio.Event()

    def asked_to_stop() -> None:
        observation.health.drain()
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked_to_stop)
    async with observation.beating():
        await work(stop, observation.observer)
