"""Instants on the wire: RFC 3339 with an offset in, UTC with `Z` and microseconds out (SPEC section 3).

Inside the engine an instant is an aware `datetime` in UTC, nothing else.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated

import orjson
from pydantic import BeforeValidator, WithJsonSchema

_RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|(60))(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII | re.IGNORECASE,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST = datetime.min.replace(tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC)


def parse_instant(text: str) -> datetime:
    """Read an RFC 3339 time with an offset as a UTC instant.

    Digits beyond microseconds are cut off; a leap second, which only the end of a month in UTC can have, is the first
    instant of the next month.

    Raises:
        ValueError: not RFC 3339, without an offset, or outside the years 0001-9999 in UTC.
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError(f"not an RFC 3339 time with an offset: {text[:64]!r}")
    try:
        if match.lastindex:
            return _after_leap_second(text, match.start(1))
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"outside the years 0001-9999 in UTC: {text[:64]!r}") from error


def _after_leap_second(text: str, at: int) -> datetime:
    second_before = datetime.fromisoformat(f"{text[:at]}59{text[at + 2 :]}".upper())
    instant = second_before.replace(microsecond=0).astimezone(UTC) + timedelta(seconds=1)
    if (instant.day, instant.hour, instant.minute) != (1, 0, 0):
        raise ValueError(f"a leap second other than at a month's end in UTC: {text[:64]!r}")
    return instant


def format_instant(instant: datetime) -> str:
    """Write a UTC instant as the engine does everywhere: `2026-11-24T09:30:00.000000Z`."""
    # `isoformat` asks the zone for its offset, and takes four times as long. Whole seconds come without a fraction.
    text = orjson.dumps(instant, option=orjson.OPT_UTC_Z)[1:-1].decode()
    return text if instant.microsecond else f"{text[:-1]}.000000Z"


@lru_cache(maxsize=256)  # neighbours in a log were often written within the same millisecond
def instant_of_timestamp(milliseconds: int) -> datetime:
    """Turn a Kafka record timestamp (milliseconds since the epoch) into an instant, within the years 0001-9999."""
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return LATEST if milliseconds > 0 else EARLIEST


def in_utc(instant: datetime) -> datetime:
    """Return the same instant in UTC.

    Raises:
        ValueError: it does not tell its offset.
    """
    if instant.tzinfo is None:
        raise ValueError(f"{instant.isoformat()} must tell its offset from UTC")
    return instant.astimezone(UTC)


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
