"""The priority score: the page's example, each factor at its bounds, and what always holds (SPEC section 8)."""

from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from math import prod

import pytest
from hypothesis import given as each

from contracts.model import EnvelopeStatus
from contracts.ticket import Ticket
from services.priority import priority_score
from tests.services.cast import MONDAY, later
from tests.services.open_tickets import PLAIN, TICKETS, TIMES, envelope, flagged

SECOND = timedelta(seconds=1)


def factor(name: str, at: datetime = MONDAY, **changes: object) -> float:
    return priority_score(PLAIN.changed(**changes), at).factors[name]


def test_the_page_s_example_scores_120() -> None:
    score = priority_score(PLAIN.changed(customer_tier="vip", due_at=later(hours=3)), MONDAY)
    assert (score.ticket_id, score.score) == ("T-1", 120.0)
    assert score.factors == {
        "base": 40,
        "due_proximity": 2.0,
        "customer_tier": 1.5,
        "open_envelope": 1.0,
        "staleness": 1.0,
        "flag": 1.0,
        "customer_waiting": 1.0,
    }


@pytest.mark.parametrize(("priority", "base"), [("critical", 100), ("high", 70), ("medium", 40), ("low", 10)])
def test_without_any_factor_the_score_is_the_base(priority: str, base: int) -> None:
    assert priority_score(PLAIN.changed(priority=priority), MONDAY).score == base


@pytest.mark.parametrize(
    ("left", "value"),
    [
        (-SECOND, 3.0),
        (timedelta(0), 3.0),  # due now is breached
        (SECOND, 2.5),
        (timedelta(hours=1), 2.0),
        (timedelta(hours=4), 1.7),
        (timedelta(hours=12), 1.3),
        (timedelta(hours=24) - SECOND, 1.3),
        (timedelta(hours=24), 1.0),
    ],
)
def test_due_proximity(left: timedelta, value: float) -> None:
    assert factor("due_proximity", due_at=MONDAY + left) == value


def test_customer_and_flags() -> None:
    assert [factor("customer_tier", customer_tier=tier) for tier in ("standard", "premium", "vip")] == [1.0, 1.2, 1.5]
    assert factor("flag", flags=flagged(["vip", "physical_damage"])) == 1.0
    assert factor("flag", flags=flagged(["vip", "repeat_contact"])) == 1.3
    assert factor("flag", flags=flagged(["repeat_contact", "social_media"])) == 1.5
    assert factor("flag", flags=flagged(["legal", "repeat_contact"])) == 1.5


@pytest.mark.parametrize(
    ("status", "value"), [("pending", 1.3), ("active", 1.3), ("completed", 1.0), ("cancelled", 1.0)]
)
def test_an_open_envelope(status: EnvelopeStatus, value: float) -> None:
    assert factor("open_envelope", envelopes=(envelope("completed"), envelope(status))) == value


@pytest.mark.parametrize(
    ("since", "value"),
    [
        (timedelta(days=3), 1.0),
        (timedelta(days=3) + SECOND, 1.2),
        (timedelta(days=7), 1.2),
        (timedelta(days=7) + SECOND, 1.3),
        (timedelta(days=14), 1.3),
        (timedelta(days=14) + SECOND, 1.4),
    ],
)
def test_staleness_is_since_an_agent_did_something_or_else_since_opening(since: timedelta, value: float) -> None:
    assert factor("staleness", MONDAY + since) == value
    assert factor("staleness", later(days=40), agent_activity_at=later(days=40) - since) == value
    assert factor("staleness", MONDAY + since, agent_activity_at=None) == value


@pytest.mark.parametrize(
    ("waited", "value"),
    [
        (timedelta(hours=2), 1.0),
        (timedelta(hours=2) + SECOND, 1.2),
        (timedelta(hours=4), 1.2),
        (timedelta(hours=4) + SECOND, 1.4),
    ],
)
def test_a_customer_waits_in_progress_for_a_first_response(waited: timedelta, value: float) -> None:
    assert factor("customer_waiting", MONDAY + waited, first_response_at=None) == value
    assert factor("customer_waiting", MONDAY + waited) == 1.0
    assert factor("customer_waiting", MONDAY + waited, first_response_at=None, status="waiting_internal") == 1.0


def test_a_score_is_rounded_half_up() -> None:
    # 10 x 1.3 x 1.5 x 1.3 x 1.3 = 32.955, which binary fractions would round down.
    both = PLAIN.changed(envelopes=(envelope("active"),), flags=flagged(["repeat_contact"]), due_at=later(hours=13))
    assert priority_score(both.changed(priority="low", customer_tier="vip"), MONDAY).score == 32.96


@each(TICKETS, TIMES)
def test_the_score_is_the_product_of_the_factors_it_names(ticket: Ticket, at: datetime) -> None:
    score = priority_score(ticket, at)
    exact = prod((Decimal(str(value)) for value in score.factors.values()), start=Decimal(1))
    assert Decimal(str(score.score)) == exact.quantize(Decimal("0.01"), ROUND_HALF_UP)


@each(TICKETS, TIMES, TIMES)
def test_time_alone_never_lowers_a_score(ticket: Ticket, one: datetime, other: datetime) -> None:
    earlier, later_on = sorted((one, other))
    assert priority_score(ticket, earlier).score <= priority_score(ticket, later_on).score


@each(TICKETS, TIMES)
def test_raising_a_factor_never_lowers_a_score(ticket: Ticket, at: datetime) -> None:
    now = priority_score(ticket, at).score
    for raised in (
        {"priority": "critical"},
        {"customer_tier": "vip"},
        {"flags": (*ticket.flags, *flagged(["legal"]))},
        {"envelopes": (*ticket.envelopes, envelope("active"))},
        {"due_at": MONDAY - timedelta(days=9)},
    ):
        assert priority_score(ticket.changed(**raised), at).score >= now
