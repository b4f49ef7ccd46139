"""A fleet for one run: topics, directory and commands under a prefix of its own, all deleted afterwards.

Commands are written in a transaction, so that a run can start its processes first and give them the whole log to read
at one moment.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count, islice
from uuid import uuid4

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import CoordinatorLoadInProgressError, CoordinatorNotAvailableError, NotCoordinatorError
from redis.asyncio import Redis

from contracts.cloudevents import STRUCTURED_HEADERS
from contracts.partitioner import partition_of
from contracts.topics import Topics
from ops.bench.processes import Measured, measured, require_running
from ops.bench.servers import Servers
from ops.bench.workload import Sendable, directory_entries
from ops.fleet_view import FleetView
from ops.stack.readiness import FleetGroups
from ops.stack.roles import ExpectedGroup
from producers.publisher import CommandPublisher
from producers.topics_admin import TopicsUnfit, create_topics

_HEADERS = list(STRUCTURED_HEADERS)  # the client takes nothing but a list
_BATCH_BYTES = 1_000_000
_CHUNK = 10_000
_TRANSACTION_TIMEOUT_MS = 600_000
"""A log waits in its transaction until all workers have joined: below what brokers allow, 15 minutes."""
_POLL_SECONDS = 0.05
_COORDINATOR_NOT_READY = (CoordinatorNotAvailableError, CoordinatorLoadInProgressError, NotCoordinatorError)
"""What a broker answers that has not made or read its topic of groups yet."""
_WORKER = ("ops", "worker", "ticket")
_ALERT_WORKER = ("ops", "worker", "alert")

Advance = Callable[[int], None]
"""Called with how many are done so far."""


@dataclass(frozen=True, slots=True)
class WithheldLog:
    """Commands that are written and that nobody can read until `release` is called.

    `end` is what the offsets of a group add up to that has worked off all that was ever written.
    """

    commands: int
    end: int
    release: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class BenchFleet:
    """One prefix on the bench's servers, with what is needed to run workers there and to look on."""

    servers: Servers
    topics: Topics
    partitions: int
    redis: Redis
    admin: AIOKafkaAdminClient
    _ends: dict[int, int] = field(default_factory=dict)
    _names: "count[int]" = field(default_factory=lambda: count(1))

    @property
    def group_id(self) -> str:
        """The consumer group of its ticket workers."""
        return self.topics.ticket_group

    @property
    def view(self) -> FleetView:
        """Its Redis view."""
        return FleetView(self.redis, self.topics.prefix, self.partitions)

    def process(
        self, name: str, *arguments: str, settings: Mapping[str, str] | None = None
    ) -> AbstractAsyncContextManager[Measured]:
        """Run a Python module in a process that finds this fleet, and these settings, in its environment."""
        environment = {**self.servers.environment(self.topics.prefix), **(settings or {})}
        log = self.servers.folder / "logs" / f"{self.topics.prefix}{next(self._names)}-{name}.log"
        return measured(name, arguments, environment, log)

    def alert_worker(self) -> AbstractAsyncContextManager[Measured]:
        """Run an alert worker, as an operator would."""
        return self.process("the alert worker", *_ALERT_WORKER)

    def worker(self, settings: Mapping[str, str] | None = None) -> AbstractAsyncContextManager[Measured]:
        """Run a ticket worker, as an operator would."""
        return self.process("the ticket worker", *_WORKER, settings=settings)

    @asynccontextmanager
    async def settled_group(self, workers: int) -> AsyncIterator[Callable[[Sequence[Measured]], Awaitable[None]]]:
        """Give a wait for these workers to be the group's so many members and to hold all partitions.

        Enter before the first of them is started.
        """
        owned = frozenset((self.topics.commands, number) for number in range(self.partitions))
        expected = ExpectedGroup(self.group_id, workers, owned)
        session_seconds = self.servers.settings.kafka.session_timeout_ms / 1000
        async with FleetGroups(self.servers.kafka, [expected], session_seconds) as groups:

            async def wait(processes: Sequence[Measured]) -> None:
                while not await groups.all_assigned():
                    require_running(processes)
                    await asyncio.sleep(_POLL_SECONDS)

            yield wait

    async def decided(self, group_id: str) -> int:
        """Return what the offsets that a group has committed on the commands add up to."""
        return sum((await self.committed(group_id, self.topics.commands)).values())

    async def committed(self, group_id: str, topic: str) -> dict[int, int]:
        """Return the offsets that a group has committed on a topic, by partition."""
        while True:
            try:
                offsets = await self.admin.list_consumer_group_offsets(group_id)
            except _COORDINATOR_NOT_READY:
                await asyncio.sleep(_POLL_SECONDS)
            else:
                return {of.partition: each.offset for of, each in offsets.items() if of.topic == topic}

    @asynccontextmanager
    async def withheld(self, commands: Sequence[Sendable], advance: Advance) -> AsyncIterator[WithheldLog]:
        """Write commands that nobody can read until they are released."""
        producer = AIOKafkaProducer(
            transactional_id=f"{self.topics.prefix}fill",
            transaction_timeout_ms=_TRANSACTION_TIMEOUT_MS,
            max_batch_size=_BATCH_BYTES,
            **self.servers.kafka.client(),
        )
        await producer.start()
        try:
            await producer.begin_transaction()
            await self._write(producer, commands, advance)
            yield WithheldLog(len(commands), sum(self._ends.values()), producer.commit_transaction)
        finally:
            await producer.stop()

    async def fill(self, commands: Sequence[Sendable], advance: Advance) -> WithheldLog:
        """Write commands that can be read when this returns."""
        async with self.withheld(commands, advance) as log:
            await log.release()
        return log

    async def _write(self, producer: AIOKafkaProducer, commands: Iterable[Sendable], advance: Advance) -> None:
        remaining, written = iter(commands), 0
        while chunk := list(islice(remaining, _CHUNK)):
            by_partition: dict[int, list[Sendable]] = {}
            for command in chunk:
                by_partition.setdefault(partition_of(command.ticket_id, self.partitions), []).append(command)
            await asyncio.gather(*(self._write_to(producer, *each) for each in by_partition.items()))
            written += len(chunk)
            advance(written)

    async def _write_to(self, producer: AIOKafkaProducer, partition: int, records: Sequence[Sendable]) -> None:
        batches = [producer.create_batch()]
        for record in records:
            parts = {"timestamp": None, "key": record.ticket_id.encode(), "value": record.value, "headers": _HEADERS}
            if batches[-1].append(**parts) is None:
                batches.append(producer.create_batch())
                batches[-1].append(**parts)
        futures = [await producer.send_batch(batch, self.topics.commands, partition=partition) for batch in batches]
        *_, last = await asyncio.gather(*futures)
        self._ends[partition] = last.offset + batches[-1].record_count()


