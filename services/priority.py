"""How urgent an open ticket is, and why: a score of named factors at a given time (SPEC section 8).

Pure, and exact: factors are whole tenths, so a score never depends on the order they are multiplied in. A queue scores
thousands of tickets at one instant, so what depends on the instant alone is worked out once, and a product once for
each combination of factors, of which there are some thousand.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from contracts.instants import shift
from contracts.model import Flag, Priority, Tier
from contracts.ticket import Ticket
from services.score_facts import ScoreFacts, facts_of, hour_of

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
_Steps = tuple[tuple[datetime, int], ...]


@dataclass(frozen=True, slots=True)
class PriorityScore:
    """A ticket's score, to two decimals, and the factors it is the product of; 1.0 is one without effect."""

    ticket_id: str
    score: float
    factors: Mapping[str, float]


_NAMES = ("due_proximity", "customer_tier", "open_envelope", "staleness", "flag", "customer_waiting")
"""What the factors beside the base are told by, in the order they are multiplied in."""


class Scoring:
    """Scores open tickets as of one instant; what is due and what waits counts by elapsed time."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._due = tuple((shift(at, within), factor) for within, factor in _DUE_WITHIN)
        self._stale = _since(at, _STALE_AFTER)
        self._unanswered = _since(at, _UNANSWERED_AFTER)

    def weigh(self, facts: ScoreFacts) -> tuple[float, dict[str, float]]:
        """Return a ticket's score, and each factor of it."""
        score, factors = _product(
            _BASES[facts.priority],
            self._due_proximity(facts.due_at),
            _CUSTOMERS.get(facts.customer_tier, _NEUTRAL),
            _OPEN_ENVELOPE if facts.has_open_envelope else _NEUTRAL,
            _longer(self._stale, facts.idle_since),
            max([_FLAGS.get(flag, _NEUTRAL) for flag in facts.flags]) if facts.flags else _NEUTRAL,
            _NEUTRAL if facts.unanswered_since is None else _longer(self._unanswered, facts.unanswered_since),
        )
        return score, {**factors}

    def _due_proximity(self, due_at: datetime | None) -> int:
        if due_at is None:
            return _NEUTRAL
        if due_at <= self._at:
            return _BREACHED
        for bound, factor in self._due:
            if due_at < bound:
                return factor
        return _NEUTRAL


def priority_score(ticket: Ticket, at: datetime) -> PriorityScore:
    """Return the score of one ticket at a time."""
    score, factors = Scoring(at).weigh(facts_of(ticket))
    return PriorityScore(ticket.id, score, factors)


def doubtful_hours(at: datetime) -> frozenset[datetime]:
    """Return the hours in which it takes the minute of a ticket's last activity to tell how stale it is at a time."""
    return frozenset(hour_of(bound) for bound, _ in _since(at, _STALE_AFTER))


@cache
def _product(base: int, *tenths: int) -> tuple[float, Mapping[str, float]]:
    product, unit = base, 1
    for factor in tenths:
        product, unit = product * factor, unit * _NEUTRAL
    hundredths = (200 * product + unit) // (2 * unit)  # half up
    factors = {name: factor / _NEUTRAL for name, factor in zip(_NAMES, tenths, strict=True)}
    return hundredths / 100, {"base": base, **factors}


def _since(at: datetime, steps: tuple[tuple[timedelta, int], ...]) -> _Steps:
    """Return before which instant something must have begun to take longer than each step at a time."""
    return tuple((shift(at, -after), factor) for after, factor in steps)


def _longer(steps: _Steps, since: datetime) -> int:
    for bound, factor in steps:
        if since < bound:
            return factor
    return _NEUTRAL
