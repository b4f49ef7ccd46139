"""What the specification says of the wire, written down a second time: names, ids, hashes and partitions.

Nothing of the engine may be imported here: a mistake made there must not be repeated here.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import orjson
from aiokafka.partitioner import murmur2

EVENT_NAMESPACE = uuid5(NAMESPACE_URL, "https://itilnext.org/event")
STRUCTURED = (("content-type", b"application/cloudevents+json"),)
CO_PARTITIONED = (
    "ticket.commands.v1",
    "ticket.events.v1",
    "ticket.state.v1",
    "ticket.rejections.v1",
    "ticket.commands.v1.dlq",
    "ticks.v1",
)
COMMANDS, EVENTS, STATE, REJECTIONS, DLQ, TICKS = CO_PARTITIONED
DIRECTORY = "directory.v1"
Headers = tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True, slots=True)
class Record:
    """A record of any topic; `timestamp` in milliseconds since the epoch."""

    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers

    @property
    def json(self) -> dict[str, Any]:
        """The value, which has to be a JSON object."""
        parsed = orjson.loads(self.value or b"")
        assert isinstance(parsed, dict), parsed
        return parsed

    def header(self, name: str) -> str | None:
        """Return the last header of this name as text."""
        found = [value for each, value in self.headers if each == name and value is not None]
        return found[-1].decode() if found else None


def partition_for(key: str, partitions: int) -> int:
    """Return where Kafka's default partitioner puts a key."""
    return int(murmur2(key.encode()) & 0x7FFFFFFF) % partitions


def output_id(subject: str, source: str, command_id: str, part: int | str) -> str:
    """Return the id of a command's output."""
    return str(uuid5(EVENT_NAMESPACE, f"{subject}\n{source}\n{command_id}\n{part}"))


def sha256(value: bytes) -> str:
    """Return the lowercase hex digest."""
    return hashlib.sha256(value).hexdigest()


def remembered_as(source: str, command_id: str) -> str:
    """Return the key of a command in a snapshot's `recent_commands`."""
    return sha256(f"{source}\n{command_id}".encode())[:16]


def is_uuid5(text: str) -> bool:
    """Tell whether this is an UUIDv5 as it is written."""
    return str(UUID(text)) == text and UUID(text).version == 5


def command(name: str, subject: str, command_id: str, data: Mapping[str, Any], **attributes: Any) -> dict[str, Any]:  # noqa: ANN401
    """Build a command's CloudEvent."""
    return {
        "specversion": "1.0",
        "id": command_id,
        "source": "/connectors/acceptance",
        "type": f"org.itilnext.{name}.v1",
        "subject": subject,
        "datacontenttype": "application/json",
        "data": dict(data),
    } | attributes


def entry(kind: str, entity_id: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Build a directory entry's CloudEvent."""
    return {
        "specversion": "1.0",
        "id": f"{kind}-{entity_id}",
        "source": "/hr",
        "type": f"org.itilnext.directory.{kind}.v1",
        "subject": f"{kind}:{entity_id}",
        "data": {"id": entity_id, **data},
    }
