"""An oracle for business time that steps minutes and shares nothing with what it judges but zoneinfo.

It goes by one picture of SPEC section 6: a wall clock that is never set back. In an autumn fold it stands still until
local time has caught up, so a bound counts at its first occurrence; in a spring gap it jumps, and every bound it jumps
over is met at the gap's end. An instant is business time while this clock stands within a window.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import TypeAlias, get_args
from zoneinfo import ZoneInfo

from contracts.directory import Weekday

Hours: TypeAlias = Mapping[Weekday, Sequence[tuple[str, str]]]
MINUTE = timedelta(minutes=1)
_LONGEST_FOLD = timedelta(hours=2)


class SlowCalendar:
    """Business time between two whole minutes, one minute at a time."""

    def __init__(self, zone: str, hours: Hours, holidays: frozenset[date], begin: datetime, end: datetime) -> None:
        self._windows = [
            [(_minutes(start), _minutes(stop)) for start, stop in hours.get(day, ())] for day in get_args(Weekday)
        ]
        self._holidays = holidays
        self.open_minutes = [minute for minute, clock in _clock(zone, begin, end) if self._is_open(clock)]

    def _is_open(self, clock: datetime) -> bool:
        minute_of_day = clock.hour * 60 + clock.minute
        windows = self._windows[clock.weekday()]
        return clock.date() not in self._holidays and any(start <= minute_of_day < stop for start, stop in windows)

    def add(self, start: datetime, duration: timedelta) -> datetime:
        for minute in self.open_minutes:
            begin, end = max(minute, start), minute + MINUTE
            if begin < end:
                if duration <= end - begin:
                    return begin + duration
                duration -= end - begin
        raise LookupError(duration)

    def between(self, start: datetime, end: datetime) -> timedelta:
        parts = (min(minute + MINUTE, end) - max(minute, start) for minute in self.open_minutes)
        return sum((part for part in parts if part > timedelta(0)), timedelta(0))

    def subtract(self, anchor: datetime, duration: timedelta) -> datetime:
        for minute in reversed(self.open_minutes):
            end = min(minute + MINUTE, anchor)
            if minute < end:
                if duration <= end - minute:
                    return end - duration
                duration -= end - minute
        raise LookupError(duration)


def _minutes(time_of_day: str) -> int:
    hour, minute = time_of_day.split(":")
    return int(hour) * 60 + int(minute)


def _clock(zone: str, begin: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Each minute with what the clock that is never set back shows in it."""
    local = ZoneInfo(zone)
    instant, shown = begin - _LONGEST_FOLD, datetime.min  # noqa: DTZ901 (what a clock shows has no zone)
    while instant < end:
        shown = max(shown, instant.astimezone(local).replace(tzinfo=None))
        if instant >= begin:
            yield instant, shown
        instant += MINUTE


@cache
def clock_changes(zone: str) -> tuple[datetime, ...]:
    """The days of 2015-2035, as UTC midnights, in which the zone's offset changes."""
    local = ZoneInfo(zone)
    days = [datetime(2015, 1, 1, tzinfo=UTC) + timedelta(days=number) for number in range(7670)]
    offsets = [day.astimezone(local).utcoffset() for day in days]
    return tuple(day for day, now, then in zip(days, offsets, offsets[1:], strict=False) if now != then)
