"""JSON as the engine reads and writes it: strict on the way in, one byte form on the way out (SPEC section 3)."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import orjson

from contracts.dead_letters import NotJson
from contracts.instants import format_instant
from contracts.model import Model

MAX_DEPTH = 64


def read_json(value: bytes | None) -> Any:  # noqa: ANN401 JSON holds anything
    """Parse strict JSON: UTF-8 without BOM, no NaN, every number within a double, at most 64 levels deep.

    Of duplicate keys the last one counts.

    Raises:
        NotJson: for all else, a null value included.
    """
    if value is None:
        raise NotJson("the value is null")
    try:
        parsed = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise NotJson(str(error)) from error
    # Counting brackets is far cheaper than walking: only a value that could be too deep is walked.
    if value.count(b"{") + value.count(b"[") > MAX_DEPTH and _deeper_than(parsed, MAX_DEPTH):
        raise NotJson(f"nested deeper than {MAX_DEPTH} levels")
    return parsed


def write_json(value: object) -> bytes:
    """Serialise models, instants and plain values to compact UTF-8 JSON; the same value always gives the same bytes."""
    written = orjson.dumps(value, default=_plain, option=orjson.OPT_PASSTHROUGH_DATETIME)
    # What orjson gives keeps the buffer it was written in, 4 to 16 kB whatever it holds; a copy is as large as it is.
    return memoryview(written).tobytes()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return format_instant(value)
    if isinstance(value, Model):
        return value.wire()
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"no JSON form for {type(value).__name__}")


def _deeper_than(value: object, limit: int) -> bool:
    """Walk the objects and arrays level by level; recursion would let the value choose how deep this goes."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(limit):
        level = [child for parent in level for child in _children(parent) if isinstance(child, dict | list)]
        if not level:
            return False
    return bool(level)


def _children(container: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return container.values() if isinstance(container, dict) else container
