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
async def envelopes() -> EnvelopeService:
    """Two tickets of anna's; nobody is in the team of nobody."""
    directory = DirectoryState()
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
