"""Weeks as ISO 8601 numbers them, in UTC: `2026-W48`, from Monday to Sunday."""

import re
from datetime import date, datetime

_WEEK = re.compile(r"([0-9]{4})-W([0-9]{2})", re.ASCII)


def week_of(instant: datetime) -> str:
    """Return the week an instant lies in; around New Year it may be of another year than the date."""
    year, week, _ = instant.isocalendar()
    return f"{year:04}-W{week:02}"


def parse_week(text: str) -> str:
    """Return a week as it is written here.

    Raises:
        ValueError: it is not written so, or the year has no such week.
    """
    match = _WEEK.fullmatch(text)
    if match is None:
        raise ValueError(f"not a week: {text[:64]!r}")
    try:
        date.fromisocalendar(int(match[1]), int(match[2]), 1)
    except ValueError as error:
        raise ValueError(f"{match[1]} has no week {match[2]}") from error
    return text
