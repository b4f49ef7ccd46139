"""Priority, waiting, resolving, closing, reopening: who may, when, and what it does to the status (SPEC section 5)."""

import pytest

from contracts.commands import (
    AcceptEnvelope,
    AcceptTicket,
    AwaitCustomer,
    CancelEnvelope,
    ChangePriority,
    CloseTicket,
    CompleteEnvelope,
    CreateEnvelope,
    CreateTask,
    OpenTicket,
    ReopenTicket,
    ResolveTicket,
    ResumeTicket,
)
from contracts.events import (
    AwaitingCustomer,
    PriorityChanged,
    TicketClosed,
    TicketReopened,
    TicketResolved,
    TicketResumed,
)
from contracts.resolution_commands import CreateResolution, RejectResolution
from tests.services.cast import later
from tests.services.spec import given

OPEN = OpenTicket(subject="s", team_id="desk")
OWNED = (OPEN, AcceptTicket(agent_id="anna"))
AWAIT = AwaitCustomer(agent_id="anna")
RESOLVE = ResolveTicket(agent_id="anna")
CLOSE = CloseTicket(agent_id="anna")
ASK = CreateEnvelope(agent_id="anna", reason="r", team_id="network", envelope_id="e1")


@pytest.mark.parametrize("agent_id", ["anna", "lea", "max"])
def test_owner_lead_and_manager_change_the_priority(agent_id: str) -> None:
    command = ChangePriority(agent_id=agent_id, priority="critical", reason="the boss's")
    changed = PriorityChanged(**command.fields(), from_priority="medium", to_priority="critical", due_at=later(hours=1))
    assert given(*OWNED).when(command, at=later(hours=5)).then(changed).priority == "critical"


def test_a_lead_changes_the_priority_of_an_unowned_ticket() -> None:
    given(OPEN).when(ChangePriority(agent_id="lea", priority="low")).then_accepted()


def test_nobody_else_changes_the_priority() -> None:
    given(*OWNED).when(ChangePriority(agent_id="ben", priority="medium")).then_refused("not_owner", owner_id="anna")
    given(OPEN).when(ChangePriority(agent_id="anna", priority="medium")).then_refused("not_owner", owner_id=None)


def test_the_same_priority_is_no_change() -> None:
    given(*OWNED).when(ChangePriority(agent_id="lea", priority="medium")).then_refused("no_change")


def test_the_owner_waits_for_the_customer() -> None:
    ticket = given(*OWNED).when(AWAIT, at=later(hours=1)).then(AwaitingCustomer(agent_id="anna"))
    assert (ticket.status, ticket.paused_since) == ("waiting_customer", later(hours=1))


def test_waiting_for_the_customer_goes_before_waiting_for_experts() -> None:
    story = given(*OWNED, ASK)
    assert story.now.status == "waiting_internal"
    assert story.given(AWAIT).now.status == "waiting_customer"
    assert story.given(AWAIT, ResumeTicket(agent_id="anna")).now.status == "waiting_internal"


def test_only_the_owner_of_an_owned_ticket_waits_and_only_once() -> None:
    given(OPEN).when(AWAIT).then_refused("ticket_unowned")
    given(*OWNED, AWAIT).when(AwaitCustomer(agent_id="lea")).then_refused("not_owner")
    given(*OWNED, AWAIT).when(AWAIT).then_refused("no_change")


def test_the_owner_resumes() -> None:
    waiting = given(*OWNED).given(AWAIT, at=later(hours=1))
    resumed = TicketResumed(agent_id="anna", due_at=later(days=1, hours=-1 + 1), paused_seconds=2 * 3600)
    # Eight hours from 09:00 make 17:00; two more end at 18:00 and then go on from 08:00 the next day: 09:00.
    ticket = waiting.when(ResumeTicket(agent_id="anna"), at=later(hours=3)).then(resumed)
    assert (ticket.status, ticket.paused_since, ticket.paused_seconds) == ("in_progress", None, 7200)


def test_only_the_owner_resumes_and_only_from_waiting() -> None:
    given(*OWNED).when(ResumeTicket(agent_id="ben")).then_refused("not_owner")
    given(*OWNED).when(ResumeTicket(agent_id="anna")).then_refused("no_change")
    given(OPEN).when(ResumeTicket(agent_id="anna")).then_refused("not_owner", owner_id=None)


