"""The commands that everything is measured with, the same for the same arguments. Nothing is sent here.

Per ticket: one `ticket.open`, one `ticket.accept`, six `note.add`, four `message.record`, one `envelope.create` and its
`envelope.cancel`, one `ticket.resolve`. All are accepted, with one event each. It is `cancel`, as an envelope that is
only created or accepted would be open at the resolve, and one that nobody accepted can't be completed.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from contracts.cloudevents import event_type
from contracts.directory import directory_value
from contracts.instants import format_instant
from contracts.json_values import write_json

SOURCE = "/connectors/bench"
COMMANDS_PER_TICKET = 15
IN_PROGRESS = 1_000
"""Tickets worked on at the same time: neighbours in the log belong to different ones, as a desk's commands do."""
_BEFORE_NOW = timedelta(hours=1)
_STEP = timedelta(milliseconds=1)
_AGENTS = 40
_TEAMS = 4
_NOTE = (
    "Cleared the spooler, restarted the print service and printed a test page from two workstations; "
    "the queue drains again, watching it until noon."
)
_MESSAGE = "Thank you for waiting. We have restarted the print service; please try again and tell us whether it works."

_ORDER = (
    "open",
    "accept",
    "note",
    "message",
    "note",
    "message",
    "create",
    "note",
    "note",
    "cancel",
    "message",
    "note",
    "message",
    "note",
    "resolve",
)


class Sendable(NamedTuple):
    """A command as it is sent."""

    ticket_id: str
    value: bytes


def directory_entries() -> Iterator[dict[str, object]]:
    """Yield the agents and teams the commands name; an agent may own any number of tickets."""
    for number in range(_TEAMS):
        yield directory_value("team", f"team-{number}", SOURCE, {"name": f"Team {number}"})
    for number in range(_AGENTS):
        fields = {"name": f"Agent {number}", "team_ids": [f"team-{number % _TEAMS}"], "max_tickets": 1_000_000}
        yield directory_value("agent", f"agent-{number}", SOURCE, fields)


def mix(commands: int, now: datetime, seed: int = 1) -> Iterator[Sendable]:
    """Yield so many commands of the mix; the last tickets are not resolved unless it is a whole number of them."""
    order = random.Random(seed)  # noqa: S311 it has to be repeatable, not secret
    at = now - _BEFORE_NOW
    started = 0
    working: list[tuple[int, int]] = []
    for _ in range(commands):
        wanted = min(IN_PROGRESS, -(-commands // COMMANDS_PER_TICKET) - started + len(working))
        if len(working) < wanted:
            working.append((started, 0))
            started += 1
        index = order.randrange(len(working))
        ticket, step = working[index]
        at += _STEP
        yield _command(ticket, step, at)
        if step + 1 < len(_ORDER):
            working[index] = (ticket, step + 1)
        else:
            working[index] = working[-1]
            working.pop()


def openings(tickets: int, now: datetime) -> Iterator[Sendable]:
    """Yield one `ticket.open` for each of so many tickets."""
    at = now - _BEFORE_NOW
    for ticket in range(tickets):
        yield _command(ticket, 0, at)


def scattered_notes(commands: int, tickets: int, now: datetime, seed: int = 2) -> Iterator[Sendable]:
    """Yield so many notes, each on any of the first `tickets` tickets."""
    order = random.Random(seed)  # noqa: S311 as above
    at = now - _BEFORE_NOW
    for number in range(commands):
        ticket = order.randrange(tickets)
        data = {"agent_id": _agent(ticket), "content": _NOTE}
        yield _event(f"B-{ticket:07d}", f"scattered:{number}", "note.add", at, data)


def _command(ticket: int, step: int, at: datetime) -> Sendable:
    ticket_id = f"B-{ticket:07d}"
    name, data = _named(_ORDER[step], ticket)
    return _event(ticket_id, f"{ticket_id}:{step}", name, at, data)


def _named(step: str, ticket: int) -> tuple[str, dict[str, object]]:
    agent_id, envelope_id = _agent(ticket), f"B-{ticket:07d}-E1"
    match step:
        case "open":
            data: dict[str, object] = {
                "type": "incident",
                "subject": "Printer in room 4.12 does not print",
                "description": "It worked yesterday. The display says that it is ready, but jobs stay in the queue.",
                "priority": ("critical", "high", "medium", "low")[ticket % 4],
                "requester_id": f"contact-{ticket % 500}",
                "team_id": f"team-{ticket % _TEAMS}",
                "channel": "email",
            }
            return "ticket.open", data
        case "note":
            return "note.add", {"agent_id": agent_id, "content": _NOTE}
        case "message":
            who = {"direction": "outbound", "channel": "email", "agent_id": agent_id, "from": "desk@example.org"}
            return "message.record", {**who, "to": ["customer@example.org"], "content": _MESSAGE}
        case "create":
            target = {"team_id": f"team-{(ticket + 1) % _TEAMS}", "envelope_id": envelope_id}
            return "envelope.create", {"agent_id": agent_id, "reason": "Is the print server patched?", **target}
        case "cancel":
            data = {"envelope_id": envelope_id, "agent_id": agent_id, "reason": "It was the spooler."}
            return "envelope.cancel", data
        case "resolve":
            return "ticket.resolve", {"agent_id": agent_id, "summary": "Restarted the print service."}
        case _:
            return "ticket.accept", {"agent_id": agent_id}


def _agent(ticket: int) -> str:
    return f"agent-{ticket % _AGENTS}"


def _event(ticket_id: str, command_id: str, name: str, at: datetime, data: object) -> Sendable:
    event = {
        "specversion": "1.0",
        "id": command_id,
        "source": SOURCE,
        "type": event_type(name),
        "subject": ticket_id,
        "time": format_instant(at),
        "datacontenttype": "application/json",
        "data": data,
    }
    return Sendable(ticket_id, write_json(event))


def present() -> datetime:
    """Return the time that a workload is dated by: its commands must not seem to come from the future."""
    return datetime.now(UTC)
