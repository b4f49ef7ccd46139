"""Commands on their way in, as a sender would build them; the tests change what they are about."""

from enum import Enum, auto
from typing import Any

import orjson

from contracts.cloudevents import STRUCTURED_HEADERS
from contracts.dead_letters import Headers
from contracts.instants import parse_instant
from contracts.received import Position, RawRecord

TICKET = "T-1"
SOURCE = "/connectors/tests"
POSITION = Position(partition=3, offset=1234)
RECORDED_AT_MS = 1_795_512_600_123
RECORDED_AT = parse_instant("2026-11-24T09:30:00.123Z")


class Attribute(Enum):
    """Stands for an attribute that is left out; of a kind that reads the same in every process's test ids."""

    ABSENT = auto()


ABSENT = Attribute.ABSENT


def attributes(**changed: object) -> dict[str, Any]:
    """The attributes and data of a good `ticket.open`, changed or left out."""
    good = {
        "specversion": "1.0",
        "id": "c1",
        "source": SOURCE,
        "type": "org.itilnext.ticket.open.v1",
        "subject": TICKET,
        "data": {"subject": "Printer on fire"},
    }
    return {name: value for name, value in {**good, **changed}.items() if value is not ABSENT}


def structured(**changed: object) -> bytes:
    """A structured CloudEvent of these attributes."""
    return orjson.dumps(attributes(**changed))


def binary(data: bytes = b'{"subject":"Printer on fire"}', /, **changed: object) -> tuple[bytes, Headers]:
    """Value and headers of a binary CloudEvent; `content_type` is the header of that name."""
    content_type = changed.pop("content_type", "application/json")
    named = attributes(data=ABSENT, **changed)
    headers = tuple((f"ce_{name}", str(value).encode()) for name, value in named.items())
    if content_type is not ABSENT:
        headers = (("content-type", str(content_type).encode()), *headers)
    return data, headers


def record(
    value: bytes | None,
    headers: Headers = STRUCTURED_HEADERS,
    key: bytes | None = TICKET.encode(),
    timestamp: int = RECORDED_AT_MS,
) -> RawRecord:
    """The record that holds it."""
    return RawRecord(POSITION, timestamp, key, value, headers)
