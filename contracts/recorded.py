"""Events as the log holds them: their bytes, their place in the hash chain, and what caused them (SPEC section 3)."""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, convert

from contracts.cloudevents import event_type
from contracts.dead_letters import NotJson
from contracts.events import EVENTS, Event
from contracts.identity import event_id, value_hash
from contracts.instants import format_instant, parse_instant
from contracts.json_values import read_json, write_json

ENGINE_SOURCE: Literal["/itilnext/engine"] = "/itilnext/engine"
_NAME_OF_MODEL = {model: name for name, model in EVENTS.items()}
_TYPE_OF_MODEL = {model: event_type(name) for model, name in _NAME_OF_MODEL.items()}
_MODEL_OF_TYPE = {kind: model for model, kind in _TYPE_OF_MODEL.items()}


class Cause(Struct, frozen=True, gc=False):
    """The accepted command that events follow from, and `at`, its effective time."""

    ticket_id: str
    source: str
    id: str
    correlation_id: str | None
    at: datetime


class Head(Struct, frozen=True, gc=False):
    """Where a ticket's chain ends: the version of its last event and the hash of that event's value."""

    version: int
    hash: str


NO_EVENT_YET = Head(0, "")


class RecordedEvent(Struct, frozen=True, gc=False):
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

    @property
    def head(self) -> Head:
        """Where the ticket's chain ends with this event."""
        return Head(self.version, self.head_hash)


class UnreadableEvent(Exception):
    """A record of the events topic that is no event of this engine: the log is damaged or of a newer version."""


def caused_event(identity: str, kind: str, cause: Cause) -> dict[str, object]:
    """Return the attributes that all outputs of a command share; `data` and what else there is are for the caller."""
    event: dict[str, object] = {
        "specversion": "1.0",
        "id": identity,
        "source": ENGINE_SOURCE,
        "type": kind,
        "subject": cause.ticket_id,
        "time": format_instant(cause.at),
        "datacontenttype": "application/json",
        "partitionkey": cause.ticket_id,
        "causationid": cause.id,
        "causationsource": cause.source,
    }
    if cause.correlation_id is not None:
        event["correlationid"] = cause.correlation_id
    return event


def record_event(data: Event, index: int, cause: Cause, after: Head) -> RecordedEvent:
    """Give an event its id and bytes: it is number `index` of its cause, from 0, and follows on `after`."""
    identity = event_id(cause.ticket_id, cause.source, cause.id, index)
    version = after.version + 1
    event = caused_event(identity, _TYPE_OF_MODEL[type(data)], cause)
    event["ticketversion"] = version
    event["prevhash"] = after.hash
    event["data"] = data.wire()
    value = write_json(event)
    # By position, as in `RecordedEvent`: by name takes five times as long, and it is done for every command.
    return RecordedEvent(
        identity,
        cause.ticket_id,
        cause.at,
        version,
        after.hash,
        cause.source,
        cause.id,
        cause.correlation_id,
        data,
        value,
        value_hash(value),
    )


class _Written(Struct, gc=False):
    """The attributes of an event, as `record_event` writes them."""

    specversion: Literal["1.0"]
    id: str
    source: Literal["/itilnext/engine"]
    type: str
    subject: str
    time: str
    causationid: str
    causationsource: str
    ticketversion: Annotated[int, Meta(ge=1)]
    prevhash: str
    data: Any
    correlationid: str | None = None


def read_recorded_event(value: bytes | None) -> RecordedEvent:
    """Read an event from the events topic; whether it fits into its ticket's chain is for the reader to check.

    Raises:
        UnreadableEvent: the value is no event of this engine.
    """
    try:
        written = convert(read_json(value), _Written)
        time = parse_instant(written.time)
        # Unlike a command's data, an event's holds its absent fields too, as nulls: none may be missing.
        data = _MODEL_OF_TYPE[written.type].validated(written.data)
    except (NotJson, ValueError) as error:
        raise UnreadableEvent(str(error)) from error
    except KeyError as error:
        raise UnreadableEvent(f"no event of type {error}") from error
    # By position, as above.
    return RecordedEvent(
        written.id,
        written.subject,
        time,
        written.ticketversion,
        written.prevhash,
        written.causationsource,
        written.causationid,
        written.correlationid,
        data,
        value or b"",
        value_hash(value or b""),
    )
