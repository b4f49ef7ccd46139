"""Envelopes: experts are asked in, to any level, while the owner stays the owner (SPEC section 5)."""

import pytest

from contracts.commands import (
    AcceptEnvelope,
    AcceptTicket,
    CancelEnvelope,
    CompleteEnvelope,
    CreateEnvelope,
    OpenTicket,
    TransferTicket,
)
from contracts.events import EnvelopeAccepted, EnvelopeCancelled, EnvelopeCompleted, EnvelopeCreated
from contracts.identity import event_id
from contracts.ticket import Envelope
from tests.services.cast import MONDAY, later
from tests.services.spec import SOURCE, TICKET, Story, given

OPEN = OpenTicket(subject="s", team_id="desk")
OWNED = given(OPEN, AcceptTicket(agent_id="anna"))
ASK = CreateEnvelope(agent_id="anna", reason="which cable?", team_id="network", envelope_id="e1")
ASKED = OWNED.given(ASK)
HELPED = ASKED.given(AcceptEnvelope(envelope_id="e1", agent_id="nina"))
COMPLETED = HELPED.given(CompleteEnvelope(envelope_id="e1", agent_id="nina"))
CANCELLED = ASKED.given(CancelEnvelope(envelope_id="e1", agent_id="anna"))


def ask(agent_id: str = "anna", *, expert_id: str | None = None, envelope_id: str | None = None) -> CreateEnvelope:
    team_id = "network" if expert_id is None else None
    return CreateEnvelope(agent_id=agent_id, reason="r", team_id=team_id, expert_id=expert_id, envelope_id=envelope_id)


def chain(*experts: str) -> Story:
    """Go from the owner to the first expert, from the first to the second and so on, e2 being on level 2."""
    story, asker = OWNED, "anna"
    for level, expert in enumerate(experts, start=2):
        story = story.given(
            ask(asker, expert_id=expert, envelope_id=f"e{level}"),
            AcceptEnvelope(envelope_id=f"e{level}", agent_id=expert),
        )
        asker = expert
    return story


def test_the_owner_asks_a_team() -> None:
    created = EnvelopeCreated(**ASK.fields(), parent_envelope_id=None, level=2, response_due_at=later(hours=5))
    ticket = OWNED.when(ASK, at=later(hours=1)).then(created)
    assert ticket.status == "waiting_internal"
    assert ticket.owner_id == "anna"
    assert ticket.envelopes == (
        Envelope(
            envelope_id="e1",
            level=2,
            team_id="network",
            requested_by="anna",
            reason="which cable?",
            created_at=later(hours=1),
            response_due_at=later(hours=5),
        ),
    )


def test_an_envelope_without_an_id_gets_one_that_follows_from_its_command() -> None:
    ticket = OWNED.when(ask(), command_id="my-command").then_accepted()
    assert ticket.envelopes[0].envelope_id == event_id(TICKET, SOURCE, "my-command", "envelope")


@pytest.mark.parametrize(("hours", "seconds"), [(0.5, 1800), (8760, 365 * 24 * 3600), (48, 48 * 3600)])
def test_the_response_is_due_after_elapsed_hours_whatever_the_calendar(hours: float, seconds: int) -> None:
    asked = CreateEnvelope(agent_id="anna", reason="r", response_hours=hours)
    assert OWNED.when(asked).then_accepted().envelopes[0].response_due_at == later(seconds=seconds)


def test_without_a_target_the_ticket_s_team_is_asked() -> None:
    ticket = OWNED.when(CreateEnvelope(agent_id="anna", reason="r")).then_accepted()
    assert (ticket.envelopes[0].team_id, ticket.envelopes[0].expert_id) == ("desk", None)


def test_with_an_expert_no_team_is_added() -> None:
    ticket = OWNED.when(ask(expert_id="nina")).then_accepted()
    assert (ticket.envelopes[0].team_id, ticket.envelopes[0].expert_id) == (None, "nina")


