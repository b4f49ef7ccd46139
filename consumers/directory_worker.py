"""The directory worker: applies the directory topic to Redis, and tells of every entry that can't be put into force.

One member of its group has the topic's only partition; the others stand by. A bad entry becomes one DLQ record, in the
transaction that moves the group's offset, and the entry before stays in force. The view may be lost at any time: it is
read again from the topic's start, without telling of old bad entries twice.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

import structlog
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from redis.exceptions import RedisError

from consumers.backlog import Backlog
from consumers.country_holidays import holidays_of
from consumers.directory_follower import tell_refused_entry
from consumers.directory_view import DirectoryView
from consumers.errors import Retryable
from consumers.feed import Feed
from consumers.membership import Intake, Membership, Standing, Subscription
from consumers.observing import UNOBSERVED, Observer
from consumers.outputs import Output, dead_letter
from consumers.tasks import WatchedTask, heed_cancellation
from consumers.view import NOT_BUILT
from consumers.watch import Ping, Watched, watched
from contracts.dead_letters import Unreadable
from contracts.directory import DirectoryChange, read_directory_change
from contracts.received import RawRecord
from contracts.topics import Topics
from producers.connection import KafkaConnection, RedisConnection
from producers.partition_output import OutputFenced, PartitionOutput
from producers.topics_admin import require_topics
from services.directory_state import DirectoryState

_MOST_BYTES = 8_388_608
"""Of what waits, and of what is applied at once."""
_RETRY_SECONDS = 1.0
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class DirectoryWorkerConfig:
    """What a directory worker needs to know.

    `max_waiting` entries are in memory before no more are fetched, as a long directory comes faster than it is applied;
    `max_batch` are applied at once.
    """

    kafka: KafkaConnection
    redis: RedisConnection
    topics: Topics
    session_timeout_ms: int = 10_000
    max_waiting: int = 10_000
    max_batch: int = 2_000

    @property
    def group_id(self) -> str:
        """The consumer group, also the stem of the transactional id."""
        return self.topics.directory_group


async def run_directory_worker(
    config: DirectoryWorkerConfig, stop: asyncio.Event, observer: Observer = UNOBSERVED
) -> None:
    """Work until `stop` is set, and tell the observer of it.

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

        def serve(_number: int, intake: Intake) -> _Directory:
            return _Directory(_Duty(config, view, member.fail, observer), intake)

        member = Membership(
            Subscription(config.kafka, config.topics.directory, config.group_id, config.session_timeout_ms), serve
        )
        stack.push_async_callback(member.leave)
        await member.join()
        worker = Watched(config.kafka, config.topics.directory, 1, member, Ping(redis))
        await stack.enter_async_context(watched(worker, observer))
        await member.until(stop)


@dataclass(frozen=True, slots=True)
class _Duty:
    """What serving the topic takes."""

    config: DirectoryWorkerConfig
    view: DirectoryView
    fail: Callable[[BaseException], None]
    observer: Observer


class _Directory:
    """The topic's one partition, while this worker has it."""

    def __init__(self, duty: _Duty, intake: Intake) -> None:
        self._config = duty.config
        self._view = duty.view
        self._observer = duty.observer
        self._intake = intake
        self._standing = Standing(next_offset=0, fed_up_to=0, is_serving=False)
        self._state = DirectoryState(holidays_of)
        self._feed = Feed(intake, Backlog(lambda: duty.config.max_waiting, _MOST_BYTES))
        self._task = WatchedTask(self._run(), "directory", duty.fail)

    def feed(self, records: Sequence[ConsumerRecord]) -> None:
        """Take records from the consumer; never blocks, but has no more sent for now where many wait."""
        self._feed.add(records)
        self._standing = replace(self._standing, fed_up_to=self._feed.end)

    @property
    def standing(self) -> Standing:
        """Where it is."""
        return self._standing

    async def stop(self) -> None:
        """Let the partition go; what is in hand is settled by its transaction or done again."""
        await self._task.end()

    async def _run(self) -> None:
        while True:
            output = PartitionOutput(self._config.kafka, self._config.group_id, 0)
            try:
                await output.open(self._unmarked)
                await self._serve(output)
            except (OutputFenced, Retryable, KafkaError, RedisError, OSError) as error:
                log.warning("starting over", reason=repr(error))
                await asyncio.sleep(_RETRY_SECONDS)
            finally:
                self._standing = replace(self._standing, is_serving=False)
                self._feed.close()
                await output.close()

    async def _unmarked(self) -> Collection[TopicPartition]:
        """Return all that it writes to."""
        return [TopicPartition(self._config.topics.dlq, 0)]

    async def _serve(self, output: PartitionOutput) -> None:
        told_up_to = await self._intake.committed()
        position = await self._view.position()
        if position == NOT_BUILT:
            log.info("building the directory view")
            await self._view.drop()
            await self._view.apply(NOT_BUILT, 0, ())
            position = 0
        self._feed.open(position)
        self._standing = Standing(position, position, is_serving=True)
        while True:
            heed_cancellation()
            records = await self._feed.take(self._config.max_batch, _MOST_BYTES)
            if not records:
                if await self._view.position() != position:
                    raise Retryable("the directory view was lost or changed")
                await output.relax()
            fresh = [record for record in records if record.position.offset >= position]
            if fresh:
                end = fresh[-1].position.offset + 1
                accepted, dead_letters = self._read(fresh, told_up_to)
                if end > told_up_to:
                    await self._tell(output, dead_letters, end)
                    told_up_to = end
                await self._view.apply(position, end, accepted)
                position = end
                self._standing = replace(self._standing, next_offset=end)

    def _read(
        self, records: Sequence[RawRecord], told_up_to: int
    ) -> tuple[Sequence[DirectoryChange], Sequence[Output]]:
        accepted: list[DirectoryChange] = []
        dead_letters: list[Output] = []
        for record in records:
            try:
                change = read_directory_change(record.key, record.value, record.headers)
                self._state.apply(change)
                accepted.append(change)
            except Unreadable as error:
                if record.position.offset >= told_up_to:
                    dead_letters.append(dead_letter(record, error, self._config.topics.directory))
                    self._observer.directory_entry_refused(error.code)
                    tell_refused_entry(record.position.offset, record.key, error)
        return accepted, dead_letters

    async def _tell(self, output: PartitionOutput, dead_letters: Sequence[Output], end: int) -> None:
        async def nothing_to_confirm() -> None:
            """Dead letters rest on nothing but the record."""

        directory = TopicPartition(self._config.topics.directory, 0)
        await output.commit({self._config.topics.dlq: dead_letters}, {directory: end}, nothing_to_confirm)
