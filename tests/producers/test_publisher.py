"""Commands and directory entries arrive where readers look for them, in order, and what can't be sent is told."""

from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from aiokafka.errors import KafkaConnectionError, MessageSizeTooLargeError

from contracts.cloudevents import event_type
from contracts.directory import directory_value
from contracts.partitioner import partition_of
from contracts.topics import MAX_COMMAND_BYTES, Topics
from ops.log_reader import LogReader, LogRecord, all_partitions
from producers.connection import KafkaConnection
from producers.publisher import MAX_IN_FLIGHT, CommandPublisher, NotPublishable
from producers.topics_admin import TopicsUnfit, create_topics
from tests.stack import Stack

PARTITIONS = 4


@pytest.fixture
async def topics(stack: Stack, prefix: str) -> Topics:
    """Return topics that were made."""
    await create_topics(stack.kafka, Topics(prefix), PARTITIONS, 1)
    return Topics(prefix)


def note(ticket_id: str, number: int = 0) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"{ticket_id}-{number}",
        "source": "/tests",
        "type": event_type("note.add"),
        "subject": ticket_id,
        "data": {"agent_id": "a1", "content": str(number)},
    }


async def read(stack: Stack, topic: str, partitions: int = PARTITIONS) -> list[LogRecord]:
    async with LogReader(stack.kafka, all_partitions([topic], partitions)) as reader:
        return [record async for record in reader.until(await reader.ends())]


@pytest.mark.broker
async def test_a_command_lies_on_the_partition_of_its_ticket_under_its_key(stack: Stack, topics: Topics) -> None:
    events = [note(f"T-{number}") for number in range(20)]
    async with CommandPublisher(stack.kafka, topics) as publisher:
        deliveries = [await (await publisher.send(event)) for event in events]
    records = {record.key: record for record in await read(stack, topics.commands)}
    for event, delivery in zip(events, deliveries, strict=True):
        record = records[event["subject"].encode()]
        assert record.partition == partition_of(event["subject"], PARTITIONS)
        assert (delivery.topic, delivery.partition, delivery.offset) == (record.topic, record.partition, record.offset)
        assert record.value == orjson.dumps(event)
        assert record.headers == (("content-type", b"application/cloudevents+json"),)


@pytest.mark.broker
async def test_bytes_that_are_given_are_sent_as_they_are(stack: Stack, topics: Topics) -> None:
    value = b'{ "spaced": "out" }'
    async with CommandPublisher(stack.kafka, topics) as publisher:
        await publisher.send(note("T-1"), value)
    assert [record.value for record in await read(stack, topics.commands)] == [value]


@pytest.mark.broker
async def test_directory_entries_go_to_the_directory_and_a_tombstone_deletes(stack: Stack, topics: Topics) -> None:
    entry = directory_value("agent", "a1", "/tests", {"name": "Ada"})
    async with CommandPublisher(stack.kafka, topics) as publisher:
        await publisher.send(entry)
        await publisher.delete_entry("agent", "a1")
    written, tombstone = await read(stack, topics.directory, 1)
    assert (written.key, written.value) == (b"agent:a1", orjson.dumps(entry))
    assert (tombstone.key, tombstone.value) == (b"agent:a1", None)


@pytest.mark.broker
async def test_more_than_may_be_in_flight_arrive_in_the_order_of_each_ticket(stack: Stack, topics: Topics) -> None:
    count = MAX_IN_FLIGHT + 5_000
    async with CommandPublisher(stack.kafka, topics) as publisher:
        for number in range(count):
            await publisher.send(note(f"T-{number % 50}", number))
        await publisher.flush()
        assert publisher.acknowledged == count
    records = await read(stack, topics.commands)
    assert len(records) == count
    numbers: dict[bytes | None, list[int]] = {}
    for record in records:
        numbers.setdefault(record.key, []).append(int(orjson.loads(record.value or b"")["data"]["content"]))
    assert all(found == sorted(found) for found in numbers.values())


@pytest.mark.broker
async def test_what_is_delivered_is_on_the_log_in_order_however_many_batches_it_takes(
    stack: Stack, topics: Topics
) -> None:
    events = [note(f"T-{number % 50}", number) | {"filler": "x" * 500} for number in range(5_000)]
    async with CommandPublisher(stack.kafka, topics) as publisher:
        await publisher.deliver(events)
        records = await read(stack, topics.commands)
        assert publisher.acknowledged == len(events)
    assert {record.key for record in records} == {event["subject"].encode() for event in events}
    assert all(record.partition == partition_of((record.key or b"").decode(), PARTITIONS) for record in records)
    assert {record.headers for record in records} == {(("content-type", b"application/cloudevents+json"),)}
    for key in {record.key for record in records}:
        found = [orjson.loads(record.value or b"") for record in records if record.key == key]
        assert found == [event for event in events if event["subject"].encode() == key]


