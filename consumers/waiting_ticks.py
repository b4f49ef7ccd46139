"""The ticks that wait for one partition: only the latest instant of them is kept, and where they end.

However long an evaluation takes, nothing piles up here. Nothing is evaluated, committed or waited for here.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from aiokafka import ConsumerRecord

from contracts.dead_letters import Unreadable
from contracts.instants import instant_of_timestamp
from contracts.ticks import read_tick

SAME_AS_LAST = "same_as_last"
"""Said of each tick that a second ticker sends for the same instant: nothing is wrong with it."""
Ignored = Callable[[str, ConsumerRecord], None]
"""Called with the reason and the tick, for each that does not count."""


class WaitingTicks:
    """Of the ticks since the last `take`, the one with the highest `at`."""

    def __init__(self, future_tolerance: timedelta, ignored: Ignored) -> None:
        self._future_tolerance = future_tolerance
        self._ignored = ignored
        self._highest: datetime | None = None
        self._has_counted = False
        self._end: int | None = None

    def begin_after(self, last: datetime | None) -> None:
        """Forget what waits; from now on a tick counts that is after this one."""
        self._highest = last
        self._has_counted = False
        self._end = None

    def add(self, record: ConsumerRecord) -> None:
        """Take one more tick; one that can't be read, is too far ahead, or is not after the last is ignored."""
        self._end = record.offset + 1
        try:
            at = read_tick(record.value, tuple(record.headers)).at
        except Unreadable as error:
            self._ignored(error.code, record)
            return
        if at - instant_of_timestamp(record.timestamp) > self._future_tolerance:
            self._ignored("in_future", record)
        elif at == self._highest:
            self._ignored(SAME_AS_LAST, record)
        elif self._highest is not None and at < self._highest:
            self._ignored("before_last", record)
        else:
            self._highest = at
            self._has_counted = True

    def take(self) -> tuple[datetime | None, int] | None:
        """Return the instant to evaluate for, None where no tick counts, and the offset after the last; if any came."""
        if self._end is None:
            return None
        taken = (self._highest if self._has_counted else None, self._end)
        self._has_counted = False
        self._end = None
        return taken
