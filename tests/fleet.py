"""A small fleet for tests: its topics, workers within this process, a sender, and readers of what came of it.

    async with running_worker(stack, prefix, partitions=4) as fleet:
        await fleet.enter("agent", "a1", max_tickets=2)
        await fleet.send("ticket.open", "T-1", subject="printer on fire")
        await fleet.settled()
        assert [event["type"] for event in await fleet.events("T-1")] == ["org.itilnext.ticket.opened.v1"]

`settled()` returns when every command sent before is decided, can be read, and is in the view. Everything is real: the
worker is the one of production, on the Kafka and Redis of `tests.stack`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import orjson
from aiokafka import AIOKafkaProducer, TopicPartition
from redis.asyncio import Redis

from consumers.assignment import WorkerLimits
from consumers.observing import UNOBSERVED, Observer
from consumers.ticket_worker import TicketWorkerConfig, run_ticket_worker
from consumers.view import NOT_BUILT, PartitionView
from contracts.cloudevents import STRUCTURED_HEADERS, event_type
from contracts.dead_letters import Headers
from contracts.directory import directory_value
from contracts.partitioner import partition_of
from contracts.received import Position
from contracts.topics import Topics
from ops.group import Groups
from ops.log_reader import LogReader, LogRecord, all_partitions
from producers.topics_admin import create_topics
from tests.stack import Stack

SOURCE = "/connectors/test"
_POLL_SECONDS = 0.05
SETTLE_SECONDS = 120.0
"""A net for a fleet that never settles, not a measure of speed."""
SESSION_TIMEOUT_MS = 30_000
"""A busy machine holds up the tests' process, and the workers in it: that is not to cost them their partitions."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """Topics, a view and a sender under one prefix; `workers` are the tasks of those that run in this process."""

    stack: Stack
    topics: Topics
    partitions: int
    redis: Redis
    producer: AIOKafkaProducer
    workers: list[asyncio.Task[None]] = field(default_factory=list)
    _ids: "count[int]" = field(default_factory=count)

    @property
    def group_id(self) -> str:
        return self.topics.ticket_group

    def view(self, partition: int) -> PartitionView:
        return PartitionView(self.redis, self.topics.prefix, partition)

    def partition_of(self, ticket_id: str) -> int:
        return partition_of(ticket_id, self.partitions)

    @asynccontextmanager
    async def worker(self, limits: WorkerLimits | None = None, observer: Observer = UNOBSERVED) -> AsyncIterator[None]:
        """Run one more ticket worker; leaving drains it, and raises what it died of."""
        config = TicketWorkerConfig(
            self.stack.kafka,
            self.stack.redis,
            self.topics,
            session_timeout_ms=SESSION_TIMEOUT_MS,
            limits=limits if limits is not None else WorkerLimits(),
        )
        async with self.running("ticket-worker", lambda stop: run_ticket_worker(config, stop, observer)):
            yield

    @asynccontextmanager
    async def running(
        self, name: str, work: Callable[[asyncio.Event], Coroutine[Any, Any, None]]
    ) -> AsyncIterator[None]:
        """Run a worker in this process; leaving asks it to stop, waits for that, and raises what it died of."""
        stop = asyncio.Event()
        task = asyncio.create_task(work(stop), name=name)
        self.workers.append(task)
        try:
            yield
        finally:
            stop.set()
            await asyncio.wait([task])
            self.workers.remove(task)
        await task

    async def enter(self, kind: str, entity_id: str, **fields: object) -> None:
        """Put an entry into the directory; an agent without `max_tickets` may own any number of tickets."""
        defaults: dict[str, object] = {"name": entity_id}
        if kind == "agent":
            defaults |= {"max_tickets": 1_000_000}
        value = orjson.dumps(directory_value(kind, entity_id, "/tests", defaults | fields))
        await self.publish(self.topics.directory, value, f"{kind}:{entity_id}".encode(), 0)

    def command(  # noqa: PLR0913 a command's attributes
        self,
        name: str,
        ticket_id: str,
        data: Mapping[str, object],
        *,
        command_id: str | None = None,
        source: str = SOURCE,
        time: str | None = None,
    ) -> dict[str, Any]:
        """Build a command; without an id it gets one of its own."""
        event: dict[str, Any] = {
            "specversion": "1.0",
            "id": command_id if command_id is not None else f"c{next(self._ids)}",
            "source": source,
            "type": event_type(name),
            "subject": ticket_id,
            "data": dict(data),
        }
        return event if time is None else event | {"time": time}

    async def send(
        self,
        name: str,
        ticket_id: str,
        /,
        *,
        command_id: str | None = None,
        source: str = SOURCE,
        time: str | None = None,
        **data: object,
    ) -> Position:
        """Send one command, and return where it lies."""
        event = self.command(name, ticket_id, data, command_id=command_id, source=source, time=time)
        return await self.publish(
            self.topics.commands, orjson.dumps(event), ticket_id.encode(), self.partition_of(ticket_id)
        )

    async def send_all(self, commands: Iterable[Mapping[str, Any]]) -> None:
        """Send many commands in order, each on its ticket's partition, as fast as the broker takes them."""
        for command in commands:
            subject: str = command["subject"]
            await self.producer.send(
                self.topics.commands,
                orjson.dumps(command),
                subject.encode(),
                self.partition_of(subject),
                headers=list(STRUCTURED_HEADERS),
            )
        await self.producer.flush()

    async def publish(  # noqa: PLR0913 a record's parts
        self,
        topic: str,
        value: bytes | None,
        key: bytes | None,
        partition: int,
        *,
        headers: Headers = STRUCTURED_HEADERS,
        timestamp: int | None = None,
    ) -> Position:
        """Send any record to any topic, whatever it holds, and return where it lies."""
        batch = self.producer.create_batch()
        if batch.append(timestamp=timestamp, key=key, value=value, headers=list(headers)) is None:
            raise AssertionError("the record is too large for the producer of the tests")
        batch.close()
        metadata = await (await self.producer.send_batch(batch, topic, partition=partition))
        return Position(partition, metadata.offset)

    async def settled(self) -> None:
        """Wait until all commands are decided, visible and in the view; raises what a worker died of."""
        async with asyncio.timeout(SETTLE_SECONDS):
            while not (await self._decided() and await self._in_view()):
                for task in self.workers:
                    if task.done():
                        task.result()
                await asyncio.sleep(_POLL_SECONDS)

    async def timelines_filled(self) -> None:
        """Wait until the timelines hold every event: filling them goes on beside what `settled()` waits for."""
        ends = await self._written(self.topics.events)
        async with asyncio.timeout(SETTLE_SECONDS):
            for partition in range(self.partitions):
                end = ends[TopicPartition(self.topics.events, partition)]
                while (await self.view(partition).marker()).events < end:  # noqa: ASYNC110 a view can only be asked
                    await asyncio.sleep(_POLL_SECONDS)

    async def deserted(self) -> None:
        """Wait until no ticket worker is in the group: one whose good-bye was lost is, until its session ends."""
        async with asyncio.timeout(SETTLE_SECONDS), Groups(self.stack.kafka) as groups:
            while (await groups.known(self.group_id)).members:  # noqa: ASYNC110 a group can only be asked
                await asyncio.sleep(_POLL_SECONDS)

    async def records(self, topic: str) -> Sequence[LogRecord]:
        """Read a whole topic as consumers do, up to what is written now; ordered within each partition."""
        partitions = all_partitions([topic], 1 if topic == self.topics.directory else self.partitions)
        async with LogReader(self.stack.kafka, partitions) as reader:
            return [record async for record in reader.until(await self._written(topic))]

    async def events(self, ticket_id: str | None = None) -> Sequence[dict[str, Any]]:
        """Read the events, of one ticket or of all, parsed."""
        return _parsed(await self.records(self.topics.events), ticket_id)

    async def rejections(self, ticket_id: str | None = None) -> Sequence[dict[str, Any]]:
        """Read the rejections, of one ticket or of all, parsed."""
        return _parsed(await self.records(self.topics.rejections), ticket_id)

    async def dead_letters(self) -> Sequence[LogRecord]:
        """Read the DLQ."""
        return await self.records(self.topics.dlq)

    async def snapshots(self) -> Mapping[str, dict[str, Any]]:
        """Read the latest snapshot of each ticket, parsed, from the state topic."""
        records = await self.records(self.topics.state)
        return {record.key.decode(): orjson.loads(record.value) for record in records if record.key and record.value}

    async def _decided(self) -> bool:
        """Whether no command lies at or after the group's committed offsets; marks of transactions do not count."""
        partitions = all_partitions([self.topics.commands], self.partitions)
        async with LogReader(self.stack.kafka, partitions, group_id=self.group_id) as reader:
            committed = await reader.committed()
            reader.seek({each: offset for each, offset in committed.items() if offset is not None})
            async for _ in reader.until(await self._written(self.topics.commands)):
                return False
        return True

    async def _in_view(self) -> bool:
        ends = await self._written(self.topics.state)
        for partition in range(self.partitions):
            view = self.view(partition)
            at = (await view.marker()).state
            if at == NOT_BUILT or at < ends[TopicPartition(self.topics.state, partition)]:
                return False
            if await self.redis.exists(view.keys.released):
                return False
        return True

    async def _written(self, topic: str) -> Mapping[TopicPartition, int]:
        """Where a topic ends, open transactions included: a commit may still be on its way to some partitions."""
        partitions = all_partitions([topic], 1 if topic == self.topics.directory else self.partitions)
        async with LogReader(self.stack.kafka, partitions, isolation_level="read_uncommitted") as reader:
            return await reader.ends()


