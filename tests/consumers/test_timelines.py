"""Timelines and lists of the read side: written with every batch, whole again after Redis was lost."""

import asyncio

import pytest

from consumers.view_reader import ViewReader
from contracts.ticket import Ticket
from services import Viewer
from services.timeline_service import TimelineService
from tests.consumers.places import lose_view
from tests.fleet import SETTLE_SECONDS, Fleet, running_worker
from tests.stack import Stack

pytestmark = pytest.mark.broker


async def work_on(fleet: Fleet, ticket_id: str) -> None:
    """A short life with an envelope and its content."""
    await fleet.send("ticket.open", ticket_id, subject="x")
    await fleet.send("ticket.accept", ticket_id, agent_id="ann")
    await fleet.send("envelope.create", ticket_id, agent_id="ann", expert_id="bob", envelope_id="e1", reason="help")
    await fleet.send("envelope.accept", ticket_id, agent_id="bob", envelope_id="e1")
    note = {"agent_id": "bob", "content": "secret", "visibility": "envelope_only", "envelope_id": "e1"}
    await fleet.send("note.add", ticket_id, **note)
    await fleet.send("task.create", ticket_id, agent_id="bob", title="look", envelope_id="e1", assigned_to="bob")


async def whole_history(reader: ViewReader, ticket_id: str) -> tuple[Ticket, tuple[bytes, ...]]:
    """Wait for a timeline to be complete, and return the ticket with its events' bytes."""
    async with asyncio.timeout(SETTLE_SECONDS):
        while True:
            history = await reader.history(ticket_id)
            if history is not None and history.complete:
                return history.ticket, tuple(event.value for event in history.events)
            await asyncio.sleep(0.05)


async def test_timelines_hold_the_log_and_are_filled_again_after_a_lost_redis(stack: Stack, prefix: str) -> None:
    async with running_worker(stack, prefix, partitions=2) as fleet:
        reader = ViewReader(fleet.redis, prefix, 2)
        for agent in ("ann", "bob"):
            await fleet.enter("agent", agent)
        for number in range(5):
            await work_on(fleet, f"T-{number}")
        await fleet.settled()
        log = await fleet.records(fleet.topics.events)
        before = {f"T-{n}": await whole_history(reader, f"T-{n}") for n in range(5)}
        for ticket_id, (_, events) in before.items():
            assert events == tuple(record.value for record in log if record.key == ticket_id.encode())
        await lose_view(fleet)
        await fleet.send("note.add", "T-0", agent_id="ann", content="after the loss")
        await fleet.settled()
        for ticket_id, (_, events) in before.items():
            _, now = await whole_history(reader, ticket_id)
            assert now[: len(events)] == events
            assert len(now) == len(events) + (ticket_id == "T-0")


async def test_a_reader_is_told_of_an_incomplete_timeline_and_reads_page_by_page(stack: Stack, prefix: str) -> None:
    async with running_worker(stack, prefix, partitions=2) as fleet:
        reader = ViewReader(fleet.redis, prefix, 2)
        for agent in ("ann", "bob"):
            await fleet.enter("agent", agent)
        await work_on(fleet, "T-1")
        await fleet.settled()
        await fleet.timelines_filled()
        page = await reader.history("T-1", range(2, 4))
        assert page is not None
        assert [event.version for event in page.events] == [2, 3]
        keys = fleet.view(fleet.partition_of("T-1")).keys
        await fleet.redis.hdel(keys.timeline("T-1"), "4")
        history = await reader.history("T-1")
        assert history is not None
        assert not history.complete
        assert await reader.history("T-none") is None


async def test_lists_follow_the_tickets(stack: Stack, prefix: str) -> None:
    async with running_worker(stack, prefix, partitions=2) as fleet:
        reader = ViewReader(fleet.redis, prefix, 2)
        await fleet.enter("team", "net")
        for agent in ("ann", "bob"):
            await fleet.enter("agent", agent)
        await work_on(fleet, "T-1")
        await work_on(fleet, "T-2")
        await fleet.send("envelope.create", "T-1", agent_id="ann", team_id="net", envelope_id="e2", reason="more")
        await fleet.send("envelope.complete", "T-2", agent_id="bob", envelope_id="e1")
        await fleet.settled()
        assert await reader.index("envelopes-for-team", "net") == ("T-1/e2",)
        assert await reader.index("envelopes-of-expert", "bob") == ("T-1/e1",)
        assert len(await reader.index("tasks", "bob")) == 2
        assert [ticket.id for ticket in await reader.open_tickets_of("ann")] == ["T-1", "T-2"]
        service = TimelineService(reader)
        assert "secret" in repr(await service.timeline("T-1", Viewer("agent", "bob")))
        assert "secret" not in repr(await service.timeline("T-1", Viewer("agent", "ann")))
