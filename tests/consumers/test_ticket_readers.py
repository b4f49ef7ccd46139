"""One contract for whoever looks tickets up: in memory, and in the Redis view as the workers write it.

The same outcomes go into both. What the library's services make of a reader is compared too.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import pytest
from redis.asyncio import Connection, ConnectionPool, Redis

from consumers.view import NOT_BUILT, Change, PartitionView
from consumers.view_reader import ViewReader
from contracts import commands as c
from contracts.commands import COMMANDS, Command
from contracts.json_values import write_json
from contracts.partitioner import partition_of
from contracts.received import Position, ReceivedCommand
from contracts.ticket import Ticket
from services import SYSTEM, CaseViewService, CommandRejected, InMemoryTickets, PriorityService, TimelineService, Viewer
from services.handling import Accepted, World, handle
from services.repositories import TicketReader, WorkReader
from services.score_facts import ScoreFacts, facts_of
from tests.services.cast import MONDAY, directory
from tests.services.spec import Places

if TYPE_CHECKING:
    from tests.stack import Stack

PARTITIONS = 4
WORLD = World(directory(), Places())
_NAMES = {model: name for name, model in COMMANDS.items()}
Save = Callable[[Accepted], Awaitable[None]]


class Reader(TicketReader, WorkReader, Protocol):
    """All that looks tickets up."""


@dataclass
class Kept:
    """A reader, and how an outcome gets to where it reads; `tickets` are those that were kept, as decided."""

    reader: Reader
    save: Save
    tickets: dict[str, Ticket]
    sent: int = 0
    at: datetime = MONDAY

    async def keep(self, ticket_id: str, *commands: Command) -> None:
        for command in commands:
            self.sent += 1
            received = ReceivedCommand(
                ticket_id=ticket_id,
                source="/tests",
                id=f"c{self.sent}",
                name=_NAMES[type(command)],
                time=self.at,
                recorded_at=self.at,
                correlation_id=None,
                data=command,
                as_received={},
                position=Position(0, self.sent),
            )
            outcome = handle(received, self.tickets.get(ticket_id), WORLD)
            assert isinstance(outcome, Accepted), outcome
            await self.save(outcome)
            self.tickets[ticket_id] = outcome.ticket


class RedisSaver:
    """Writes outcomes into the view, each partition's from its beginning, as a worker does."""

    def __init__(self, views: list[PartitionView]) -> None:
        self._views = views
        self._at = [NOT_BUILT] * len(views)
        self._before: dict[str, Ticket] = {}

    async def save(self, accepted: Accepted) -> None:
        ticket = accepted.ticket
        partition = partition_of(ticket.id, PARTITIONS)
        view, at = self._views[partition], self._at[partition]
        before = self._before.get(ticket.id)
        change = Change(ticket.id, before, ticket, write_json(ticket), accepted.events)
        await view.apply(at, at + 1, ticket.source_offset, view.writes_for(change, ticket.source_offset))
        self._at[partition] = at + 1
        self._before[ticket.id] = ticket


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.broker)])
async def kept(request: pytest.FixtureRequest) -> AsyncIterator[Kept]:
    """Each implementation in turn, with nothing in it."""
    if request.param == "memory":
        tickets = InMemoryTickets()
        yield Kept(tickets, tickets.save, {})
        return
    stack: Stack = request.getfixturevalue("stack")
    prefix: str = request.getfixturevalue("prefix")
    async with stack.redis.client() as redis:
        saver = RedisSaver([PartitionView(redis, prefix, partition) for partition in range(PARTITIONS)])
        yield Kept(ViewReader(redis, prefix, PARTITIONS), saver.save, {})


OWNED = (c.OpenTicket(subject="s", team_id="desk"), c.AcceptTicket(agent_id="anna"))
HELPED = (
    c.CreateEnvelope(agent_id="anna", reason="help", expert_id="nina", envelope_id="e1"),
    c.AcceptEnvelope(agent_id="nina", envelope_id="e1"),
    c.AddNote(agent_id="nina", content="secret", visibility="envelope_only", envelope_id="e1"),
    c.CreateTask(agent_id="nina", title="hidden", envelope_id="e1", assigned_to="nora"),
)


