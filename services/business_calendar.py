"""Business time: how much of it lies between two instants, and which instant it leads to (SPEC section 6).

Pure. Holidays by country come in as a function of the year, for their source lies outside the core.

Theory of operation. Time is cut into blocks of 400 days. A block holds the windows of its days as UTC intervals: their
starts, and the business time worked before each (prefix sums). "How much of the block is worked before t" is then one
bisection over the starts, and "when is w worked" one over the sums, its exact inverse: `timedelta` counts in whole
microseconds. Weekdays, zones and holidays are looked at only where a block is built, which is when it is first asked
for. Between blocks only their totals count, so a ticket from the year 1 costs some time once, and no memory.

On the axis of business time a window's end and the next one's start are the same point. Going forward the rules
take the earlier of the two instants, going backward the later one, and no time at all leads back to where one started.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from typing import Protocol, TypeAlias

from contracts.instants import EARLIEST, LATEST, shift
from services.opening_hours import Hours, InvalidCalendar, instant_of, load_zone, parse_hours

HolidaysOfYear: TypeAlias = Callable[[int], frozenset[date]]
"""The holidays of a year, as local dates; always the same answer for the same year."""

MAX_HOLIDAYS = 366  # listed ones: no year has more days, and holidays for decades are a country's
_NONE = timedelta(0)
_DAYS = 400  # of a block: a year and a bit, so that most questions stay within one; built in about a millisecond
_LAST_BLOCK = LATEST.toordinal() // _DAYS
_MAX_BLOCKS = 64  # kept, of about 30 KiB each: 70 years are more than open tickets span


class BusinessTime(Protocol):
    """The time that counts for a ticket. Instants are aware; results are in UTC, within the years 0001-9999."""

    def add(self, start: datetime, duration: timedelta) -> datetime:
        """Return the earliest instant from `start` on with `duration` of business time between them.

        So it ends at a window's end rather than at the next one's start. Stops at the end of the year 9999.

        Raises:
            ValueError: the duration is negative, or the instant has no offset.
        """

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Return the business time in [start, end), none where the end is not after the start.

        Raises:
            ValueError: an instant has no offset.
        """

    def subtract(self, anchor: datetime, duration: timedelta) -> datetime:
        """Return the latest instant up to `anchor` with `duration` of business time between them.

        So it ends at a window's start rather than at the end of the one before. Stops at the start of the year 0001.

        Raises:
            ValueError: the duration is negative, or the instant has no offset.
        """


class AroundTheClock:
    """24x7: all time is business time."""

    __slots__ = ()

    def add(self, start: datetime, duration: timedelta) -> datetime:
        """See `BusinessTime.add`."""
        start = _utc(start)
        if duration <= _NONE:
            return _unmoved(start, duration)
        return start + duration if duration < LATEST - start else LATEST

    def between(self, start: datetime, end: datetime) -> timedelta:
        """See `BusinessTime.between`."""
        return max(_utc(end) - _utc(start), _NONE)

    def subtract(self, anchor: datetime, duration: timedelta) -> datetime:
        """See `BusinessTime.subtract`."""
        anchor = _utc(anchor)
        if duration <= _NONE:
            return _unmoved(anchor, duration)
        return anchor - duration if duration < anchor - EARLIEST else EARLIEST


def no_holidays(_year: int) -> frozenset[date]:
    """Return none: the holidays of a calendar that names no country."""
    return frozenset()


class _Block:
    """The windows within 400 days, none of them empty. Instants are in UTC."""

    __slots__ = ("_starts", "_worked", "total")

    def __init__(self, windows: list[tuple[datetime, datetime]]) -> None:
        self._starts = [start for start, _ in windows]
        self._worked = list(accumulate((end - start for start, end in windows), initial=_NONE))
        self.total = self._worked[-1]

    def before(self, instant: datetime) -> timedelta:
        """Return the business time from the block's start to the instant."""
        index = bisect_right(self._starts, instant)
        if not index:
            return _NONE
        worked = self._worked[index - 1] + (instant - self._starts[index - 1])
        whole = self._worked[index]
        if worked > whole:  # the window is over
            return whole
        return worked

    def earliest(self, worked: timedelta) -> datetime:
        """Return the earliest instant with that much business time before it: 0 < worked <= total."""
        index = bisect_left(self._worked, worked) - 1
        return self._starts[index] + (worked - self._worked[index])

    def latest(self, worked: timedelta) -> datetime:
        """Return the latest instant with that much business time before it: 0 <= worked < total."""
        index = bisect_right(self._worked, worked) - 1
        return self._starts[index] + (worked - self._worked[index])


