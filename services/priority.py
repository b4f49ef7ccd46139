"""How urgent an open ticket is, and why: a score of named factors at a given time (SPEC section 8).

Pure, and exact: factors are whole tenths, so a score never depends on the order they are multiplied in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.model import Flag, Priority, Tier
from contracts.ticket import Ticket

_BASES: Mapping[Priority, int] = {"critical": 100, "high": 70, "medium": 40, "low": 10}
# In tenths, as all that follows.
_NEUTRAL = 10
_BREACHED = 30
_DUE_WITHIN = (
    (timedelta(hours=1), 25),
    (timedelta(hours=4), 20),
    (timedelta(hours=12), 17),
    (timedelta(hours=24), 13),
)
_CUSTOMERS: Mapping[Tier, int] = {"vip": 15, "premium": 12}
_OPEN_ENVELOPE = 13
_STALE_AFTER = ((timedelta(days=14), 14), (timedelta(days=7), 13), (timedelta(days=3), 12))
_FLAGS: Mapping[Flag, int] = {"social_media": 15, "legal": 15, "repeat_contact": 13}
_UNANSWERED_AFTER = ((timedelta(hours=4), 14), (timedelta(hours=2), 12))


@dataclass(frozen=True, slots=True)
class PriorityScore:
    """A ticket's score, to two decimals, and the factors it is the product of; 1.0 is one without effect."""

    ticket_id: str
    score: float
    factors: Mapping[str, float]


def priority_score(ticket: Ticket, at: datetime) -> PriorityScore:
    """Return the score at a time; what is due and what waits counts by elapsed time."""
    base = _BASES[ticket.priority]
    tenths = {
        "due_proximity": _due_proximity(ticket.due_at, at),
        "customer_tier": _CUSTOMERS.get(ticket.customer_tier, _NEUTRAL),
        "open_envelope": _OPEN_ENVELOPE if any(envelope.is_open for envelope in ticket.envelopes) else _NEUTRAL,
        "staleness": _longer_than(_STALE_AFTER, at - (ticket.agent_activity_at or ticket.opened_at)),
        "flag": max((_FLAGS.get(one.flag, _NEUTRAL) for one in ticket.flags), default=_NEUTRAL),
        "customer_waiting": _customer_waiting(ticket, at),
    }
    product, unit = base, 1
    for factor in tenths.values():
        product, unit = product * factor, unit * _NEUTRAL
    hundredths = (200 * product + unit) // (2 * unit)  # half up
    return PriorityScore(
        ticket_id=ticket.id,
        score=hundredths / 100,
        factors={"base": base, **{name: factor / _NEUTRAL for name, factor in tenths.items()}},
    )


def _due_proximity(due_at: datetime | None, at: datetime) -> int:
    if due_at is None:
        return _NEUTRAL
    if due_at <= at:
        return _BREACHED
    left = due_at - at
    return next((factor for within, factor in _DUE_WITHIN if left < within), _NEUTRAL)


def _customer_waiting(ticket: Ticket, at: datetime) -> int:
    """Weigh how long the customer of a ticket in progress has waited for a first response."""
    if ticket.status != "in_progress" or ticket.first_response_at is not None:
        return _NEUTRAL
    return _longer_than(_UNANSWERED_AFTER, at - ticket.opened_at)


def _longer_than(steps: tuple[tuple[timedelta, int], ...], span: timedelta) -> int:
    return next((factor for after, factor in steps if span > after), _NEUTRAL)
