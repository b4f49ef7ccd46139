"""The targets, thresholds and hours a service desk starts with, and how its policy writes others (SPEC section 6).

Plain values only: what a ticket's clock makes of them is said elsewhere.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache
from typing import TypeAlias

from contracts.model import Condition, Priority
from services.business_calendar import AroundTheClock, BusinessTime, WeeklyCalendar
from services.opening_hours import Hours

Levels: TypeAlias = tuple[timedelta, timedelta, timedelta]
"""Thresholds of the levels 1, 2 and 3: business time after the anchor; before it for `not_completed`."""

AROUND_THE_CLOCK = "24x7"
"""What a policy names instead of a calendar for a priority that knows no closing time."""
MAX_DURATION = timedelta(days=36_525)  # a hundred years: more is a mistake, and up to here no sum can overflow
_LEVELS = 3
_NONE = timedelta(0)
_DURATION = re.compile(r"PT(?=[0-9])(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9})S)?")


def _minutes(first: int, second: int, third: int) -> Levels:
    return timedelta(minutes=first), timedelta(minutes=second), timedelta(minutes=third)


def _hours(first: int, second: int, third: int) -> Levels:
    return timedelta(hours=first), timedelta(hours=second), timedelta(hours=third)


DEFAULT_TARGETS: Mapping[Priority, timedelta] = {
    "critical": timedelta(hours=1),
    "high": timedelta(hours=4),
    "medium": timedelta(hours=8),
    "low": timedelta(hours=24),
}
DEFAULT_THRESHOLDS: Mapping[Priority, Mapping[Condition, Levels]] = {
    "critical": {
        "not_assigned": _minutes(5, 10, 15),
        "not_updated": _minutes(15, 30, 45),
        "not_completed": _minutes(30, 15, 0),
    },
    "high": {
        "not_assigned": _minutes(15, 30, 60),
        "not_updated": _hours(1, 2, 3),
        "not_completed": _minutes(60, 30, 0),
    },
    "medium": {
        "not_assigned": _hours(1, 2, 4),
        "not_updated": _hours(4, 6, 8),
        "not_completed": _minutes(120, 60, 0),
    },
    "low": {
        "not_assigned": _hours(4, 8, 16),
        "not_updated": _hours(8, 16, 24),
        "not_completed": _minutes(240, 120, 0),
    },
}
DEFAULT_HOURS: Hours = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), (("08:00", "18:00"),))
"""Opening hours, in UTC, of the business calendar of a desk that has entered none."""


class InvalidDuration(ValueError):
    """A policy's target or threshold that can't be used; the message says why."""


def parse_duration(text: str) -> timedelta:
    """Read an ISO 8601 duration of hours, minutes and seconds, in whole numbers of up to nine digits: "PT1H30M".

    Raises:
        InvalidDuration: it is written otherwise, or longer than a hundred years.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise InvalidDuration(f'{text!r:.40} is no duration of hours, minutes and seconds such as "PT1H30M"')
    hours, minutes, seconds = (int(digits or 0) for digits in match.groups())
    duration = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if duration > MAX_DURATION:
        raise InvalidDuration(f"{text} is longer than a hundred years")
    return duration


def parse_target(text: str) -> timedelta:
    """Read a policy's target.

    Raises:
        InvalidDuration: as `parse_duration`, or it is zero.
    """
    target = parse_duration(text)
    if not target:
        raise InvalidDuration(f"a target of {text} leaves no time")
    return target


def parse_thresholds(condition: Condition, texts: Sequence[str]) -> Levels:
    """Read a policy's thresholds of one condition, in the order the levels are reached; equal ones are in order too.

    Raises:
        InvalidDuration: as `parse_duration`, not three of them, zero other than for `not_completed`, or out of order.
    """
    if len(texts) != _LEVELS:
        raise InvalidDuration(f"{condition}: {len(texts)} thresholds for three levels")
    first, second, third = map(parse_duration, texts)
    in_order = first >= second >= third if condition == "not_completed" else _NONE < first <= second <= third
    if not in_order:
        raise InvalidDuration(f"{condition}: {', '.join(texts)} are not thresholds of the levels 1, 2 and 3 in order")
    return first, second, third


def default_calendar(priority: Priority) -> BusinessTime:
    """Return what a priority's clock runs on where the policy names no calendar."""
    return AroundTheClock() if priority == "critical" else _business_hours()


@cache
def _business_hours() -> BusinessTime:
    return WeeklyCalendar("UTC", DEFAULT_HOURS)