async def test_an_unknown_ticket_is_none_and_has_no_history(kept: Kept) -> None:
    assert await kept.reader.get("T-none") is None
    assert await kept.reader.history("T-none") is None
    assert await kept.reader.open_tickets_of("anna") == ()


async def test_a_ticket_is_as_it_was_decided_last(kept: Kept) -> None:
    await kept.keep("T-1", *OWNED, *HELPED)
    assert await kept.reader.get("T-1") == kept.tickets["T-1"]


async def test_events_come_by_version_all_of_them_and_no_other_ticket_s(kept: Kept) -> None:
    await kept.keep("T-1", *OWNED, *(c.AddNote(agent_id="anna", content=str(number)) for number in range(12)))
    await kept.keep("T-2", *OWNED)
    history = await kept.reader.history("T-1")
    assert history is not None
    assert (history.ticket, history.complete) == (kept.tickets["T-1"], True)
    assert [event.version for event in history.events] == list(range(1, 15))
    assert {event.ticket_id for event in history.events} == {"T-1"}
    assert history.events[-1].data.wire()["content"] == "11"


@pytest.mark.parametrize(
    ("versions", "found"), [(range(2, 4), [2, 3]), (range(0), []), (range(3, 99), [3, 4]), (range(9, 99), [])]
)
async def test_a_long_history_is_read_page_by_page(kept: Kept, versions: range, found: list[int]) -> None:
    await kept.keep("T-1", *OWNED, *(c.AddNote(agent_id="anna", content=str(number)) for number in range(2)))
    history = await kept.reader.history("T-1", versions)
    assert history is not None
    assert [event.version for event in history.events] == found
    entries = await TimelineService(kept.reader).timeline("T-1", SYSTEM, versions)
    assert [entry.version for entry in entries] == found


async def test_open_tickets_of_an_agent_are_by_id_and_end_with_resolving(kept: Kept) -> None:
    for number in (3, 1, 2, 4):
        await kept.keep(f"T-{number}", *OWNED)
    await kept.keep("T-0", c.OpenTicket(subject="unowned"))
    resolve = c.ResolveTicket(agent_id="anna")
    await kept.keep("T-3", resolve)
    await kept.keep("T-4", resolve, c.CloseTicket(agent_id="anna"))
    assert await kept.reader.open_tickets_of("anna") == (kept.tickets["T-1"], kept.tickets["T-2"])
    await kept.keep("T-4", c.ReopenTicket())
    assert [ticket.id for ticket in await kept.reader.open_tickets_of("anna")] == ["T-1", "T-2", "T-4"]


async def test_a_transferred_ticket_is_the_new_owner_s(kept: Kept) -> None:
    moved = c.TransferTicket(new_owner_id="ben", transfer_type="termination", reason="left", authorized_by="max")
    await kept.keep("T-1", *OWNED, moved)
    assert await kept.reader.open_tickets_of("anna") == ()
    assert [ticket.id for ticket in await kept.reader.open_tickets_of("ben")] == ["T-1"]


async def test_any_id_is_an_id(kept: Kept) -> None:
    for ticket_id in ("a/b", "ü:{x}", "T 1", "*"):
        await kept.keep(ticket_id, *OWNED)
        assert await kept.reader.get(ticket_id) == kept.tickets[ticket_id]
        history = await kept.reader.history(ticket_id)
        assert history is not None
        assert len(history.events) == 2
    assert len(await kept.reader.open_tickets_of("anna")) == 4


@pytest.mark.parametrize(("agent", "reads"), [("nina", True), ("anna", False), ("nora", False)])
async def test_timelines_over_a_reader_hold_what_the_viewer_may_see(kept: Kept, agent: str, *, reads: bool) -> None:
    await kept.keep("T-1", *OWNED, *HELPED)
    entries = await TimelineService(kept.reader).timeline("T-1", Viewer("agent", agent))
    assert [entry.version for entry in entries] == [1, 2, 3, 4, *((5, 6) if reads else ())]
    with pytest.raises(CommandRejected, match="ticket_unknown"):
        await TimelineService(kept.reader).timeline("T-none", Viewer("agent", agent))


