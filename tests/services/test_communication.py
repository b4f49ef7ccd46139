"""Notes and messages: one face, only the owner talks to the customer (SPEC section 5)."""

import pytest

from contracts.commands import (
    AcceptEnvelope,
    AcceptTicket,
    AddNote,
    AwaitCustomer,
    CloseTicket,
    CompleteEnvelope,
    CreateEnvelope,
    OpenTicket,
    RecordMessage,
    ReopenTicket,
    ResolveTicket,
)
from contracts.events import MessageRecorded, NoteAdded, TicketResumed
from contracts.model import Visibility
from tests.services.cast import later
from tests.services.spec import given

OPEN = OpenTicket(subject="s", team_id="desk")
OWNED = given(OPEN, AcceptTicket(agent_id="anna"))
ASKED = OWNED.given(CreateEnvelope(agent_id="anna", reason="r", team_id="network", envelope_id="e1"))
HELPED = ASKED.given(AcceptEnvelope(envelope_id="e1", agent_id="nina"))
OUTBOUND = RecordMessage(direction="outbound", content="we are on it", agent_id="anna")
INBOUND = RecordMessage(direction="inbound", content="still on fire")


def note(agent_id: str, visibility: Visibility = "internal", envelope_id: str | None = None) -> AddNote:
    return AddNote(agent_id=agent_id, content="n", visibility=visibility, envelope_id=envelope_id)


def test_any_agent_adds_an_internal_note() -> None:
    ticket = OWNED.when(note("ben"), at=later(hours=1)).then(NoteAdded(agent_id="ben", content="n"))
    assert (ticket.agent_activity_at, ticket.first_response_at) == (later(hours=1), None)
    given(OPEN).when(note("ben")).then_accepted()


def test_only_the_owner_adds_a_public_note() -> None:
    OWNED.when(note("anna", "public")).then(NoteAdded(agent_id="anna", content="n", visibility="public"))
    OWNED.when(note("max", "public")).then_refused("not_owner", owner_id="anna")
    given(OPEN).when(note("anna", "public")).then_refused("not_owner", owner_id=None)


def test_the_first_public_note_or_outbound_message_is_the_first_response() -> None:
    answered = OWNED.given(note("anna", "public"), at=later(hours=1)).given(OUTBOUND, at=later(hours=2))
    assert answered.now.first_response_at == later(hours=1)
    written = OWNED.given(note("ben"), INBOUND, at=later(hours=1)).given(OUTBOUND, at=later(hours=2))
    assert written.now.first_response_at == later(hours=2)
    reopened = written.given(ResolveTicket(agent_id="anna"), ReopenTicket(), at=later(hours=3))
    assert reopened.now.first_response_at == later(hours=2)


@pytest.mark.parametrize("agent_id", ["anna", "nina"])
def test_owner_requester_and_expert_add_envelope_notes(agent_id: str) -> None:
    HELPED.when(note(agent_id, "envelope_only", "e1")).then_accepted()


def test_the_requester_of_a_deeper_envelope_takes_part_in_it_and_the_expert_above_does_not() -> None:
    deeper = HELPED.given(
        CreateEnvelope(agent_id="nina", reason="r", expert_id="ben", envelope_id="e2"),
        AcceptEnvelope(envelope_id="e2", agent_id="ben"),
        CreateEnvelope(agent_id="ben", reason="r", expert_id="nora", envelope_id="e3"),
    )
    for agent_id in ("anna", "nina", "ben"):
        deeper.when(note(agent_id, "envelope_only", "e2")).then_accepted()
    deeper.when(note("nora", "envelope_only", "e2")).then_refused("not_envelope_participant")
    deeper.when(note("nina", "envelope_only", "e3")).then_refused("not_envelope_participant")
    deeper.when(note("nora", "envelope_only", "e3")).then_accepted()  # named, and may ask before accepting


def test_nobody_else_adds_an_envelope_note_not_even_a_member_of_its_team() -> None:
    refused = ASKED.when(note("nina", "envelope_only", "e1")).then_refused("not_envelope_participant", allowed=["anna"])
    assert "anna may" in refused.refusal.message
    HELPED.when(note("max", "envelope_only", "e1")).then_refused("not_envelope_participant", allowed=["anna", "nina"])


