"""Looks at a ticker, which has no partitions to look at: it is sick when the instant of a tick passes without one."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from consumers.observing import Observer, Sighting


class TickerWatch:
    """What a ticker tells of its ticks; one that is overdue by more than `stalled_after` seconds will not come."""

    def __init__(self, observer: Observer, every: timedelta, stalled_after: float) -> None:
        self._observer = observer
        self._every = every.total_seconds()
        self._stalled_after = stalled_after
        self._last: float | None = None
        self._begun = time.monotonic()

    def sent(self) -> None:
        """Note that ticks were sent."""
        self._last = time.monotonic()
        self._observer.tick_sent(self._every)

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[None]:
        """Look at the ticker while inside, as often as the observer wants; not at all where it wants nothing."""
        if self._observer.look_every is None:
            yield
            return
        task = asyncio.create_task(self._look_every(self._observer.look_every), name="watch")
        try:
            yield
        finally:
            task.cancel()

    async def _look_every(self, seconds: float) -> None:
        while True:
            overdue = time.monotonic() - (self._last or self._begun) - self._every
            self._observer.seen(
                Sighting(
                    unready=() if self._last else ("no tick was sent yet",),
                    broken=(f"a tick is overdue by {overdue:.0f} s",) if overdue > self._stalled_after else (),
                )
            )
            await asyncio.sleep(seconds)
