"""A ticker is ready once it has sent, sick when a tick is overdue for too long, and well again with the next one."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from consumers.observing import Observer, Sighting
from ops.observability.ticker import TickerWatch
from tests.ops.observability.probing import COMES_TRUE_SECONDS

LOOK_SECONDS = 0.01


class Looking(Observer):
    """Keeps what was found."""

    look_every = LOOK_SECONDS

    def __init__(self) -> None:
        self.found: asyncio.Queue[Sighting] = asyncio.Queue()

    def seen(self, sighting: Sighting) -> None:
        self.found.put_nowait(sighting)


async def until(looking: Looking, wanted: Callable[[Sighting], bool]) -> Sighting:
    async with asyncio.timeout(COMES_TRUE_SECONDS):
        while not wanted(found := await looking.found.get()):
            continue
    return found


async def well(looking: Looking, watch: TickerWatch) -> None:
    """Send until it is found well: on a busy machine a look can come so late that the next tick is overdue."""

    def is_well(found: Sighting) -> bool:
        watch.sent()
        return not found.unready and not found.broken

    await until(looking, is_well)


async def test_a_ticker_that_sends_is_ready_and_one_that_does_not_is_sick() -> None:
    looking = Looking()
    watch = TickerWatch(looking, timedelta(seconds=0.05), stalled_after=1.0)
    async with watch.looking():
        assert (await until(looking, lambda _: True)).unready == ("no tick was sent yet",)
        await well(looking, watch)
        (reason,) = (await until(looking, lambda found: bool(found.broken))).broken
        assert reason.startswith("a tick is overdue by")
        await well(looking, watch)
