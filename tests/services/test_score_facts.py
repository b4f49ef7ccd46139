"""The facts a score rests on: packed and read again they give the same score, and change only when told to."""

from datetime import datetime, timedelta

import pytest
from hypothesis import assume
from hypothesis import given as each

from contracts.commands import AddNote, RaiseAlert, ResolveTicket
from contracts.ticket import Ticket
from services.alerts import ALERT_SOURCE
from services.priority import Scoring, doubtful_hours, priority_score
from services.score_facts import facts_of, hour_of, may_differ, packed_facts, unpack
from tests.services.cast import MONDAY, later
from tests.services.open_tickets import PLAIN, TICKETS, TIMES
from tests.services.samples import SAMPLES
from tests.services.spec import Story

OWNED = Story().given(SAMPLES["ticket.open"], SAMPLES["ticket.accept"])
NOTE = AddNote(agent_id="anna", content="n")


def packed(ticket: Ticket) -> bytes:
    value = packed_facts(ticket)
    assert value is not None
    return value


@each(TICKETS)
def test_packed_facts_are_read_again_but_for_the_minutes_of_the_last_activity(ticket: Ticket) -> None:
    facts = facts_of(ticket)
    assert unpack({ticket.id: packed(ticket)}) == [facts._replace(idle_since=hour_of(facts.idle_since))]


@each(TICKETS, TIMES)
def test_a_score_by_packed_facts_is_exact_outside_the_doubtful_hours(ticket: Ticket, at: datetime) -> None:
    (facts,) = unpack({ticket.id: packed(ticket)})
    assume(facts.idle_since not in doubtful_hours(at))
    exact = priority_score(ticket, at)
    assert Scoring(at).weigh(facts) == (exact.score, exact.factors)


@pytest.mark.parametrize("days", [3, 7, 14])
def test_around_each_step_of_staleness_the_hour_is_doubtful(days: int) -> None:
    for minute in (0, 1, 59):
        at = later(days=days, minutes=minute)
        assert hour_of(MONDAY) in doubtful_hours(at)
    assert hour_of(MONDAY) not in doubtful_hours(later(days=days, minutes=60))
    assert hour_of(MONDAY) not in doubtful_hours(later(days=days) - timedelta(microseconds=1))


@each(TICKETS, TICKETS)
def test_where_facts_may_not_differ_they_are_packed_alike(before: Ticket, after: Ticket) -> None:
    assert may_differ(None, after)
    if packed(before) != packed(after.changed(customer_tier=before.customer_tier)):
        assert may_differ(before, after)


def test_a_note_within_the_hour_changes_nothing_and_one_after_it_does() -> None:
    noted = OWNED.given(NOTE, at=later(minutes=5))
    assert not may_differ(OWNED.now, noted.now)
    assert may_differ(noted.now, noted.given(NOTE, at=later(hours=1)).now)
    assert may_differ(noted.now, noted.given(NOTE, at=later(days=1)).now)


def test_an_alert_changes_nothing() -> None:
    raised = RaiseAlert(condition="not_updated", level=1, anchor_at=MONDAY, at=later(hours=4))
    step = OWNED.when(raised, at=later(hours=4), source=ALERT_SOURCE)
    assert not may_differ(OWNED.now, step.then_accepted())


def test_a_ticket_that_is_not_open_has_none() -> None:
    assert packed_facts(OWNED.given(ResolveTicket(agent_id="anna")).now) is None


def test_who_waits_for_a_first_response_waits_since_opening_and_only_in_progress() -> None:
    assert facts_of(PLAIN.changed(first_response_at=None)).unanswered_since == MONDAY
    assert facts_of(PLAIN).unanswered_since is None
    assert facts_of(PLAIN.changed(first_response_at=None, status="waiting_internal")).unanswered_since is None