@pytest.mark.broker
async def test_what_is_delivered_goes_where_it_belongs(stack: Stack, topics: Topics) -> None:
    entry = {**note("agent:ann", 0), "type": event_type("directory.agent")}
    async with CommandPublisher(stack.kafka, topics) as publisher:
        await publisher.deliver([note("T-1", 1), entry])
    assert [record.key for record in await read(stack, topics.commands)] == [b"T-1"]
    assert [record.key for record in await read(stack, topics.directory, 1)] == [b"agent:ann"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"type": event_type("tick")}, "a tick goes to every partition"),
        ({"type": None}, "type is missing"),
        ({"subject": ""}, "subject is missing"),
        ({"subject": 7}, "subject is missing"),
    ],
)
@pytest.mark.broker
async def test_what_has_no_place_is_refused(
    stack: Stack, topics: Topics, change: Mapping[str, object], problem: str
) -> None:
    async with CommandPublisher(stack.kafka, topics) as publisher:
        with pytest.raises(NotPublishable, match=problem):
            await publisher.send({**note("T-1"), **change})
    assert await read(stack, topics.commands) == []


@pytest.mark.broker
async def test_a_command_of_no_known_type_is_for_the_workers_to_judge(stack: Stack, topics: Topics) -> None:
    async with CommandPublisher(stack.kafka, topics) as publisher:
        await publisher.send({**note("T-1"), "type": "org.example.unheard.of"})
    assert len(await read(stack, topics.commands)) == 1


@pytest.mark.parametrize(("key", "value"), [(None, None), (None, b"\xff"), (b"\xfe", None), (b"T-1", b"{}")])
@pytest.mark.broker
async def test_a_record_is_sent_again_whatever_it_holds(
    stack: Stack, topics: Topics, key: bytes | None, value: bytes | None
) -> None:
    headers = (("a", None), ("b", b"\xff"), ("b", b"2"))
    async with CommandPublisher(stack.kafka, topics) as publisher:
        delivery = await (await publisher.send_again(key, value, headers, 3))
    (record,) = await read(stack, topics.commands)
    assert (record.key, record.value, record.headers) == (key, value, headers)
    assert (record.partition, record.offset) == (3, delivery.offset)


@pytest.mark.broker
async def test_the_largest_record_the_topic_takes_is_sent_and_a_larger_one_is_not(stack: Stack, topics: Topics) -> None:
    async with CommandPublisher(stack.kafka, topics) as publisher:
        await publisher.send(note("T-1"), b"x" * (MAX_COMMAND_BYTES - 1_000))
        await publisher.flush()
        with pytest.raises(MessageSizeTooLargeError):
            await publisher.send(note("T-1"), b"x" * (MAX_COMMAND_BYTES + 1))
    assert len(await read(stack, topics.commands)) == 1


@pytest.mark.broker
async def test_what_the_broker_does_not_take_fails_the_flush(stack: Stack, topics: Topics) -> None:
    async with CommandPublisher(stack.kafka, topics) as publisher:
        await publisher.send_again(b"T-1", b"x" * (MAX_COMMAND_BYTES + 1), (), 0)
        with pytest.raises(MessageSizeTooLargeError):
            await publisher.flush()
        assert publisher.acknowledged == 0


@pytest.mark.broker
async def test_leaving_raises_what_could_not_be_sent(stack: Stack, topics: Topics) -> None:
    with pytest.raises(MessageSizeTooLargeError):
        async with CommandPublisher(stack.kafka, topics) as publisher:
            await publisher.send_again(b"T-1", b"x" * (MAX_COMMAND_BYTES + 1), (), 0)


@pytest.mark.broker
async def test_without_its_topics_nothing_is_sent(stack: Stack, prefix: str) -> None:
    with pytest.raises(TopicsUnfit, match="missing"):
        async with CommandPublisher(stack.kafka, Topics(prefix)):
            pytest.fail("it must not come to sending")


async def test_a_broker_out_of_reach_is_an_error_of_its_own() -> None:
    with pytest.raises(KafkaConnectionError):
        async with CommandPublisher(KafkaConnection(bootstrap_servers="127.0.0.1:1"), Topics()):
            pytest.fail("it must not come to sending")
