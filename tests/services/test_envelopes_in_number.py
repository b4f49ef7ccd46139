"""Envelopes beyond what a day brings: very many on a ticket, teams of nobody, other tickets' ids (SPEC section 5)."""

from datetime import UTC, datetime

import pytest

from contracts.commands import OpenTicket
from contracts.directory import Agent, DirectoryChange, Team
from services import (
    DirectoryState,
    EnvelopeRejected,
    EnvelopeService,
    InMemoryTickets,
    OwnershipService,
    ServiceDesk,
)

MANY = 1_000


@pytest.fixture
def directory() -> DirectoryState:
    return DirectoryState()


@pytest.fixture
async def envelopes(directory: DirectoryState) -> EnvelopeService:
    """Two tickets of anna's; nobody is in the team of nobody."""
    for agent in ("anna", "nina", "nora"):
        directory.apply(DirectoryChange("agent", agent, Agent(id=agent)))
    directory.apply(DirectoryChange("team", "nobody", Team(id="nobody")))
    desk = ServiceDesk(InMemoryTickets(), directory, clock=lambda: datetime(2026, 1, 5, 9, tzinfo=UTC))
    for ticket_id in ("T-1", "T-2"):
        await desk.send(ticket_id, OpenTicket(subject="s"))
        await OwnershipService(desk).accept_ticket(ticket_id, "anna")
    return EnvelopeService(desk)


async def test_a_thousand_envelopes_one_within_the_other(envelopes: EnvelopeService) -> None:
    asks, expert = "anna", "nina"
    for number in range(MANY):
        envelope = await envelopes.create_envelope("T-1", asks, "r", expert_id=expert, envelope_id=f"e{number}")
        assert (envelope.level, envelope.parent_envelope_id) == (number + 2, f"e{number - 1}" if number else None)
        await envelopes.accept_envelope("T-1", envelope.envelope_id, expert)
        asks, expert = expert, "nora" if expert == "nina" else "nina"
    view = await envelopes.get_owner_view("anna", "T-1")
    assert len(view.envelopes) == MANY
    assert len((await envelopes.get_expert_view("nina", "T-1")).my_envelopes) == MANY


async def test_whom_an_expert_asks_may_ask_back_and_no_envelope_is_above_itself(envelopes: EnvelopeService) -> None:
    above: dict[str, str | None] = {}
    for asks, expert in (("anna", "nina"), ("nina", "nora"), ("nora", "nina"), ("nina", "nora")):
        envelope = await envelopes.create_envelope("T-1", asks, "r", expert_id=expert)
        await envelopes.accept_envelope("T-1", envelope.envelope_id, expert)
        assert envelope.parent_envelope_id is None or envelope.parent_envelope_id in above
        assert envelope.level == len(above) + 2
        above[envelope.envelope_id] = envelope.parent_envelope_id
    with pytest.raises(EnvelopeRejected, match="owner_cannot_assist"):
        await envelopes.create_envelope("T-1", "nora", "r", expert_id="anna")


@pytest.mark.parametrize(
    ("left", "code"), [(Agent(id="nina", is_active=False), "agent_inactive"), (None, "agent_unknown")]
)
async def test_an_expert_who_left_does_no_more_and_the_owner_ends_it_for_them(
    envelopes: EnvelopeService, directory: DirectoryState, left: Agent | None, code: str
) -> None:
    for envelope_id in ("active", "pending"):
        await envelopes.create_envelope("T-1", "anna", "r", expert_id="nina", envelope_id=envelope_id)
    await envelopes.accept_envelope("T-1", "active", "nina")
    directory.apply(DirectoryChange("agent", "nina", left))
    for refused in (
        envelopes.accept_envelope("T-1", "pending", "nina"),
        envelopes.complete_envelope("T-1", "active", "nina"),
        envelopes.create_envelope("T-1", "nina", "r", expert_id="nora"),
    ):
        with pytest.raises(EnvelopeRejected, match=code) as rejected:
            await refused
        assert rejected.value.details == {"agent_id": "nina"}
    with pytest.raises(EnvelopeRejected, match="expert_unknown"):
        await envelopes.create_envelope("T-1", "anna", "r", expert_id="nina")
    assert (await envelopes.complete_envelope("T-1", "active", "anna")).status == "completed"
    assert (await envelopes.cancel_envelope("T-1", "pending", "anna")).status == "cancelled"


async def test_a_team_without_members_is_asked_and_nobody_may_accept(envelopes: EnvelopeService) -> None:
    await envelopes.create_envelope("T-1", "anna", "r", "nobody", envelope_id="e")
    with pytest.raises(EnvelopeRejected, match="not_team_member"):
        await envelopes.accept_envelope("T-1", "e", "nina")
    assert (await envelopes.cancel_envelope("T-1", "e", "anna")).status == "cancelled"


async def test_another_ticket_s_envelope_is_unknown(envelopes: EnvelopeService) -> None:
    await envelopes.create_envelope("T-2", "anna", "r", expert_id="nina", envelope_id="e")
    for refused in (
        envelopes.accept_envelope("T-1", "e", "nina"),
        envelopes.complete_envelope("T-1", "e", "nina"),
        envelopes.cancel_envelope("T-1", "e", "anna"),
    ):
        with pytest.raises(EnvelopeRejected, match="envelope_unknown"):
            await refused
