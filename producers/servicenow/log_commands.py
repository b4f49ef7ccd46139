"""The commands of a whole log as CloudEvents, in the order they go out (SPEC section 11)."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from contracts.cloudevents import event_type
from contracts.commands import COMMANDS, OpenTicket
from contracts.instants import format_instant
from producers.servicenow.command_ids import SOURCE, command_id
from producers.servicenow.mapping import commands_of
from producers.servicenow.row import Row
from producers.servicenow.ticket_here import Sent, TicketHere

_NAMES = {model: name for name, model in COMMANDS.items()}


class _Placed(NamedTuple):
    """A command, where in the file its row is, and the time by which it goes out."""

    at: datetime
    row: Row
    command: Sent


def commands(rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    """Yield the commands: by time, each not before its incident's earlier ones, ties by file order."""
    # The sort is stable: what has the same time stays in the order of the file, and of the row.
    for placed in sorted(_placed(rows), key=lambda placed: placed.at):
        yield _cloud_event(placed.row, placed.command)


def _placed(rows: Iterable[Row]) -> Iterator[_Placed]:
    tickets: dict[str, TicketHere] = {}
    latest: dict[str, datetime] = {}
    for row in rows:
        asked, tickets[row.number] = commands_of(row, tickets.get(row.number, TicketHere()))
        for command in asked:
            at = _time(row, command)
            latest[row.number] = max(at, latest.get(row.number, at))
            yield _Placed(latest[row.number], row, command)


def _time(row: Row, command: Sent) -> datetime:
    return row.opened_at if isinstance(command, OpenTicket) else row.updated_at


def _cloud_event(row: Row, command: Sent) -> dict[str, Any]:
    name = _NAMES[type(command)]
    return {
        "specversion": "1.0",
        "id": command_id(row, name),
        "source": SOURCE,
        "type": event_type(name),
        "subject": row.number,
        "time": format_instant(_time(row, command)),
        "datacontenttype": "application/json",
        "data": command.wire(),
    }