@asynccontextmanager
async def throwaway_fleet(servers: Servers, partitions: int) -> AsyncIterator[BenchFleet]:
    """Make topics and directory under a new prefix; on leaving, delete all that came under it.

    Raises:
        TopicsUnfit: the broker refuses to make the topics.
        KafkaError, RedisError: a server can't be reached.
    """
    topics = Topics(f"bench-{uuid4().hex[:12]}.")
    async with AsyncExitStack() as cleanup:
        redis = servers.redis.client()
        cleanup.push_async_callback(redis.aclose)
        admin = AIOKafkaAdminClient(**servers.kafka.client())
        cleanup.push_async_callback(admin.close)
        await admin.start()
        cleanup.push_async_callback(_delete_all, admin, redis, topics.prefix)
        created = await create_topics(servers.kafka, topics, partitions, servers.settings.topics.replication_factor)
        if created.findings:
            raise TopicsUnfit(created.findings)
        async with CommandPublisher(servers.kafka, topics) as publisher:
            for entry in directory_entries():
                await publisher.send(entry)
        yield BenchFleet(servers, topics, partitions, redis, admin)


async def _delete_all(admin: AIOKafkaAdminClient, redis: Redis, prefix: str) -> None:
    # A loop that is compared with may name topics of its own after the group, so the prefix can be anywhere in a name.
    await admin.delete_topics([name for name in await admin.list_topics() if prefix in name])
    keys: list[bytes | str] = []
    async for key in redis.scan_iter(match=f"{{{prefix}*", count=1_000):
        keys.append(key)
        if len(keys) >= _CHUNK:
            await redis.unlink(*keys)
            keys.clear()
    if keys:
        await redis.unlink(*keys)
