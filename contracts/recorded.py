"""Events as the log holds them: their bytes, their place in the ticket's hash chain, and what caused them (SPEC section 3)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.cloudevents import event_type
from contracts.events import EVENTS, Event
from contracts.identity import event_id, value_hash
from contracts.instants import parse_instant
from contracts.json_values import read_json, write_json

ENGINE_SOURCE = "/itilnext/engine"
_NAME_OF_MODEL = {model: name for name, model in EVENTS.items()}
_TYPE_OF_MODEL = {model: event_type(name) for model, name in _NAME_OF_MODEL.items()}
_MODEL_OF_TYPE = {kind: model for model, kind in _TYPE_OF_MODEL.items()}


@dataclass(frozen=True, slots=True)
class Cause:
    """The command an event follows from, by its identity; `index` counts the command's events from 0."""

    source: str
    id: str
    index: int = 0


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """One event of a ticket as recorded: `head_hash` is the hash of its value, the next event's `prevhash`."""

    id: str
    ticket_id: str
    time: datetime
    version: int
    prev_hash: str
    cause_source: str
    cause_id: str
    correlation_id: str | None
    data: Event
    value: bytes
    head_hash: str

    @property
    def name(self) -> str:
        """The event's name, e.g. `ticket.opened`."""
        return _NAME_OF_MODEL[type(self.data)]


class UnreadableEvent(Exception):
    """A record of the events topic that is no event of this engine: the log is damaged or of a newer version."""


def record_event(
    ticket_id: str,
    data: Event,
    at: datetime,
    after: tuple[int, str],
    cause: Cause,
    correlation_id: str | None,
) -> RecordedEvent:
    """Give an event its id and bytes; `after` is the version and head hash of the ticket's previous event, (0, "") for none."""
    previous_version, prev_hash = after
    version = previous_version + 1
    identity = event_id(ticket_id, cause.source, cause.id, cause.index)
    event: dict[str, object] = {
        "specversion": "1.0",
        "id": identity,
        "source": ENGINE_SOURCE,
        "type": _TYPE_OF_MODEL[type(data)],
        "subject": ticket_id,
        "time": at,
        "datacontenttype": "application/json",
        "partitionkey": ticket_id,
        "causationid": cause.id,
        "causationsource": cause.source,
        "ticketversion": version,
        "prevhash": prev_hash,
    }
    if correlation_id is not None:
        event["correlationid"] = correlation_id
    event["data"] = data.wire()
    value = write_json(event)
    return RecordedEvent(
        id=identity,
        ticket_id=ticket_id,
        time=at,
        version=version,
        prev_hash=prev_hash,
        cause_source=cause.source,
        cause_id=cause.id,
        correlation_id=correlation_id,
        data=data,
        value=value,
        head_hash=value_hash(value),
    )


def read_recorded_event(value: bytes | None) -> RecordedEvent:
    """Read an event from the events topic.

    Raises:
        UnreadableEvent: the value is no event of this engine.
    """
    try:
        event: dict[str, Any] = read_json(value)
        return RecordedEvent(
            id=event["id"],
            ticket_id=event["subject"],
            time=parse_instant(event["time"]),
            version=event["ticketversion"],
            prev_hash=event["prevhash"],
            cause_source=event["causationsource"],
            cause_id=event["causationid"],
            correlation_id=event.get("correlationid"),
            data=_MODEL_OF_TYPE[event["type"]].read(event["data"]),
            value=value or b"",
            head_hash=value_hash(value or b""),
        )
    except Exception as error:
        raise UnreadableEvent(f"{type(error).__name__}: {error}") from error
