"""A log with every kind of outcome in it, and the means to break it on purpose."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from contracts.identity import event_id, value_hash
from ops.audit import Difference, audit
from ops.log_reader import LogRecord
from tests.fleet import SOURCE, Fleet, idle_fleet
from tests.stack import Stack

TICKETS = 30


async def staff(fleet: Fleet) -> None:
    """Enter the people of the workload: an owner, an expert, and one with room for two tickets only."""
    await fleet.enter("team", "net", lead_id="lead")
    await fleet.enter("agent", "owner", team_ids=["net"])
    await fleet.enter("agent", "expert", team_ids=["net"])
    await fleet.enter("agent", "busy", max_tickets=2)


def tickets(fleet: Fleet, names: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield some commands for each ticket: most are accepted, one is refused, one comes twice."""
    for name in names:
        yield fleet.command("ticket.open", name, {"subject": f"about {name}", "requester_id": "c1", "team_id": "net"})
        yield fleet.command("note.add", name, {"agent_id": "nobody", "content": "unknown agent"})
        accept = fleet.command("ticket.accept", name, {"agent_id": "owner"})
        yield accept
        yield fleet.command("note.add", name, {"agent_id": "owner", "content": "looking", "visibility": "public"})
        yield accept
        envelope = {"agent_id": "owner", "reason": "help", "expert_id": "expert", "envelope_id": f"{name}-e"}
        yield fleet.command("envelope.create", name, envelope)
        yield fleet.command("envelope.accept", name, {"agent_id": "expert", "envelope_id": f"{name}-e"})


async def all_outcomes(fleet: Fleet) -> None:
    """Send a little of everything: accepted, refused, sent twice, refused then accepted, unreadable, misplaced."""
    await staff(fleet)
    await fleet.send_all(tickets(fleet, (f"T-{number}" for number in range(TICKETS))))
    for number in range(4):
        await fleet.send("ticket.open", f"B-{number}", subject="for the busy one")
        await fleet.send("ticket.accept", f"B-{number}", agent_id="busy")
    await fleet.send("ticket.resolve", "T-3", agent_id="owner", summary="too early: the envelope is open")
    await fleet.send("envelope.complete", "T-3", agent_id="expert", envelope_id="T-3-e", summary="done")
    await fleet.send("ticket.resolve", "T-3", agent_id="owner", summary="done")
    # Awaiting, an inbound message makes two events.
    await fleet.send("ticket.await_customer", "T-4", agent_id="owner", reason="which printer?")
    await fleet.send("message.record", "T-4", direction="inbound", content="the red one")
    await fleet.send("ticket.accept", "late", command_id="early", agent_id="owner")
    await fleet.send("ticket.open", "late", subject="late")
    await fleet.send("ticket.accept", "late", command_id="early", agent_id="owner")
    misplaced = (fleet.partition_of("M-1") + 1) % fleet.partitions
    opened = orjson.dumps(fleet.command("ticket.open", "M-1", {"subject": "misplaced"}))
    await fleet.publish(fleet.topics.commands, opened, b"M-1", misplaced)
    moved_before = (("itilnext-moved", b"0:0"),)
    await fleet.publish(fleet.topics.commands, opened, b"M-1", misplaced, headers=moved_before)
    await fleet.publish(fleet.topics.commands, None, None, 0)
    await fleet.publish(fleet.topics.commands, b"{", b"T-1", 1)
    await fleet.settled()


@asynccontextmanager
async def settled_fleet(stack: Stack) -> AsyncIterator[Fleet]:
    """A fleet that has decided all that and gone home: what is broken now stays broken."""
    async with idle_fleet(stack, f"t{uuid4().hex[:12]}.") as fleet:
        async with fleet.worker():
            await all_outcomes(fleet)
        await fleet.deserted()
        yield fleet


async def differences(fleet: Fleet) -> Mapping[str | None, Difference]:
    """Audit, and return what was found, by ticket."""
    report = await audit(fleet.stack.kafka, fleet.stack.redis, fleet.topics)
    assert report.holds == (report.differences_total == 0)
    assert report.differences_total == len(report.differences)
    return {each.ticket_id: each for each in report.differences}


async def of_ticket(fleet: Fleet, topic: str, ticket_id: str) -> list[LogRecord]:
    """Read a ticket's records of a topic."""
    return [record for record in await fleet.records(topic) if record.key == ticket_id.encode()]


async def forge(fleet: Fleet, ticket_id: str, **changes: object) -> str:
    """Append an event that follows the ticket's last one, but for what is changed; return where it lies."""
    last = (await of_ticket(fleet, fleet.topics.events, ticket_id))[-1].value or b""
    before = orjson.loads(last)
    event = before | {
        "id": event_id(ticket_id, SOURCE, "forged", 0),
        "causationsource": SOURCE,
        "causationid": "forged",
        "ticketversion": before["ticketversion"] + 1,
        "prevhash": value_hash(last),
        "type": "org.itilnext.note.added.v1",
        "data": {"agent_id": "owner", "content": "forged", "visibility": "internal", "envelope_id": None},
    }
    partition = fleet.partition_of(ticket_id)
    lying = await fleet.publish(fleet.topics.events, orjson.dumps(event | changes), ticket_id.encode(), partition)
    return f"{fleet.topics.events} {lying.partition}:{lying.offset}"


async def pass_over(fleet: Fleet, partition: int, offset: int) -> None:
    """Commit the group to have decided up to this offset, as a worker would that skips records."""
    consumer = AIOKafkaConsumer(group_id=fleet.group_id, enable_auto_commit=False, **fleet.stack.kafka.client())
    await consumer.start()
    try:
        topic_partition = TopicPartition(fleet.topics.commands, partition)
        consumer.assign([topic_partition])
        await consumer.commit({topic_partition: offset})
    finally:
        await consumer.stop()
