"""One ticket worker process: FastStream delivers the group's share of the commands, each partition's task decides it.

Wiring only: rules are in `services`, the commit protocol in `consumers.partition`.
"""

import asyncio
import gc
from collections.abc import Collection, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import groupby

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from redis.asyncio import Redis

from consumers.assignment import Fleet, WorkerLimits
from consumers.broker import batch_subscriber, kafka_broker
from consumers.capacity import Ledger
from consumers.directory_follower import DirectoryFollower
from consumers.errors import Fatal
from consumers.keys import fleet_key
from consumers.partition import Partition
from consumers.state_log import LogEnds
from contracts.topics import Topics
from producers.connection import KafkaConnection, RedisConnection
from producers.stopping import stop_client
from producers.topics_admin import require_topics

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TicketWorkerConfig:
    """What a ticket worker needs to know; times in milliseconds."""

    kafka: KafkaConnection
    redis: RedisConnection
    topics: Topics
    session_timeout_ms: int = 10_000
    limits: WorkerLimits = field(default_factory=WorkerLimits)

    @property
    def group_id(self) -> str:
        """The consumer group, also the stem of the transactional ids."""
        return f"{self.topics.prefix}ticket-worker"


async def run_ticket_worker(config: TicketWorkerConfig, stop: asyncio.Event) -> None:
    """Work until `stop` is set; then finish the transactions in hand and leave the group.

    Raises:
        TopicsUnfit: a topic is missing, or co-partitioned ones differ in their partition count.
        Fatal: the view was built with another partition count, or the worker can't go on.
        KafkaError, RedisError: the broker or Redis could not be reached at the start.
    """
    failed: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def fail(error: BaseException) -> None:
        if not failed.done():
            failed.set_exception(error)

    async with AsyncExitStack() as stack:
        partitions = await require_topics(config.kafka, config.topics)
        redis = config.redis.client()
        stack.push_async_callback(redis.aclose)
        await _check_partition_count(redis, config.topics.prefix, partitions)
        ends = await stack.enter_async_context(LogEnds(config.kafka, config.topics.state, partitions))
        directory = await stack.enter_async_context(DirectoryFollower(config.kafka, config.topics.directory))
        fleet = Fleet(
            connection=config.kafka,
            redis=redis,
            topics=config.topics,
            group_id=config.group_id,
            partitions=partitions,
            directory=directory,
            ledger=Ledger(redis, config.topics.prefix, partitions, ends),
            ends=ends,
            limits=config.limits,
            fail=fail,
        )
        worker = _Subscription(config, fleet)
        stack.push_async_callback(worker.close)
        await worker.start()
        # What is made at the start lives as long as the process; not looking at it again saves collections a tenth of the time.
        gc.freeze()
        stopping: asyncio.Future[bool] = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait((stopping, failed), return_when=asyncio.FIRST_COMPLETED)
            if failed.done():
                failed.result()
        finally:
            stopping.cancel()
            failed.cancel()


async def _check_partition_count(redis: Redis, prefix: str, partitions: int) -> None:
    """Refuse a view that was built with another partition count: its tickets would lie in other partitions."""
    key = fleet_key(prefix)
    await redis.hsetnx(key, "partitions", str(partitions))
    built_with = int(await redis.hget(key, "partitions") or partitions)
    if built_with != partitions:
        raise Fatal(
            f"the topics have {partitions} partitions, but the view in Redis was built with {built_with}. "
            "Put the topics back, or run `itilnext rebuild` when the change was meant."
        )


class _Intake:
    """One partition of the group's consumer, as its writer sees it."""

    def __init__(self, consumer: AIOKafkaConsumer, partition: TopicPartition) -> None:
        self._consumer = consumer
        self._partition = partition

    async def committed(self) -> int:
        offset = await self._consumer.committed(self._partition)
        if offset is None:
            offset = (await self._consumer.beginning_offsets([self._partition]))[self._partition]
        return int(offset)

    def seek(self, offset: int) -> None:
        if self._is_assigned():
            self._consumer.seek(self._partition, offset)

    def pause(self) -> None:
        if self._is_assigned():
            self._consumer.pause(self._partition)

    def resume(self) -> None:
        if self._is_assigned():
            self._consumer.resume(self._partition)

    def _is_assigned(self) -> bool:
        # Between a revocation and the end of this partition's task, the consumer no longer knows the partition.
        return self._partition in self._consumer.assignment()


class _Subscription(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka is not typed
    """The worker's membership in the group, and the partitions it writes."""

    def __init__(self, config: TicketWorkerConfig, fleet: Fleet) -> None:
        self._fleet = fleet
        self._partitions: dict[int, Partition] = {}
        self._broker = kafka_broker(config.kafka)
        self._subscriber = batch_subscriber(
            self._broker, config.topics.commands, config.group_id, config.session_timeout_ms, self
        )
        self._subscriber(self._dispatch)

    async def start(self) -> None:
        await self._broker.start()

    async def close(self) -> None:
        # On stop the group's listener is not called, so the partitions are let go here, before the group is left.
        await self._stop_all()
        await stop_client(self._broker)

    async def on_partitions_revoked(self, _revoked: Collection[TopicPartition]) -> None:
        await self._stop_all()

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        consumer = self._subscriber.consumer
        if consumer is None:
            raise Fatal("partitions were assigned to a subscriber that is not started")
        await self._stop_all()
        for partition in sorted(assigned):
            consumer.pause(partition)
            self._partitions[partition.partition] = Partition(
                self._fleet, partition.partition, _Intake(consumer, partition)
            )
        log.info("partitions assigned", partitions=sorted(self._partitions))

    async def _dispatch(self, records: Sequence[ConsumerRecord]) -> None:
        for number, group in groupby(records, key=_partition_of):
            partition = self._partitions.get(number)
            if partition is not None:
                partition.feed(list(group))

    async def _stop_all(self) -> None:
        partitions, self._partitions = self._partitions, {}
        await asyncio.gather(*(partition.stop() for partition in partitions.values()))


def _partition_of(record: ConsumerRecord) -> int:
    return int(record.partition)
