"""An example of each message type: the story's commands as sent, and what the engine writes when it decides them.

The same reader, rules and writers as a worker's; only Kafka and Redis are left out.
"""

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Any

import orjson

from consumers.country_holidays import holidays_of
from contracts.cloudevents import event_type
from contracts.directory import directory_value, read_directory_change
from contracts.instants import format_instant, parse_instant
from contracts.json_values import write_json
from contracts.received import Position, RawRecord, read_command
from contracts.rejections import write_rejection
from contracts.ticket import Ticket
from contracts.ticks import write_tick
from ops.schemas.story import BEGIN, DIRECTORY, STORY, TICKET, Sent
from services.decision import Capacity
from services.desk import CountedCapacity
from services.directory_state import DirectoryState
from services.handling import Accepted, Rejected, World, handle

_PARTITION = 3
_FREE: Capacity = CountedCapacity(owned=0)


@cache
def examples() -> Mapping[str, bytes]:
    """Return the value of one record of each message type, by the type's name."""
    found: dict[str, bytes] = {"tick": write_tick(parse_instant(BEGIN), _PARTITION)}
    directory = DirectoryState(holidays_of)
    for kind, entity_id, fields in DIRECTORY:
        value = write_json(directory_value(kind, entity_id, "/sync/example", fields))
        directory.apply(read_directory_change(f"{kind}:{entity_id}".encode(), value, ()))
        found.setdefault(f"directory.{kind}", value)
    world, ticket = World(directory, _FREE), None
    for offset, sent in enumerate(STORY):
        value = _as_sent(offset, sent)
        found.setdefault(sent.name, value)
        ticket = _decide(offset, value, ticket, world, found)
    return {**found, "ticket.state": write_json(ticket)}


def _as_sent(offset: int, sent: Sent) -> bytes:
    command: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(offset + 1),
        "source": sent.source,
        "type": event_type(sent.name),
        "subject": TICKET,
        "time": format_instant(parse_instant(BEGIN) + timedelta(minutes=sent.minute)),
        "datacontenttype": "application/json",
        "data": dict(sent.fields),
    }
    return orjson.dumps(command)


def _decide(offset: int, value: bytes, ticket: Ticket | None, world: World, found: dict[str, bytes]) -> Ticket | None:
    command = read_command(RawRecord(Position(_PARTITION, offset), -1, TICKET.encode(), value, ()))
    match handle(command, ticket, world):
        case Accepted(after, events):
            for event in events:
                found.setdefault(event.name, event.value)
            return after
        case Rejected(refusal, at):
            found.setdefault("command.rejected", write_rejection(command, refusal, at))
            return ticket
        case _:
            raise AssertionError("each command of the story has an id of its own")
