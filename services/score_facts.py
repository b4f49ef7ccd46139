"""What an open ticket's score rests on: facts that change with its events, and never with time (SPEC section 8).

The read side keeps them packed, one small value an open ticket, so that a queue is made without reading tickets. In
that form the last activity is told to the hour: nearly every command is an agent's doing and would change the facts
otherwise. Whoever reads them looks up the ticket itself where the minutes count (`services.priority.doubtful_hours`).
"""

from collections.abc import Mapping
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

import orjson

from contracts.instants import format_instant
from contracts.json_values import write_json
from contracts.model import Flag, Priority, TicketStatus, Tier
from contracts.ticket import Ticket


class ScoreFacts(NamedTuple):
    """One open ticket: what is scored, and what a person needs to pick it up.

    `unanswered_since` is when a customer began to wait for a first response, None where nobody does; `idle_since` when
    an agent last did something, else when the ticket was opened.
    """

    id: str
    reference: str
    subject: str
    status: TicketStatus
    priority: Priority
    owner_id: str | None
    customer_tier: Tier
    flags: tuple[Flag, ...]
    has_open_envelope: bool
    due_at: datetime | None
    unanswered_since: datetime | None
    idle_since: datetime


_CHANGEABLE = attrgetter("status", "priority", "owner_id", "due_at", "envelopes", "flags", "first_response_at")
"""All of a ticket, but for `idle_since`, that a command can change the facts by."""

_TO_THE_HOUR = len("2026-11-24T09")


def facts_of(ticket: Ticket) -> ScoreFacts:
    """Return the facts of a ticket."""
    unanswered = ticket.status == "in_progress" and ticket.first_response_at is None
    return ScoreFacts(  # by position: a worker makes one of every other command, and names would double what that takes
        ticket.id,
        ticket.reference,
        ticket.subject,
        ticket.status,
        ticket.priority,
        ticket.owner_id,
        ticket.customer_tier,
        tuple([one.flag for one in ticket.flags]),
        True in [envelope.is_open for envelope in ticket.envelopes],
        ticket.due_at,
        ticket.opened_at if unanswered else None,
        _idle_since(ticket),
    )


def packed_facts(ticket: Ticket) -> bytes | None:
    """Return the facts as the read side keeps them, None for a ticket that is no longer open."""
    if not ticket.is_open:
        return None
    *told, due_at, unanswered_since, idle_since = facts_of(ticket)
    hour = f"{format_instant(idle_since)[:_TO_THE_HOUR]}:00Z"
    return write_json([*told[1:], _text(due_at), _text(unanswered_since), hour])


def may_differ(before: Ticket | None, after: Ticket) -> bool:
    """Tell, cheaply, whether the packed facts of a ticket may have changed; they have not where this says so."""
    if before is None or _CHANGEABLE(before) != _CHANGEABLE(after):
        return True
    was, now = _idle_since(before), _idle_since(after)
    return was.hour != now.hour or was.date() != now.date()


def unpack(packed: Mapping[str, bytes]) -> list[ScoreFacts]:
    """Read packed facts by ticket id; `idle_since` is the hour it lies in."""
    # One document is read in two thirds of the time of so many small ones.
    rows = zip(packed, orjson.loads(b"[%b]" % b",".join(packed.values())), strict=True)
    return [
        ScoreFacts(
            ticket_id,
            reference,
            subject,
            status,
            priority,
            owner_id,
            customer_tier,
            tuple(flags),
            has_open_envelope,
            None if due_at is None else datetime.fromisoformat(due_at),
            None if unanswered_since is None else datetime.fromisoformat(unanswered_since),
            datetime.fromisoformat(idle_since),
        )
        for ticket_id, (
            reference,
            subject,
            status,
            priority,
            owner_id,
            customer_tier,
            flags,
            has_open_envelope,
            due_at,
            unanswered_since,
            idle_since,
        ) in rows
    ]


def hour_of(instant: datetime) -> datetime:
    """Return the start of the hour an instant lies in."""
    return instant.replace(minute=0, second=0, microsecond=0)


def _idle_since(ticket: Ticket) -> datetime:
    return ticket.agent_activity_at or ticket.opened_at


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else format_instant(instant)