def test_the_owner_resolves_and_the_clock_stops() -> None:
    command = ResolveTicket(agent_id="anna", summary="extinguished")
    ticket = given(*OWNED).when(command, at=later(hours=2)).then(TicketResolved(**command.fields()))
    assert (ticket.status, ticket.resolved_at, ticket.paused_since) == ("resolved", later(hours=2), later(hours=2))
    assert not ticket.is_open


def test_a_waiting_ticket_is_resolved_without_resuming_and_its_pause_began_with_the_wait() -> None:
    ticket = given(*OWNED).given(AWAIT, at=later(hours=1)).when(RESOLVE, at=later(hours=2)).then_accepted()
    assert (ticket.status, ticket.paused_since) == ("resolved", later(hours=1))


def test_only_the_owner_resolves() -> None:
    given(*OWNED).when(ResolveTicket(agent_id="max")).then_refused("not_owner")
    given(OPEN).when(RESOLVE).then_refused("not_owner")


def test_open_envelopes_keep_a_ticket_from_being_resolved() -> None:
    pending = given(*OWNED, ASK)
    pending.when(RESOLVE).then_refused("envelopes_open", envelope_ids=["e1"])
    active = pending.given(AcceptEnvelope(envelope_id="e1", agent_id="nina"))
    active.when(RESOLVE).then_refused("envelopes_open", envelope_ids=["e1"])
    active.given(CompleteEnvelope(envelope_id="e1", agent_id="nina")).when(RESOLVE).then_accepted()
    pending.given(CancelEnvelope(envelope_id="e1", agent_id="anna")).when(RESOLVE).then_accepted()


def test_a_pending_resolution_keeps_a_ticket_from_being_resolved_after_open_envelopes_do() -> None:
    refund = CreateResolution(
        agent_id="anna",
        what_went_wrong="w",
        why_eligible="y",
        resolution_type="refund",
        amount="101",
        resolution_id="r1",
    )
    pending = given(*OWNED, refund)
    pending.when(RESOLVE).then_refused("resolution_pending", resolution_ids=["r1"])
    pending.given(ASK).when(RESOLVE).then_refused("envelopes_open")
    pending.given(RejectResolution(resolution_id="r1", approver_id="lea")).when(RESOLVE).then_accepted()


def test_open_tasks_do_not_keep_a_ticket_from_being_resolved() -> None:
    given(*OWNED, CreateTask(agent_id="anna", title="t")).when(RESOLVE).then_accepted()


@pytest.mark.parametrize("agent_id", ["anna", "lea", "max", None])
def test_owner_lead_manager_and_the_system_close_a_resolved_ticket(agent_id: str | None) -> None:
    story = given(*OWNED).given(RESOLVE, at=later(hours=1))
    ticket = story.when(CloseTicket(agent_id=agent_id), at=later(hours=2)).then(TicketClosed(agent_id=agent_id))
    assert (ticket.status, ticket.closed_at, ticket.resolved_at) == ("closed", later(hours=2), later(hours=1))


def test_an_open_ticket_is_not_closed_whoever_asks() -> None:
    given(*OWNED).when(CLOSE).then_refused("not_resolved")
    given(*OWNED).when(CloseTicket(agent_id="ben")).then_refused("not_resolved")
    given(*OWNED, RESOLVE).when(CloseTicket(agent_id="ben")).then_refused("not_owner")


@pytest.mark.parametrize("ending", [(RESOLVE,), (RESOLVE, CLOSE)])
def test_a_resolved_or_closed_ticket_is_reopened_by_anyone(ending: tuple[ResolveTicket | CloseTicket, ...]) -> None:
    story = given(*OWNED).given(*ending, at=later(hours=2))
    command = ReopenTicket(reason="again", requested_by="the customer's mother")
    reopened = TicketReopened(**command.fields(), due_at=later(days=1), paused_seconds=2 * 3600)
    ticket = story.when(command, at=later(hours=4)).then(reopened)
    assert (ticket.status, ticket.owner_id, ticket.resolved_at, ticket.closed_at) == ("in_progress", "anna", None, None)


def test_an_open_ticket_is_not_reopened() -> None:
    given(*OWNED).when(ReopenTicket()).then_refused("not_resolved")
