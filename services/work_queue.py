"""The work queue: open tickets by score, in three bands, with the reasons why (SPEC section 8)."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from contracts.instants import LATEST, Instant, shift
from contracts.model import Flag, Priority, TicketStatus
from contracts.ticket import Part
from contracts.trusted import trusted
from services.priority import Scoring
from services.score_facts import ScoreFacts

ATTENTION_SCORE = 80
ATTENTION_BEFORE_DUE = timedelta(hours=24)
_WAITING: frozenset[TicketStatus] = frozenset({"waiting_customer", "waiting_internal"})


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
    flags: tuple[Flag, ...]


class WorkQueue(Part):
    """The bands of a queue; a ticket is in the first that fits, and within it by score, due date and id."""

    needs_attention: tuple[QueuedTicket, ...]
    waiting_on_others: tuple[QueuedTicket, ...]
    on_track: tuple[QueuedTicket, ...]

    @property
    def is_empty(self) -> bool:
        """Whether no ticket is in it."""
        return not (self.needs_attention or self.waiting_on_others or self.on_track)


def work_queue(open_tickets: Iterable[ScoreFacts], at: datetime) -> WorkQueue:
    """Return the queue of these open tickets, as of an instant."""
    scoring, due_soon = Scoring(at), shift(at, ATTENTION_BEFORE_DUE)
    attention: list[QueuedTicket] = []
    waiting: list[QueuedTicket] = []
    on_track: list[QueuedTicket] = []
    for facts in open_tickets:
        queued = _queued(facts, scoring)
        if queued.score >= ATTENTION_SCORE or (facts.due_at is not None and facts.due_at <= due_soon):
            attention.append(queued)
        elif facts.status in _WAITING:
            waiting.append(queued)
        else:
            on_track.append(queued)
    return WorkQueue(
        needs_attention=tuple(sorted(attention, key=_order)),
        waiting_on_others=tuple(sorted(waiting, key=_order)),
        on_track=tuple(sorted(on_track, key=_order)),
    )


def _queued(facts: ScoreFacts, scoring: Scoring) -> QueuedTicket:
    score, factors = scoring.weigh(facts)
    fields = {
        "id": facts.id,
        "score": score,
        "factors": factors,
        "reference": facts.reference,
        "subject": facts.subject,
        "status": facts.status,
        "priority": facts.priority,
        "owner_id": facts.owner_id,
        "due_at": facts.due_at,
        "flags": facts.flags,
    }
    return trusted(QueuedTicket, fields)


def _order(queued: QueuedTicket) -> tuple[float, datetime, str]:
    return -queued.score, queued.due_at or LATEST, queued.id
