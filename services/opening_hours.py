"""Opening hours as a calendar entry states them, checked, and where they lie in UTC (SPEC sections 4 and 6).

The only file that knows time zones, by the standard library's `zoneinfo`; it asks no clock and not for the machine's
own zone. A time of day is the span since midnight. What a local clock shows is a `datetime` that says UTC but means
the clock, so that both kinds stop alike at the ends of the years 0001-9999.
"""

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TypeAlias, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from contracts.directory import Weekday
from contracts.instants import shift

Hours: TypeAlias = Mapping[Weekday, Sequence[tuple[str, str]]]
"""Local windows [start, end) by weekday as "HH:MM"; an end may be "24:00"."""
Windows: TypeAlias = tuple[tuple[timedelta, timedelta], ...]
"""The windows of one day in order, as times of day."""

WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)

_TIME_OF_DAY = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")
# What zoneinfo finds beside IANA's zones: the machine's own zone, and copies of all zones that count leap seconds.
_NO_IANA_ZONE = ("localtime", "posixrules", "posix/", "right/")
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


class InvalidCalendar(ValueError):
    """A calendar entry that states no hours one could reckon with; the message says which part is wrong."""


def parse_hours(hours: Hours) -> tuple[Windows, ...]:
    """Check the windows of a week and return them from Monday to Sunday.

    Raises:
        InvalidCalendar: no window at all, an unknown weekday, no "HH:MM", or windows that are reversed or overlap.
    """
    for weekday in hours:
        if weekday not in WEEKDAYS:
            raise InvalidCalendar(f"hours: {weekday!r:.20} is none of {', '.join(WEEKDAYS)}")
    week = tuple(_parse_day(weekday, hours.get(weekday, ())) for weekday in WEEKDAYS)
    if not any(week):
        raise InvalidCalendar("hours: there is no window on any weekday")
    return week


def _parse_day(weekday: Weekday, texts: Sequence[tuple[str, str]]) -> Windows:
    windows = sorted((_parse_time(weekday, start), _parse_time(weekday, end)) for start, end in texts)
    for start, end in windows:
        if start >= end:
            raise InvalidCalendar(f"hours.{weekday}: a window that starts at {start} can't end at {end}")
    for (_, end), (next_start, _) in pairwise(windows):
        if next_start < end:
            raise InvalidCalendar(f"hours.{weekday}: two windows overlap at {next_start}")
    return tuple(windows)


def _parse_time(weekday: Weekday, text: str) -> timedelta:
    match = _TIME_OF_DAY.fullmatch(text)
    if match is None:
        raise InvalidCalendar(f'hours.{weekday}: {text!r:.20} is no time of day from "00:00" to "24:00"')
    hour, minute = match.groups()
    return _DAY if hour is None else timedelta(hours=int(hour), minutes=int(minute))


def load_zone(name: str) -> ZoneInfo:
    """Return the time zone of an IANA name, e.g. "Europe/Berlin".

    Raises:
        InvalidCalendar: there is no such zone.
    """
    if name.startswith(_NO_IANA_ZONE):
        raise InvalidCalendar(f"timezone: {name!r:.64} is no IANA time zone")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # which one depends on the name's looks as a path
        raise InvalidCalendar(f"timezone: {name!r:.64} is no IANA time zone") from error


def instant_of(zone: ZoneInfo, midnight: datetime, time_of_day: timedelta) -> datetime:
    """Return the first instant at which the zone's clock shows this time of this day or, jumping ahead, passes it.

    So a time in a spring gap is the gap's end, and one in an autumn fold its first occurrence (SPEC section 6).
    """
    shown = shift(midnight, time_of_day)  # at 24:00 of 9999-12-31 the last microsecond there is
    before, after = _offset(zone, shown), _offset(zone, shown.replace(fold=1))
    if before >= after:  # shown once, or twice
        return shift(shown, -before)
    # Never shown: the clock jumps somewhere between `shown` read by the offset after the jump and by the one before.
    earliest = shown - after
    seconds = range((after - before) // _SECOND)
    jump = bisect_left(seconds, shown, key=lambda second: _shown(zone, earliest + second * _SECOND))
    return earliest + jump * _SECOND


def _offset(zone: ZoneInfo, shown: datetime) -> timedelta:
    offset = zone.utcoffset(shown)
    assert offset is not None  # a zone has none only where it is given no time
    return offset


def _shown(zone: ZoneInfo, instant: datetime) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=UTC)