def test_without_a_target_and_a_team_of_the_ticket_nobody_can_be_asked() -> None:
    teamless = given(OpenTicket(subject="s"), AcceptTicket(agent_id="anna"))
    teamless.when(CreateEnvelope(agent_id="anna", reason="r")).then_refused("envelope_target_missing")


def test_nobody_asks_on_an_unowned_ticket() -> None:
    given(OPEN).when(ask("lea")).then_refused("ticket_unowned")


@pytest.mark.parametrize(
    "story", [OWNED, ASKED, COMPLETED, CANCELLED], ids=["none", "pending", "completed", "cancelled"]
)
def test_only_the_owner_and_active_experts_ask(story: Story) -> None:
    story.when(ask("nina")).then_refused("not_owner", owner_id="anna")


def test_an_expert_who_was_named_but_has_not_accepted_does_not_ask() -> None:
    OWNED.given(ask(expert_id="nina")).when(ask("nina")).then_refused("not_owner")


def test_an_expert_asks_on_the_next_level() -> None:
    ticket = HELPED.when(ask("nina", expert_id="ben", envelope_id="e2")).then_accepted()
    assert (ticket.envelopes[1].level, ticket.envelopes[1].parent_envelope_id) == (3, "e1")
    assert ticket.envelopes[1].requested_by == "nina"


def test_levels_go_on_without_end() -> None:
    story = chain("nina", "nora", "ben", "lea", "max", "nina", "ben")
    assert [(one.level, one.parent_envelope_id) for one in story.now.envelopes] == [
        (level, None if level == 2 else f"e{level - 1}") for level in range(2, 9)
    ]


def test_the_parent_is_the_expert_s_envelope_on_the_highest_level() -> None:
    story = chain("nina", "ben", "nina").given(ask(expert_id="nina", envelope_id="x"))
    accepted_last = story.given(AcceptEnvelope(envelope_id="x", agent_id="nina"), at=later(hours=1))
    ticket = accepted_last.when(ask("nina")).then_accepted()
    assert (ticket.envelopes[-1].parent_envelope_id, ticket.envelopes[-1].level) == ("e4", 5)


def test_on_equal_levels_the_parent_is_the_envelope_accepted_last() -> None:
    both = OWNED.given(ask(expert_id="nina", envelope_id="first"), ask(expert_id="nina", envelope_id="second"))
    second_first = both.given(AcceptEnvelope(envelope_id="second", agent_id="nina"))
    story = second_first.given(AcceptEnvelope(envelope_id="first", agent_id="nina"), at=later(seconds=0.5))
    assert story.when(ask("nina")).then_accepted().envelopes[-1].parent_envelope_id == "first"


def test_a_finished_envelope_is_no_parent() -> None:
    story = chain("nina", "ben", "nina").given(CompleteEnvelope(envelope_id="e4", agent_id="nina"))
    ticket = story.when(ask("nina")).then_accepted()
    assert (ticket.envelopes[-1].parent_envelope_id, ticket.envelopes[-1].level) == ("e2", 3)


def test_an_owner_who_is_an_expert_too_asks_on_level_two() -> None:
    transfer = TransferTicket(new_owner_id="nina", transfer_type="termination", reason="r", authorized_by="max")
    ticket = HELPED.given(transfer).when(ask("nina", expert_id="ben")).then_accepted()
    assert (ticket.envelopes[-1].parent_envelope_id, ticket.envelopes[-1].level) == (None, 2)


@pytest.mark.parametrize("expert_id", ["nobody", "zoe"])
def test_an_unknown_or_inactive_expert_is_not_asked(expert_id: str) -> None:
    OWNED.when(ask(expert_id=expert_id)).then_refused("expert_unknown", expert_id=expert_id)


def test_the_owner_is_not_asked() -> None:
    OWNED.when(ask(expert_id="anna")).then_refused("owner_cannot_assist")
    HELPED.when(ask("nina", expert_id="anna")).then_refused("owner_cannot_assist")


def test_an_id_is_used_once_in_a_ticket_whatever_became_of_it() -> None:
    for story in (ASKED, HELPED, COMPLETED, CANCELLED):
        story.when(ask(envelope_id="e1")).then_refused("envelope_exists", envelope_id="e1")


