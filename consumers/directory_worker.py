"""The directory worker: applies the directory topic to Redis, and tells of every entry that can't be put into force.

One member of its group has the topic's only partition; the others stand by. A bad entry becomes one DLQ record, in the
transaction that moves the group's offset, and the entry before stays in force. The view may be lost at any time: it is
read again from the topic's start, without telling of old bad entries twice.
"""

import asyncio
from collections.abc import Collection, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from redis.exceptions import RedisError

from consumers.batch import Output
from consumers.broker import batch_subscriber, kafka_broker
from consumers.country_holidays import holidays_of
from consumers.directory_view import DirectoryView
from consumers.errors import Retryable
from consumers.view import NOT_BUILT
from contracts.dead_letters import Unreadable, dead_letter_headers
from contracts.directory import DirectoryChange, read_directory_change
from contracts.topics import Topics
from producers.connection import KafkaConnection, RedisConnection
from producers.partition_output import OutputFenced, PartitionOutput
from producers.stopping import stop_client
from producers.topics_admin import require_topics
from services.directory_state import DirectoryState

_IDLE_SECONDS = 1.0
_RETRY_SECONDS = 1.0
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class DirectoryWorkerConfig:
    """What a directory worker needs to know."""

    kafka: KafkaConnection
    redis: RedisConnection
    topics: Topics
    session_timeout_ms: int = 10_000

    @property
    def group_id(self) -> str:
        """The consumer group, also the stem of the transactional id."""
        return f"{self.topics.prefix}directory-worker"


async def run_directory_worker(config: DirectoryWorkerConfig, stop: asyncio.Event) -> None:
    """Work until `stop` is set.

    Raises:
        TopicsUnfit: a topic is missing.
        KafkaError, RedisError: the broker or Redis could not be reached at the start.
    """
    async with AsyncExitStack() as stack:
        await require_topics(config.kafka, config.topics)
        redis = config.redis.client()
        stack.push_async_callback(redis.aclose)
        view = DirectoryView(redis, config.topics.prefix)
        await view.position()
        worker = _Subscription(config, view)
        stack.push_async_callback(worker.close)
        await worker.start()
        await worker.until(stop)


class _Subscription(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka is not typed
    """The worker's membership in the group; the topic's partition while it has it."""

    def __init__(self, config: DirectoryWorkerConfig, view: DirectoryView) -> None:
        self._config = config
        self._view = view
        self._partition = TopicPartition(config.topics.directory, 0)
        self._state = DirectoryState(holidays_of)
        self._waiting: asyncio.Queue[Sequence[ConsumerRecord]] = asyncio.Queue(maxsize=4)
        self._broker = kafka_broker(config.kafka)
        self._subscriber = batch_subscriber(
            self._broker, config.topics.directory, config.group_id, config.session_timeout_ms, self
        )
        self._subscriber(self._waiting.put)
        self._serving: asyncio.Task[None] | None = None
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def start(self) -> None:
        await self._broker.start()

    async def until(self, stop: asyncio.Event) -> None:
        stopping: asyncio.Future[bool] = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait((stopping, self._failed), return_when=asyncio.FIRST_COMPLETED)
            if self._failed.done():
                self._failed.result()
        finally:
            stopping.cancel()

    async def close(self) -> None:
        await self._stop_serving()
        await stop_client(self._broker)

    async def on_partitions_revoked(self, _revoked: Collection[TopicPartition]) -> None:
        await self._stop_serving()

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        await self._stop_serving()
        consumer = self._subscriber.consumer
        if self._partition in assigned and consumer is not None:
            consumer.pause(self._partition)
            self._serving = asyncio.create_task(self._run(consumer), name="directory")

    async def _stop_serving(self) -> None:
        serving, self._serving = self._serving, None
        if serving is not None:
            serving.cancel()
            await asyncio.wait([serving])

    async def _run(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            output = PartitionOutput(self._config.kafka, self._config.group_id, 0)
            try:
                await output.open()
                await self._serve(consumer, output)
            except (OutputFenced, Retryable, KafkaError, RedisError, OSError) as error:
                log.warning("starting over", reason=repr(error))
                await asyncio.sleep(_RETRY_SECONDS)
            except Exception as error:  # noqa: BLE001 a defect: the worker ends with it, and is started again by its supervisor
                self._failed.set_exception(error)
                return
            finally:
                consumer.pause(self._partition)
                await output.close()

    async def _serve(self, consumer: AIOKafkaConsumer, output: PartitionOutput) -> None:
        told_up_to = int(await consumer.committed(self._partition) or 0)
        position = await self._view.position()
        if position == NOT_BUILT:
            log.info("building the directory view")
            await self._view.drop()
            await self._view.apply(NOT_BUILT, 0, ())
            position = 0
        while not self._waiting.empty():
            self._waiting.get_nowait()
        consumer.seek(self._partition, position)
        consumer.resume(self._partition)
        while True:
            try:
                async with asyncio.timeout(_IDLE_SECONDS):
                    records = await self._waiting.get()
            except TimeoutError:
                if await self._view.position() != position:
                    raise Retryable("the directory view was lost or changed") from None
                continue
            fresh = [record for record in records if record.offset >= position]
            if fresh:
                end = fresh[-1].offset + 1
                accepted, dead_letters = self._read(fresh, told_up_to)
                if end > told_up_to:
                    await self._tell(output, dead_letters, end)
                    told_up_to = end
                await self._view.apply(position, end, accepted)
                position = end

    def _read(
        self, records: Sequence[ConsumerRecord], told_up_to: int
    ) -> tuple[Sequence[DirectoryChange], Sequence[Output]]:
        accepted: list[DirectoryChange] = []
        dead_letters: list[Output] = []
        for record in records:
            headers = tuple(record.headers)
            try:
                change = read_directory_change(record.key, record.value, headers)
                self._state.apply(change)
                accepted.append(change)
            except Unreadable as error:
                if record.offset >= told_up_to:
                    place = (record.topic, record.partition, record.offset)
                    dead_letters.append(Output(record.key, record.value, dead_letter_headers(headers, error, *place)))
                    log.warning(
                        "directory entry set aside; the one before stays in force",
                        offset=record.offset,
                        key=repr(record.key),
                        code=error.code,
                        reason=str(error),
                    )
        return accepted, dead_letters

    async def _tell(self, output: PartitionOutput, dead_letters: Sequence[Output], end: int) -> None:
        async def nothing_to_confirm() -> None:
            """Dead letters rest on nothing but the record."""

        await output.commit({self._config.topics.dlq: dead_letters}, {self._partition: end}, nothing_to_confirm)
