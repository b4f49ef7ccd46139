"""Instants on the wire: RFC 3339 with an offset in, UTC with `Z` and microseconds out (SPEC section 3).

Inside the engine an instant is an aware `datetime` in UTC, nothing else.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

_RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt]((?:[01]\d|2[0-3]):[0-5]\d):([0-5]\d|60)(?:\.(\d+))?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)
_MICROSECOND_DIGITS = 6
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST = datetime.min.replace(tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC)


def parse_instant(text: str) -> datetime:
    """Read an RFC 3339 time with an offset as a UTC instant.

    Digits beyond microseconds are cut off; a leap second (`:60`) is the first instant of the next minute.

    Raises:
        ValueError: not RFC 3339, without an offset, or outside the years 0001-9999 in UTC.
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError(f"not an RFC 3339 time with an offset: {text[:64]!r}")
    date, minute, second, fraction, offset = match.groups()
    leap = second == "60"
    digits = (fraction or "")[:_MICROSECOND_DIGITS].ljust(_MICROSECOND_DIGITS, "0")
    local = datetime.fromisoformat(f"{date}T{minute}:{'59' if leap else second}.{digits}{offset.upper()}")
    try:
        instant = local.astimezone(UTC)
        return instant.replace(microsecond=0) + timedelta(seconds=1) if leap else instant
    except OverflowError as error:
        raise ValueError(f"outside the years 0001-9999 in UTC: {text[:64]!r}") from error


@lru_cache(maxsize=8_192)  # a snapshot repeats the instants of the one before, and most batches share a few
def format_instant(instant: datetime) -> str:
    """Write a UTC instant as the engine does everywhere: `2026-11-24T09:30:00.000000Z`."""
    return instant.isoformat(timespec="microseconds")[:26] + "Z"


def instant_of_timestamp(milliseconds: int) -> datetime:
    """Turn a Kafka record timestamp (milliseconds since the epoch) into an instant, within the years 0001-9999."""
    return shift(_EPOCH, timedelta(milliseconds=milliseconds))


def shift(instant: datetime, by: timedelta) -> datetime:
    """Add elapsed time, stopping at the ends of the calendar instead of failing there."""
    try:
        return instant + by
    except OverflowError:
        return LATEST if by > timedelta(0) else EARLIEST


def _instant(value: object) -> datetime:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    if isinstance(value, str):
        return parse_instant(value)
    raise ValueError("must be an RFC 3339 time with an offset")


Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
