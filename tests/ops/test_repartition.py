"""A history on another partition count: the same bytes, an audit that holds, and a fleet that goes on."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping

import orjson
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions

from contracts.partitioner import partition_of
from contracts.topics import Topics
from ops.audit import audit
from ops.console import CommandFailed
from ops.log_reader import LogRecord
from ops.repartition import NewTopics, Repartition, Repartitioned
from producers.topics_admin import TopicsUnfit, require_topics
from tests.fleet import Fleet, idle_fleet
from tests.ops.audit.workload import all_outcomes, forge
from tests.stack import Stack

pytestmark = pytest.mark.broker
PARTITIONS = 7


def ignore(_partition: int, _events: int) -> None:
    """Progress that nobody watches."""


async def repartitioned(fleet: Fleet) -> Repartitioned:
    new = NewTopics(Topics(f"n{fleet.topics.prefix}"), PARTITIONS, 1)
    return await Repartition(fleet.stack.kafka, fleet.topics, new).run(ignore)


def by_ticket(records: Iterable[LogRecord]) -> Mapping[bytes | None, list[object]]:
    found: dict[bytes | None, list[object]] = defaultdict(list)
    for record in records:
        found[record.key].append((record.value, record.timestamp, tuple(record.headers)))
    return found


@pytest.fixture
async def old(stack: Stack, prefix: str) -> AsyncIterator[Fleet]:
    """A fleet that has gone home after every kind of outcome."""
    async with idle_fleet(stack, prefix) as fleet:
        async with fleet.worker():
            await all_outcomes(fleet)
        await fleet.deserted()
        yield fleet


@pytest.fixture
async def new(stack: Stack, prefix: str, old: Fleet) -> AsyncIterator[Fleet]:
    """What becomes of it on more partitions, with commands that nobody had decided before."""
    await old.send("note.add", "T-1", agent_id="owner", content="sent to the old topics", command_id="waiting")
    await old.publish(old.topics.commands, b"{", None, 3)
    done = await repartitioned(old)
    assert (done.waiting_commands, done.partitions) == (2, PARTITIONS)
    async with idle_fleet(stack, f"n{prefix}", PARTITIONS) as fleet:
        yield fleet


async def test_a_history_goes_on_where_it_stopped(old: Fleet, new: Fleet) -> None:
    copied = await new.records(new.topics.events)
    assert by_ticket(copied) == by_ticket(await old.records(old.topics.events))
    assert all(record.partition == partition_of((record.key or b"").decode(), PARTITIONS) for record in copied)
    before, after = await old.snapshots(), await new.snapshots()
    assert after == {ticket_id: snapshot | {"source_offset": -1} for ticket_id, snapshot in before.items()}

    owned = next(ticket_id for ticket_id, snapshot in after.items() if snapshot["owner_id"] == "busy")
    async with new.worker():
        await new.settled()
        assert (await new.events("T-1"))[-1]["causationid"] == "waiting"
        assert [record.partition for record in await new.dead_letters()] == [3]
        # What was accepted before is remembered, an owner's places are counted, and the owner goes on.
        await new.send("ticket.accept", "late", command_id="early", agent_id="owner")
        await new.send("ticket.open", "B-9", subject="one too many")
        await new.send("ticket.accept", "B-9", agent_id="busy")
        await new.settled()
        await new.send("ticket.resolve", owned, agent_id="busy", summary="done")
        await new.settled()
        await new.send("ticket.accept", "B-9", agent_id="busy")
        await new.settled()
        assert [each["data"]["code"] for each in await new.rejections("B-9")] == ["agent_at_capacity"]
        assert [each["type"] for each in await new.events("B-9")][-1] == "org.itilnext.ticket.accepted.v1"
        assert len(await new.events("late")) == len([each for each in copied if each.key == b"late"])
        report = await audit(new.stack.kafka, new.stack.redis, new.topics)
    assert report.holds, report.differences
    assert report.tickets == len(after) + 1
    assert (await new.snapshots())[owned]["source_offset"] >= 1


async def test_what_can_t_be_carried_on_is_refused(stack: Stack, prefix: str) -> None:
    async with idle_fleet(stack, prefix, 2) as fleet:
        async with fleet.worker():
            await fleet.send("ticket.open", "T-1", subject="fire")
            await fleet.settled()
            with pytest.raises(CommandFailed, match="has members"):
                await repartitioned(fleet)
        await fleet.deserted()
        await repartitioned(fleet)
        with pytest.raises(CommandFailed, match="is not empty") as refused:
            await repartitioned(fleet)
        assert f"Delete the topics of n{prefix}" in refused.value.remedy
        lying = await forge(fleet, "T-1", ticketversion=99)
        new = NewTopics(Topics(f"m{prefix}"), PARTITIONS, 1)
        with pytest.raises(CommandFailed, match=f"not whole at {lying}: version 99 of T-1 does not follow"):
            await Repartition(stack.kafka, fleet.topics, new).run(ignore)


async def add_partitions(stack: Stack, counts: Mapping[str, int]) -> None:
    """Add partitions as somebody does who knows nothing of tickets."""
    admin = AIOKafkaAdminClient(**stack.kafka.client())
    await admin.start()
    try:
        await admin.create_partitions({topic: NewPartitions(count) for topic, count in counts.items()})
        while any(len(each["partitions"]) != counts[each["topic"]] for each in await admin.describe_topics([*counts])):
            pass
    finally:
        await admin.close()


async def test_what_kafkas_own_adding_of_partitions_has_broken_is_mended(stack: Stack, prefix: str) -> None:
    async with idle_fleet(stack, prefix, 2) as fleet:
        async with fleet.worker():
            for number in range(9):
                await fleet.send("ticket.open", f"T-{number}", subject="fire")
            await fleet.settled()
        await fleet.deserted()
        before = by_ticket(await fleet.records(fleet.topics.events))
        await add_partitions(stack, {fleet.topics.events: 3, fleet.topics.commands: 4})
        with pytest.raises(TopicsUnfit):
            await require_topics(stack.kafka, fleet.topics)
        await fleet.producer.client.force_metadata_update()
        waiting = fleet.command("ticket.open", "T-9", {"subject": "sent to a partition that was added"})
        await fleet.publish(fleet.topics.commands, orjson.dumps(waiting), b"T-9", 3)
        done = await repartitioned(fleet)
    assert (done.tickets, done.waiting_commands) == (9, 1)
    async with idle_fleet(stack, f"n{prefix}", PARTITIONS) as new:
        assert by_ticket(await new.records(new.topics.events)) == before
        async with new.worker():
            await new.settled()
            assert [each["causationid"] for each in await new.events("T-9")] == [waiting["id"]]
            report = await audit(stack.kafka, stack.redis, new.topics)
        assert report.holds, report.differences
        assert report.tickets == 10