@asynccontextmanager
async def idle_fleet(stack: Stack, prefix: str, partitions: int = 4) -> AsyncIterator[Fleet]:
    """Make the topics, and connect; no worker runs."""
    topics = Topics(prefix)
    created = await create_topics(stack.kafka, topics, partitions, 1)
    assert not created.findings, created.findings
    async with AsyncExitStack() as cleanup:
        redis = stack.redis.client()
        cleanup.push_async_callback(redis.aclose)
        producer = AIOKafkaProducer(max_batch_size=2_000_000, max_request_size=4_000_000, **stack.kafka.client())
        await producer.start()
        cleanup.push_async_callback(producer.stop)
        yield Fleet(stack, topics, partitions, redis, producer)


@asynccontextmanager
async def running_worker(
    stack: Stack, prefix: str, partitions: int = 4, limits: WorkerLimits | None = None
) -> AsyncIterator[Fleet]:
    """Make the topics, and run one ticket worker on them in this process."""
    async with idle_fleet(stack, prefix, partitions) as fleet, fleet.worker(limits):
        yield fleet


def _parsed(records: Iterable[LogRecord], ticket_id: str | None) -> Sequence[dict[str, Any]]:
    parsed = [orjson.loads(record.value or b"null") for record in records]
    return [each for each in parsed if ticket_id is None or each["subject"] == ticket_id]