def test_refusals_of_a_request_come_in_the_row_s_order() -> None:
    def wrong(agent_id: str, team_id: str | None = None, expert_id: str | None = None) -> CreateEnvelope:
        return CreateEnvelope(agent_id=agent_id, reason="r", team_id=team_id, expert_id=expert_id, envelope_id="e1")

    given(OPEN).when(wrong("ben", team_id="nowhere", expert_id="zoe")).then_refused("ticket_unowned")
    ASKED.when(wrong("ben", team_id="nowhere", expert_id="zoe")).then_refused("not_owner")
    ASKED.when(wrong("anna", team_id="nowhere", expert_id="zoe")).then_refused("team_unknown", team_id="nowhere")
    ASKED.when(wrong("anna", team_id="network", expert_id="zoe")).then_refused("expert_unknown")
    ASKED.when(wrong("anna", team_id="network", expert_id="anna")).then_refused("owner_cannot_assist")
    ASKED.when(wrong("anna", team_id="network", expert_id="nina")).then_refused("envelope_exists")
    teamless = given(OpenTicket(subject="s"), AcceptTicket(agent_id="anna"), ASK)
    teamless.when(wrong("anna")).then_refused("envelope_target_missing")


def test_a_member_of_the_team_accepts() -> None:
    command = AcceptEnvelope(envelope_id="e1", agent_id="nina")
    ticket = ASKED.when(command, at=later(hours=2)).then(EnvelopeAccepted(envelope_id="e1", agent_id="nina"))
    envelope = ticket.envelopes[0]
    assert (envelope.status, envelope.expert_id, envelope.accepted_at) == ("active", "nina", later(hours=2))
    assert (ticket.owner_id, ticket.status) == ("anna", "waiting_internal")


def test_membership_in_any_of_an_agent_s_teams_counts() -> None:
    ASKED.when(AcceptEnvelope(envelope_id="e1", agent_id="nora")).then_accepted()


def test_nobody_outside_the_team_accepts_not_even_a_manager() -> None:
    ASKED.when(AcceptEnvelope(envelope_id="e1", agent_id="max")).then_refused("not_team_member", team_id="network")


def test_the_named_expert_accepts_whatever_the_expert_s_teams() -> None:
    named = OWNED.given(ask(expert_id="ben", envelope_id="e2"))
    named.when(AcceptEnvelope(envelope_id="e2", agent_id="ben")).then_accepted()
    named.when(AcceptEnvelope(envelope_id="e2", agent_id="nina")).then_refused("assigned_to_other", expert_id="ben")


def test_with_both_targets_only_the_named_expert_accepts() -> None:
    both = CreateEnvelope(agent_id="anna", reason="r", team_id="network", expert_id="ben", envelope_id="e2")
    story = OWNED.given(both)
    story.when(AcceptEnvelope(envelope_id="e2", agent_id="nina")).then_refused("assigned_to_other", expert_id="ben")
    story.when(AcceptEnvelope(envelope_id="e2", agent_id="ben")).then_accepted()


def test_the_owner_does_not_accept_not_even_as_a_member_of_the_team() -> None:
    desk = OWNED.given(CreateEnvelope(agent_id="anna", reason="r", envelope_id="e2"))
    desk.when(AcceptEnvelope(envelope_id="e2", agent_id="anna")).then_refused("owner_cannot_assist")


def test_an_expert_who_became_the_owner_does_not_accept() -> None:
    transfer = TransferTicket(new_owner_id="ben", transfer_type="termination", reason="r", authorized_by="max")
    named = OWNED.given(ask(expert_id="ben", envelope_id="e2"), transfer)
    named.when(AcceptEnvelope(envelope_id="e2", agent_id="ben")).then_refused("owner_cannot_assist")


