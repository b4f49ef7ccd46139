"""The work queue: open tickets by score, in three bands, with the reasons why (SPEC section 8)."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from contracts.instants import LATEST, Instant
from contracts.model import Priority, TicketStatus
from contracts.ticket import Part, Ticket
from services.priority import priority_score

ATTENTION_SCORE = 80
ATTENTION_BEFORE_DUE = timedelta(hours=24)


class QueuedTicket(Part):
    """An open ticket in a queue: its score and each factor of it, and what a person needs to pick it up."""

    id: str
    score: float
    factors: Mapping[str, float]
    reference: str
    subject: str
    status: TicketStatus
    priority: Priority
    owner_id: str | None
    due_at: Instant | None


class WorkQueue(Part):
    """The bands of a queue; a ticket is in the first that fits, and within it by score, due date and id."""

    needs_attention: tuple[QueuedTicket, ...]
    waiting_on_others: tuple[QueuedTicket, ...]
    on_track: tuple[QueuedTicket, ...]


def work_queue(tickets: Iterable[Ticket], at: datetime) -> WorkQueue:
    """Return the queue of the open ones among these tickets, as of an instant."""
    attention: list[QueuedTicket] = []
    waiting: list[QueuedTicket] = []
    on_track: list[QueuedTicket] = []
    for ticket in tickets:
        if not ticket.is_open:
            continue
        queued = _queued(ticket, at)
        if queued.score >= ATTENTION_SCORE or _due_soon(ticket, at):
            attention.append(queued)
        elif ticket.status in ("waiting_customer", "waiting_internal"):
            waiting.append(queued)
        else:
            on_track.append(queued)
    return WorkQueue(
        needs_attention=tuple(sorted(attention, key=_order)),
        waiting_on_others=tuple(sorted(waiting, key=_order)),
        on_track=tuple(sorted(on_track, key=_order)),
    )


def _queued(ticket: Ticket, at: datetime) -> QueuedTicket:
    scored = priority_score(ticket, at)
    return QueuedTicket(
        id=ticket.id,
        score=scored.score,
        factors=scored.factors,
        reference=ticket.reference,
        subject=ticket.subject,
        status=ticket.status,
        priority=ticket.priority,
        owner_id=ticket.owner_id,
        due_at=ticket.due_at,
    )


def _due_soon(ticket: Ticket, at: datetime) -> bool:
    return ticket.due_at is not None and ticket.due_at - at <= ATTENTION_BEFORE_DUE


def _order(queued: QueuedTicket) -> tuple[float, datetime, str]:
    return -queued.score, queued.due_at or LATEST, queued.id
