"""From a raw record of the commands topic to a command, or to the reason why it is none (SPEC section 3)."""

import re
from datetime import datetime

from msgspec import Struct

from contracts.cloudevents import CloudEvent, event_type, read_cloud_event
from contracts.commands import COMMANDS, Command
from contracts.dead_letters import BadKey, Headers, NotCloudEvent, UnknownType
from contracts.identity import command_key
from contracts.instants import instant_of_timestamp

TICKET_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}", re.ASCII)
_COMMAND_OF_TYPE = {event_type(name): (name, model) for name, model in COMMANDS.items()}


class Position(Struct, frozen=True, gc=False):
    """Where a record lies in the commands topic."""

    partition: int
    offset: int


class RawRecord(Struct, frozen=True, gc=False):
    """A record as the broker holds it; `timestamp` in milliseconds since the epoch, negative where it has none."""

    position: Position
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers


class ReceivedCommand(Struct, frozen=True, gc=False):
    """A readable command with all that a decision may know of its delivery.

    `time` is the command's own or else the record's; `recorded_at` is the record's timestamp.
    """

    ticket_id: str
    source: str
    id: str
    name: str
    time: datetime
    recorded_at: datetime
    correlation_id: str | None
    data: Command
    as_received: object
    position: Position
    traceparent: str | None = None

    @property
    def key(self) -> str:
        """What the ticket remembers this command by."""
        return command_key(self.source, self.id)


def read_command(record: RawRecord) -> ReceivedCommand:
    """Read a record of the commands topic.

    Raises:
        Unreadable: the subclass tells the DLQ code; the first that applies, in the order of SPEC section 3.
    """
    event = read_cloud_event(record.value, record.headers)
    recorded_at, time = _times(event, record.timestamp)
    ticket_id = _ticket_id(event, record.key)
    named = _COMMAND_OF_TYPE.get(event.type)
    if named is None:
        raise UnknownType(f"no command of type {event.type[:128]!r}")
    name, model = named
    data = model.read(event.data)
    # By position, as in `ReceivedCommand`: by name takes five times as long, and it is done for every record.
    return ReceivedCommand(
        ticket_id,
        event.source,
        event.id,
        name,
        time,
        recorded_at,
        event.correlationid,
        data,
        event.as_received,
        record.position,
        event.traceparent,
    )


def ticket_id_of(subject: object) -> str:
    """Return a command's subject, which names its ticket (SPEC section 3).

    Raises:
        BadKey: it can't be a ticket's id.
    """
    if not isinstance(subject, str) or TICKET_ID.fullmatch(subject) is None:
        raise BadKey("subject must be a ticket id: 1-128 of A-Z a-z 0-9 . _ : -")
    return subject


def _times(event: CloudEvent, timestamp: int) -> tuple[datetime, datetime]:
    """Return the record's time and the command's; each stands in for the other where that one is missing."""
    if timestamp >= 0:
        recorded_at = instant_of_timestamp(timestamp)
        return recorded_at, event.time or recorded_at
    if event.time is None:
        raise NotCloudEvent("time is missing, and the record has no timestamp")
    return event.time, event.time


def _ticket_id(event: CloudEvent, key: bytes | None) -> str:
    subject = ticket_id_of(event.subject)
    if key is not None and key != subject.encode():
        raise BadKey("the record's key is not its subject")
    if event.partitionkey is not None and event.partitionkey != subject:
        raise BadKey("partitionkey is not the subject")
    return subject
