"""The library: services over in-memory repositories, and refusals as errors of their family (SPEC section 9)."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest

import services
from contracts.commands import AddNote, Command, OpenTicket, ResolveTicket, TransferTicket
from contracts.dead_letters import BadKey, InvalidData
from contracts.directory import Agent
from contracts.recorded import RecordedEvent
from contracts.ticket import Ticket
from services import (
    CommandRejected,
    EnvelopeRejected,
    EnvelopeService,
    InMemoryTickets,
    LifecycleRejected,
    NoteRejected,
    OwnershipRejected,
    OwnershipService,
    ServiceDesk,
    TicketChanged,
)
from services.evolve import fold
from services.handling import Accepted
from services.history import History
from tests.services.cast import MONDAY, directory, later

OPEN = OpenTicket(subject="s", team_id="desk")


@pytest.fixture
def tickets() -> InMemoryTickets:
    return InMemoryTickets()


@pytest.fixture
def desk(tickets: InMemoryTickets) -> ServiceDesk:
    return ServiceDesk(tickets, directory(Agent(id="anna", team_ids=("desk",), max_tickets=2)), lambda: MONDAY)


@pytest.fixture
def ownership(desk: ServiceDesk) -> OwnershipService:
    return OwnershipService(desk)


@pytest.fixture
def envelopes(desk: ServiceDesk) -> EnvelopeService:
    return EnvelopeService(desk)


async def test_a_ticket_is_opened_and_accepted(desk: ServiceDesk, ownership: OwnershipService) -> None:
    opened = await desk.send("T-1", OPEN)
    assert (opened.id, opened.status, opened.opened_at, opened.reference) == (
        "T-1",
        "new",
        MONDAY,
        "INC-2026-00-000000",
    )
    accepted = await ownership.accept_ticket("T-1", "anna")
    assert (accepted.owner_id, accepted.version) == ("anna", 2)
    assert await desk.ticket("T-1") == accepted


@pytest.mark.parametrize("ticket_id", ["", "T 1", "T/1", "x" * 129])
async def test_what_no_message_could_name_names_no_ticket_here_either(
    desk: ServiceDesk, tickets: InMemoryTickets, ticket_id: str
) -> None:
    with pytest.raises(BadKey, match="subject must be a ticket id"):
        await desk.send(ticket_id, OPEN)
    assert await tickets.get(ticket_id) is None


async def test_ownership_is_validated(desk: ServiceDesk, ownership: OwnershipService) -> None:
    await desk.send("T-1", OPEN)
    assert not await ownership.validate_ownership("T-1", "anna")
    await ownership.accept_ticket("T-1", "anna")
    assert await ownership.validate_ownership("T-1", "anna")
    assert not await ownership.validate_ownership("T-1", "ben")
    with pytest.raises(OwnershipRejected) as refused:
        await ownership.validate_ownership("T-2", "anna")
    assert refused.value.code == "ticket_unknown"


async def test_a_refusal_tells_code_message_and_details_and_changes_nothing(
    desk: ServiceDesk, ownership: OwnershipService, tickets: InMemoryTickets
) -> None:
    await desk.send("T-1", OPEN)
    before = await ownership.accept_ticket("T-1", "anna")
    with pytest.raises(OwnershipRejected, match="ticket_already_owned: anna owns this ticket") as refused:
        await ownership.accept_ticket("T-1", "ben")
    assert refused.value.details == {"owner_id": "anna"}
    assert refused.value.message.startswith("anna owns")
    assert await tickets.get("T-1") == before


async def test_ownership_is_transferred(desk: ServiceDesk, ownership: OwnershipService) -> None:
    await desk.send("T-1", OPEN)
    await ownership.accept_ticket("T-1", "anna")
    moved = await ownership.transfer_ownership("T-1", "ben", "termination", "anna left", "max")
    assert moved.owner_id == "ben"
    with pytest.raises(OwnershipRejected, match="transfer_not_exceptional"):
        await ownership.transfer_ownership("T-1", "anna", "vacation", "back", "max")


async def test_capacity_counts_open_tickets_and_a_resolved_one_makes_room(
    desk: ServiceDesk, ownership: OwnershipService, tickets: InMemoryTickets
) -> None:
    for ticket_id in ("T-1", "T-2", "T-3"):
        await desk.send(ticket_id, OPEN)
    await ownership.accept_ticket("T-2", "anna")
    await ownership.accept_ticket("T-1", "anna")
    assert [ticket.id for ticket in await tickets.open_tickets_of("anna")] == ["T-1", "T-2"]
    with pytest.raises(OwnershipRejected, match="agent_at_capacity"):
        await ownership.accept_ticket("T-3", "anna")
    await ownership.accept_ticket("T-3", "ben")
    with pytest.raises(OwnershipRejected, match="agent_at_capacity"):
        await ownership.transfer_ownership("T-3", "anna", "termination", "r", "max")
    await desk.send("T-1", ResolveTicket(agent_id="anna"))
    await ownership.transfer_ownership("T-3", "anna", "termination", "r", "max")
    assert [ticket.id for ticket in await tickets.open_tickets_of("anna")] == ["T-2", "T-3"]
    assert await tickets.open_tickets_of("ben") == ()


async def test_an_envelope_goes_its_way(
    desk: ServiceDesk, ownership: OwnershipService, envelopes: EnvelopeService
) -> None:
    await desk.send("T-1", OPEN)
    await ownership.accept_ticket("T-1", "anna")
    asked = await envelopes.create_envelope("T-1", "anna", "which cable?", "network", response_hours=0.5)
    assert (asked.status, asked.team_id, asked.response_due_at) == ("pending", "network", later(minutes=30))
    accepted = await envelopes.accept_envelope("T-1", asked.envelope_id, "nina")
    assert (accepted.status, accepted.expert_id) == ("active", "nina")
    deeper = await envelopes.create_envelope("T-1", "nina", "and now?", expert_id="ben", envelope_id="e3")
    assert (deeper.envelope_id, deeper.level, deeper.parent_envelope_id) == ("e3", 3, asked.envelope_id)
    done = await envelopes.complete_envelope("T-1", asked.envelope_id, "nina", "the blue one")
    assert (done.status, done.summary) == ("completed", "the blue one")
    cancelled = await envelopes.cancel_envelope("T-1", "e3", "nina", "no need")
    assert cancelled.status == "cancelled"
    with pytest.raises(EnvelopeRejected, match="envelope_not_open"):
        await envelopes.cancel_envelope("T-1", "e3", "nina")
    with pytest.raises(EnvelopeRejected, match="envelope_unknown"):
        await envelopes.accept_envelope("T-1", "e9", "nina")


async def test_each_family_has_its_error_and_all_are_command_rejected(desk: ServiceDesk) -> None:
    refused: list[tuple[Command, type[CommandRejected]]] = [
        (OPEN, LifecycleRejected),
        (ResolveTicket(agent_id="anna"), LifecycleRejected),
        (AddNote(agent_id="anna", content="n", visibility="public"), NoteRejected),
        (TransferTicket(new_owner_id="b", transfer_type="x", reason="r", authorized_by="m"), OwnershipRejected),
    ]
    await desk.send("T-1", OPEN)
    for command, family in refused:
        with pytest.raises(CommandRejected) as error:
            await desk.send("T-1", command)
        assert type(error.value) is family


async def test_arguments_of_a_wrong_form_are_no_command(
    ownership: OwnershipService, envelopes: EnvelopeService, tickets: InMemoryTickets
) -> None:
    with pytest.raises(InvalidData, match="agent_id"):
        await ownership.accept_ticket("T-1", "")
    with pytest.raises(InvalidData, match="response_hours"):
        await envelopes.create_envelope("T-1", "anna", "r", response_hours=0)
    assert await tickets.get("T-1") is None


async def events_of(tickets: InMemoryTickets, ticket_id: str) -> tuple[RecordedEvent, ...]:
    history = await tickets.history(ticket_id)
    assert history is not None
    return history.events


async def test_the_log_of_a_ticket_is_kept_and_folds_to_it(desk: ServiceDesk, tickets: InMemoryTickets) -> None:
    await desk.send("T-1", OPEN)
    noted = await desk.send("T-1", AddNote(agent_id="anna", content="n"))
    events = await events_of(tickets, "T-1")
    assert [event.name for event in events] == ["ticket.opened", "note.added"]
    folded = fold(events)
    assert folded is not None
    assert folded.changed(source_offset=noted.source_offset) == noted
    assert await tickets.history("T-2") is None


async def test_ids_follow_from_what_was_decided(desk: ServiceDesk, tickets: InMemoryTickets) -> None:
    await desk.send("T-1", OPEN)
    with pytest.raises(CommandRejected):
        await desk.send("T-1", ResolveTicket(agent_id="anna"))
    await desk.send("T-1", AddNote(agent_id="anna", content="n"))
    causes = [(event.cause_source, event.cause_id) for event in await events_of(tickets, "T-1")]
    assert causes == [("/itilnext/library", "T-1:1:ticket.open"), ("/itilnext/library", "T-1:2:note.add")]


async def test_a_clock_in_any_zone_will_do_but_it_must_tell_which(tickets: InMemoryTickets) -> None:
    east = timezone(timedelta(hours=9))
    opened = await ServiceDesk(tickets, directory(), lambda: MONDAY.astimezone(east)).send("T-1", OPEN)
    assert opened.opened_at == MONDAY
    assert opened.opened_at.utcoffset() == timedelta(0)
    naive = ServiceDesk(tickets, directory(), lambda: datetime(2026, 1, 5))  # noqa: DTZ001 the point
    with pytest.raises(ValueError, match="offset from UTC"):
        await naive.send("T-2", OPEN)


async def decided(tickets: InMemoryTickets, command: Command, at: datetime = MONDAY) -> Accepted:
    """What one command decides on the ticket as it is, without being saved."""
    kept = Kept(tickets)
    await ServiceDesk(kept, directory(), lambda: at).send("T-1", command)
    assert kept.accepted is not None
    return kept.accepted


class Kept:
    """A repository that reads another one and only remembers what was to be saved."""

    def __init__(self, tickets: InMemoryTickets) -> None:
        self._tickets = tickets
        self.accepted: Accepted | None = None

    async def get(self, ticket_id: str) -> Ticket | None:
        return await self._tickets.get(ticket_id)

    async def save(self, accepted: Accepted) -> None:
        self.accepted = accepted

    async def open_tickets_of(self, agent_id: str) -> tuple[Ticket, ...]:
        return await self._tickets.open_tickets_of(agent_id)

    async def history(self, ticket_id: str, versions: range | None = None) -> History | None:
        return await self._tickets.history(ticket_id, versions)


async def test_a_decision_on_an_older_state_is_not_saved(tickets: InMemoryTickets) -> None:
    note = AddNote(agent_id="anna", content="n")
    first = await decided(tickets, OPEN)
    await tickets.save(first)
    with pytest.raises(TicketChanged):
        await tickets.save(first)
    one, other = await decided(tickets, note), await decided(tickets, note, later(hours=1))
    await tickets.save(one)
    with pytest.raises(TicketChanged, match="T-1 is at version 2, not 1"):
        await tickets.save(other)
    assert await tickets.get("T-1") == one.ticket


class Overtaken(Kept):
    """A repository in which somebody else's commands come first, as long as there are any."""

    def __init__(self, tickets: InMemoryTickets, others: Iterator[Accepted]) -> None:
        super().__init__(tickets)
        self._others = others

    async def save(self, accepted: Accepted) -> None:
        for other in self._others:
            await self._tickets.save(other)
            break
        await self._tickets.save(accepted)


async def test_a_command_that_was_overtaken_is_decided_again(tickets: InMemoryTickets) -> None:
    await tickets.save(await decided(tickets, OPEN))
    other = await decided(tickets, AddNote(agent_id="ben", content="first"))
    desk = ServiceDesk(Overtaken(tickets, iter([other])), directory(), lambda: MONDAY)
    ticket = await desk.send("T-1", AddNote(agent_id="anna", content="second"))
    assert ticket.version == 3
    assert [event.version for event in await events_of(tickets, "T-1")] == [1, 2, 3]


def test_what_the_library_names_is_there() -> None:
    assert [name for name in services.__all__ if not hasattr(services, name)] == []