async def test_views_over_a_reader_are_the_owner_s_and_the_expert_s(kept: Kept) -> None:
    await kept.keep("T-1", *OWNED, *HELPED)
    views = CaseViewService(kept.reader, WORLD.directory)
    owner = await views.get_owner_view("anna", "T-1")
    expert = await views.get_expert_view("nina", "T-1")
    assert ([envelope.status for envelope in owner.envelopes], owner.ticket.tasks) == (["active"], ())
    assert [entry.data.get("content", entry.data.get("title")) for entry in expert.content["e1"]] == [
        "secret",
        "hidden",
    ]
    for refused in (
        views.get_owner_view("nina", "T-1"),
        views.get_owner_view("anna", "T-none"),
        views.get_expert_view("nobody", "T-1"),
    ):
        with pytest.raises(CommandRejected, match=r"not_owner|ticket_unknown|agent_unknown"):
            await refused


LATER = MONDAY + timedelta(days=3, minutes=30)
"""The minutes of the last activity count then: it was three days and half an hour ago."""


def by_id(found: Sequence[ScoreFacts]) -> list[ScoreFacts]:
    return sorted(found, key=lambda facts: facts.id)


@pytest.mark.parametrize("at", [MONDAY, LATER])
async def test_work_is_the_facts_of_the_open_tickets_of_an_agent_or_a_team(kept: Kept, at: datetime) -> None:
    for number in (3, 1, 2):
        await kept.keep(f"T-{number}", *OWNED)
    await kept.keep("T-0", c.OpenTicket(subject="unowned", team_id="desk"))
    await kept.keep("T-4", c.OpenTicket(subject="another team's", team_id="network"), c.AcceptTicket(agent_id="anna"))
    await kept.keep("T-1", *HELPED, c.AddFlag(agent_id="ben", flag="legal"))
    await kept.keep("T-3", c.ResolveTicket(agent_id="anna"))

    def facts(*numbers: int) -> list[ScoreFacts]:
        """As they were decided; where the minutes don't count they may be told to the hour, which MONDAY is."""
        return [facts_of(kept.tickets[f"T-{number}"]) for number in numbers]

    assert by_id(await kept.reader.work_of_agent("anna", at)) == facts(1, 2, 4)
    assert by_id(await kept.reader.work_of_team("desk", at)) == facts(0, 1, 2)
    await kept.keep("T-3", c.ReopenTicket())
    assert by_id(await kept.reader.work_of_agent("anna", at)) == facts(1, 2, 3, 4)
    assert await kept.reader.work_of_agent("nobody", at) == []
    assert await kept.reader.work_of_team("nothing", at) == []


async def test_a_queue_over_a_reader_is_exact_to_the_minute(kept: Kept) -> None:
    await kept.keep("T-1", *OWNED)
    kept.at = MONDAY + timedelta(minutes=20)
    await kept.keep("T-2", *OWNED)
    priorities = PriorityService(kept.reader, WORLD.directory, lambda: MONDAY)
    for minutes, stale in ((0, set()), (10, {"T-1"}), (20, {"T-1"}), (21, {"T-1", "T-2"})):
        queue = await priorities.work_queue("anna", MONDAY + timedelta(days=3, minutes=minutes))
        assert {each.id for each in queue.needs_attention if each.factors["staleness"] > 1} == stale


class Counting(Connection):
    """A connection that counts how often it sends: a round trip each."""

    sent = 0

    async def send_packed_command(self, command: bytes | str | Iterable[bytes], check_health: bool = True) -> None:  # noqa: FBT001, FBT002 as redis has it
        type(self).sent += 1
        await super().send_packed_command(command, check_health)


@pytest.mark.broker
async def test_a_view_takes_one_round_trip(stack: "Stack", prefix: str) -> None:
    async with Redis.from_pool(ConnectionPool.from_url(stack.redis_url, connection_class=Counting)) as redis:
        saver = RedisSaver([PartitionView(redis, prefix, partition) for partition in range(PARTITIONS)])
        kept = Kept(ViewReader(redis, prefix, PARTITIONS), saver.save, {})
        await kept.keep("T-1", *OWNED, *HELPED)
        views, timelines = CaseViewService(kept.reader, WORLD.directory), TimelineService(kept.reader)
        for look in (
            views.get_owner_view("anna", "T-1"),
            views.get_expert_view("nina", "T-1"),
            timelines.timeline("T-1", SYSTEM),
            timelines.timeline("T-1", SYSTEM, range(2, 4)),
        ):
            before = Counting.sent
            await look
            assert Counting.sent == before + 1
