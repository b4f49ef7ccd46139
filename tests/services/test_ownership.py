"""Ownership is sacred: accept, and the exceptional transfer (SPEC section 5)."""

import pytest

from contracts.commands import (
    AcceptEnvelope,
    AcceptTicket,
    AddNote,
    CreateEnvelope,
    CreateTask,
    OpenTicket,
    ReopenTicket,
    ResolveTicket,
    TransferTicket,
)
from contracts.events import OwnershipTransferred, TicketAccepted
from tests.services.cast import later
from tests.services.spec import given

OPEN = OpenTicket(subject="s", team_id="desk")
ACCEPT = AcceptTicket(agent_id="anna")


def transfer(
    new_owner_id: str = "ben", transfer_type: str = "termination", authorized_by: str = "max"
) -> TransferTicket:
    return TransferTicket(
        new_owner_id=new_owner_id, transfer_type=transfer_type, reason="anna left", authorized_by=authorized_by
    )


def test_who_accepts_owns() -> None:
    ticket = given(OPEN).when(ACCEPT, at=later(minutes=1)).then(TicketAccepted(agent_id="anna"))
    assert (ticket.owner_id, ticket.owner_accepted_at, ticket.status) == ("anna", later(minutes=1), "in_progress")


@pytest.mark.parametrize("agent_id", ["anna", "ben"])
def test_an_owned_ticket_is_not_accepted_again(agent_id: str) -> None:
    given(OPEN, ACCEPT).when(AcceptTicket(agent_id=agent_id)).then_refused("ticket_already_owned", owner_id="anna")


def test_a_full_agent_does_not_accept() -> None:
    given(OPEN).with_full("anna").when(ACCEPT).then_refused("agent_at_capacity", max_tickets=25)


def test_an_owned_ticket_comes_before_a_full_agent() -> None:
    given(OPEN, ACCEPT).with_full("ben").when(AcceptTicket(agent_id="ben")).then_refused("ticket_already_owned")


def test_the_owner_stays_over_resolve_and_reopen() -> None:
    story = given(OPEN, ACCEPT, ResolveTicket(agent_id="anna"), ReopenTicket(reason="still on fire"))
    assert story.now.owner_id == "anna"
    story.when(AcceptTicket(agent_id="ben")).then_refused("ticket_already_owned", owner_id="anna")


@pytest.mark.parametrize("transfer_type", ["termination", "extended_leave"])
def test_an_exceptional_transfer_changes_the_owner_and_nothing_else(transfer_type: str) -> None:
    before = given(OPEN, ACCEPT)
    command = transfer(transfer_type=transfer_type)
    after = before.when(command, at=later(hours=1)).then(
        OwnershipTransferred(
            new_owner_id="ben",
            transfer_type=transfer_type,
            reason="anna left",
            authorized_by="max",
            from_owner_id="anna",
            to_owner_id="ben",
        )
    )
    assert (after.owner_id, after.owner_accepted_at, after.status) == (
        "ben",
        before.now.owner_accepted_at,
        before.now.status,
    )


@pytest.mark.parametrize("transfer_type", ["vacation", "Termination", "", "reassignment"])
def test_no_other_reason_moves_a_ticket_and_the_answer_points_to_envelopes(transfer_type: str) -> None:
    refused = given(OPEN, ACCEPT).when(transfer(transfer_type=transfer_type)).then_refused("transfer_not_exceptional")
    assert "envelope" in refused.refusal.message


def test_a_transfer_of_another_type_is_refused_before_any_agent_is_looked_up() -> None:
    command = transfer("nobody", "vacation", "nobody")
    given(OPEN).when(command).then_refused("transfer_not_exceptional")


def test_a_lead_may_not_authorise_a_transfer_and_a_manager_of_any_team_may() -> None:
    story = given(OPEN, ACCEPT)
    story.when(transfer(authorized_by="lea")).then_refused("not_authorized")
    story.when(transfer(new_owner_id="nina", authorized_by="max")).then_accepted()


def test_the_owner_is_no_new_owner() -> None:
    given(OPEN, ACCEPT).when(transfer(new_owner_id="anna")).then_refused("same_owner")


def test_a_full_agent_takes_no_transfer() -> None:
    given(OPEN, ACCEPT).with_full("ben").when(transfer()).then_refused("agent_at_capacity")


def test_refusals_of_a_transfer_come_in_the_row_s_order() -> None:
    unowned = given(OPEN).with_full("anna")
    unowned.when(transfer("zoe", authorized_by="nobody")).then_refused("agent_unknown", agent_id="nobody")
    unowned.when(transfer("nobody", authorized_by="zoe")).then_refused("agent_unknown", agent_id="nobody")
    unowned.when(transfer("zoe", authorized_by="lea")).then_refused("agent_inactive", agent_id="zoe")
    unowned.when(transfer("anna", authorized_by="zoe")).then_refused("agent_inactive", agent_id="zoe")
    unowned.when(transfer("anna", authorized_by="lea")).then_refused("ticket_unowned")
    owned = given(OPEN, AcceptTicket(agent_id="ben")).with_full("ben", "anna").when
    owned(transfer("ben", authorized_by="lea")).then_refused("not_authorized")
    owned(transfer("ben")).then_refused("same_owner")
    owned(transfer("anna")).then_refused("agent_at_capacity")


def test_envelopes_and_tasks_stay_as_they_are_and_the_new_owner_has_the_owner_s_rights() -> None:
    asked = given(
        OPEN,
        ACCEPT,
        CreateEnvelope(agent_id="anna", reason="r", team_id="network", envelope_id="e1"),
        AcceptEnvelope(envelope_id="e1", agent_id="nina"),
        CreateTask(agent_id="anna", title="t", task_id="t1"),
    )
    moved = asked.given(transfer("nina"))
    assert (moved.now.envelopes, moved.now.tasks) == (asked.now.envelopes, asked.now.tasks)
    public = AddNote(agent_id="nina", content="n", visibility="public")
    moved.when(public).then_accepted()
    moved.when(AddNote(agent_id="anna", content="n", visibility="public")).then_refused("not_owner", owner_id="nina")
    # An expert who became the owner makes envelopes as the owner does.
    deeper = moved.when(CreateEnvelope(agent_id="nina", reason="r", envelope_id="e2")).then_accepted()
    assert (deeper.envelopes[-1].level, deeper.envelopes[-1].parent_envelope_id) == (2, None)