def test_refusals_of_an_acceptance_come_in_the_row_s_order() -> None:
    HELPED.when(AcceptEnvelope(envelope_id="e9", agent_id="anna")).then_refused("envelope_unknown", envelope_id="e9")
    HELPED.when(AcceptEnvelope(envelope_id="e1", agent_id="anna")).then_refused("envelope_not_pending", status="active")
    named = OWNED.given(
        CreateEnvelope(agent_id="anna", reason="r", team_id="network", expert_id="ben", envelope_id="e2")
    )
    named.when(AcceptEnvelope(envelope_id="e2", agent_id="anna")).then_refused("owner_cannot_assist")
    named.when(AcceptEnvelope(envelope_id="e2", agent_id="max")).then_refused("assigned_to_other")


@pytest.mark.parametrize("agent_id", ["nina", "anna"])
def test_the_expert_or_the_owner_completes(agent_id: str) -> None:
    command = CompleteEnvelope(envelope_id="e1", agent_id=agent_id, summary="the blue one")
    ticket = HELPED.when(command, at=later(hours=3)).then(EnvelopeCompleted(**command.fields()))
    envelope = ticket.envelopes[0]
    assert (envelope.status, envelope.summary, envelope.completed_at) == ("completed", "the blue one", later(hours=3))
    assert ticket.status == "in_progress"


def test_nobody_else_completes_not_even_who_asked() -> None:
    story = chain("nina", "ben")
    story.when(CompleteEnvelope(envelope_id="e3", agent_id="nina")).then_refused(
        "not_envelope_participant", allowed=["anna", "ben"]
    )


def test_a_parent_completes_before_its_child() -> None:
    story = chain("nina", "ben").given(CompleteEnvelope(envelope_id="e2", agent_id="nina"))
    assert [one.status for one in story.now.envelopes] == ["completed", "active"]
    assert story.now.status == "waiting_internal"
    story.when(CompleteEnvelope(envelope_id="e3", agent_id="ben")).then_accepted()


@pytest.mark.parametrize(("story", "status"), [(ASKED, "pending"), (COMPLETED, "completed"), (CANCELLED, "cancelled")])
def test_only_an_active_envelope_is_completed_whoever_asks(story: Story, status: str) -> None:
    story.when(CompleteEnvelope(envelope_id="e1", agent_id="max")).then_refused("envelope_not_active", status=status)
    story.when(CompleteEnvelope(envelope_id="e9", agent_id="max")).then_refused("envelope_unknown", envelope_id="e9")


@pytest.mark.parametrize("story", [ASKED, HELPED], ids=["pending", "active"])
def test_the_owner_takes_a_request_back(story: Story) -> None:
    command = CancelEnvelope(envelope_id="e1", agent_id="anna", reason="found it")
    ticket = story.when(command).then(EnvelopeCancelled(**command.fields()))
    assert (ticket.envelopes[0].status, ticket.envelopes[0].completed_at) == ("cancelled", None)
    assert ticket.status == "in_progress"


def test_the_requester_takes_a_request_back_and_its_expert_does_not() -> None:
    story = chain("nina", "ben")
    story.when(CancelEnvelope(envelope_id="e3", agent_id="ben")).then_refused(
        "not_envelope_participant", allowed=["anna", "nina"]
    )
    story.when(CancelEnvelope(envelope_id="e3", agent_id="nina")).then_accepted()


@pytest.mark.parametrize(("story", "status"), [(COMPLETED, "completed"), (CANCELLED, "cancelled")])
def test_a_finished_envelope_is_not_taken_back_whoever_asks(story: Story, status: str) -> None:
    story.when(CancelEnvelope(envelope_id="e1", agent_id="max")).then_refused("envelope_not_open", status=status)
    story.when(CancelEnvelope(envelope_id="e9", agent_id="max")).then_refused("envelope_unknown", envelope_id="e9")


def test_no_envelope_ever_changes_the_owner() -> None:
    story = chain("nina", "nora", "ben")
    for level, expert in ((4, "ben"), (3, "nora"), (2, "nina")):
        story = story.given(CompleteEnvelope(envelope_id=f"e{level}", agent_id=expert))
    assert (story.now.owner_id, story.now.owner_accepted_at, story.now.status) == ("anna", MONDAY, "in_progress")