def test_a_finished_envelope_still_takes_notes() -> None:
    finished = HELPED.given(CompleteEnvelope(envelope_id="e1", agent_id="nina"))
    finished.when(note("nina", "envelope_only", "e1")).then_accepted()


def test_an_envelope_note_needs_an_envelope_of_this_ticket() -> None:
    OWNED.when(note("anna", "envelope_only")).then_refused("envelope_unknown", envelope_id=None)
    OWNED.when(note("anna", "envelope_only", "e9")).then_refused("envelope_unknown", envelope_id="e9")


def test_a_note_about_an_envelope_is_as_visible_as_it_says() -> None:
    HELPED.when(note("ben", "internal", "e1")).then_accepted()
    HELPED.when(note("anna", "public", "e1")).then_accepted()
    HELPED.when(note("ben", "internal", "e9")).then_refused("envelope_unknown", envelope_id="e9")


def test_not_owner_comes_before_an_unknown_envelope() -> None:
    OWNED.when(note("ben", "public", "e9")).then_refused("not_owner")
    OWNED.when(note("anna", "public", "e9")).then_refused("envelope_unknown")


def test_the_owner_writes_to_the_customer() -> None:
    said = RecordMessage(
        direction="outbound",
        channel="email",
        from_="desk@example.org",
        to=("vera@example.org", "carl@example.org"),
        subject="Fire",
        content="out",
        message_id="<1@example.org>",
        agent_id="anna",
    )
    OWNED.when(said, at=later(hours=1)).then(MessageRecorded(**said.fields()))


@pytest.mark.parametrize("agent_id", ["ben", "max", None])
def test_nobody_else_writes_to_the_customer(agent_id: str | None) -> None:
    said = RecordMessage(direction="outbound", content="m", agent_id=agent_id)
    OWNED.when(said).then_refused("not_owner", owner_id="anna")
    given(OPEN).when(said).then_refused("not_owner", owner_id=None)


def test_anybody_records_what_the_customer_says_and_it_is_no_agent_s_activity() -> None:
    ticket = OWNED.when(INBOUND, at=later(hours=1)).then(MessageRecorded(**INBOUND.fields()))
    assert (ticket.updated_at, ticket.agent_activity_at, ticket.first_response_at) == (
        later(hours=1),
        later(),
        None,
    )
    given(OPEN).when(RecordMessage(direction="inbound", content="", agent_id="ben")).then_accepted()


def test_an_agent_who_is_named_must_be_known_whatever_the_direction() -> None:
    OWNED.when(RecordMessage(direction="inbound", content="m", agent_id="nobody")).then_refused("agent_unknown")


def test_the_customer_s_answer_ends_the_wait_and_counts_as_activity() -> None:
    waiting = OWNED.given(AwaitCustomer(agent_id="anna"), at=later(hours=1))
    resumed = TicketResumed(due_at=later(hours=9), paused_seconds=3600)
    ticket = waiting.when(INBOUND, at=later(hours=2)).then(MessageRecorded(**INBOUND.fields()), resumed)
    assert (ticket.status, ticket.agent_activity_at) == ("in_progress", later(hours=2))
    assert resumed.wire().keys() == {"due_at", "paused_seconds"}  # a second event holds its own fields only


def test_the_owner_s_message_does_not_end_the_wait() -> None:
    waiting = OWNED.given(AwaitCustomer(agent_id="anna"), OUTBOUND)
    assert waiting.now.status == "waiting_customer"


def test_an_answer_never_reopens_and_a_closed_ticket_takes_none() -> None:
    resolved = OWNED.given(AwaitCustomer(agent_id="anna"), ResolveTicket(agent_id="anna"))
    ticket = resolved.when(INBOUND).then(MessageRecorded(**INBOUND.fields()))
    assert ticket.status == "resolved"
    resolved.given(CloseTicket()).when(INBOUND).then_refused("ticket_closed")