class WeeklyCalendar:
    """Local opening hours that repeat every week, but for holidays.

    Args:
        timezone: IANA name of the zone the hours are local to.
        hours: windows [start, end) by weekday, e.g. `{"mon": [("08:00", "12:00"), ("13:00", "24:00")]}`.
        holidays: local dates without business time.
        holidays_of_year: more such dates, e.g. those of a country.

    Raises:
        InvalidCalendar: an unknown zone, no hours at all, hours that are malformed, reversed or overlap, or more than
            366 listed holidays.
    """

    __slots__ = ("_blocks", "_holidays", "_holidays_of_year", "_totals", "_week", "_zone")

    def __init__(
        self,
        timezone: str,
        hours: Hours,
        holidays: frozenset[date] = frozenset(),
        holidays_of_year: HolidaysOfYear = no_holidays,
    ) -> None:
        if len(holidays) > MAX_HOLIDAYS:
            raise InvalidCalendar(f"holidays: {len(holidays)} dates are listed, at most {MAX_HOLIDAYS} may be")
        self._zone = load_zone(timezone)
        self._week = parse_hours(hours)
        self._holidays = holidays
        self._holidays_of_year = holidays_of_year
        self._blocks: dict[int, _Block] = {}
        self._totals: dict[int, timedelta] = {}

    def add(self, start: datetime, duration: timedelta) -> datetime:
        """See `BusinessTime.add`."""
        start = _utc(start)
        if duration <= _NONE:
            return _unmoved(start, duration)
        if duration > LATEST - start:
            return LATEST
        number = start.toordinal() // _DAYS
        worked = self._block(number).before(start) + duration  # since the start of block `number`
        while worked > (total := self._total(number)):
            worked -= total
            number += 1
            if number > _LAST_BLOCK:
                return LATEST
        return self._block(number).earliest(worked)

    def between(self, start: datetime, end: datetime) -> timedelta:
        """See `BusinessTime.between`."""
        start, end = _utc(start), _utc(end)
        if end <= start:
            return _NONE
        first, last = start.toordinal() // _DAYS, end.toordinal() // _DAYS
        worked = self._block(last).before(end) - self._block(first).before(start)
        for number in range(first, last):
            worked += self._total(number)
        return worked

    def subtract(self, anchor: datetime, duration: timedelta) -> datetime:
        """See `BusinessTime.subtract`."""
        anchor = _utc(anchor)
        if duration <= _NONE:
            return _unmoved(anchor, duration)
        number = anchor.toordinal() // _DAYS
        worked = self._block(number).before(anchor) - duration  # since the start of block `number`
        while worked < _NONE:
            number -= 1
            if number < 0:
                return EARLIEST
            worked += self._total(number)
        return self._block(number).latest(worked)

    def _block(self, number: int) -> _Block:
        block = self._blocks.get(number)
        if block is None:
            block = self._built(number)
            if len(self._blocks) >= _MAX_BLOCKS:
                del self._blocks[next(iter(self._blocks))]
            self._blocks[number] = block
        return block

    def _total(self, number: int) -> timedelta:
        total = self._totals.get(number)
        if total is None:
            total = self._totals[number] = self._built(number).total
        return total

    def _built(self, number: int) -> _Block:
        begin = _midnight(number * _DAYS)
        end = _midnight((number + 1) * _DAYS)
        windows = ((max(start, begin), min(stop, end)) for start, stop in self._windows_around(number))
        return _Block([(start, stop) for start, stop in windows if start < stop])

    def _windows_around(self, number: int) -> Iterator[tuple[datetime, datetime]]:
        """All windows of a block and some next to it, for a local day begins and ends within a day of UTC's."""
        days = range(max(number * _DAYS - 1, 1), min((number + 1) * _DAYS + 1, date.max.toordinal() + 1))
        years = range(date.fromordinal(days[0]).year, date.fromordinal(days[-1]).year + 1)
        holidays = self._holidays.union(*map(self._holidays_of_year, years))
        for day in map(_midnight, days):
            windows = self._week[day.weekday()]
            if windows and day.date() not in holidays:
                for start, end in windows:
                    yield instant_of(self._zone, day, start), instant_of(self._zone, day, end)


def _midnight(ordinal: int) -> datetime:
    """Return the start of a day, counted as `date.toordinal` does, or the nearest instant there is."""
    return shift(EARLIEST, timedelta(days=ordinal - 1))


def _utc(instant: datetime) -> datetime:
    if instant.tzinfo is UTC:
        return instant
    if instant.tzinfo is None:
        raise ValueError(f"an instant needs an offset from UTC: {instant}")
    return instant.astimezone(UTC)


def _unmoved(instant: datetime, duration: timedelta) -> datetime:
    if duration < _NONE:
        raise ValueError(f"a span of business time is not negative: {duration}")
    return instant
