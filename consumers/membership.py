"""Membership in a consumer group through FastStream: each assigned partition has a task, until it is revoked.

The handler only hands records on; nothing here looks into them. A partition's task pauses, seeks and resumes its
partition itself, through its `Intake`.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Protocol

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition

from consumers.broker import batch_subscriber, kafka_broker
from consumers.errors import Fatal
from consumers.shared_lookup import SharedLookup
from producers.connection import KafkaConnection
from producers.stopping import stop_client

_PARTITION = attrgetter("partition")
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Subscription:
    """What to consume, as which group; `session_timeout_ms` is how long a silent member keeps its partitions."""

    connection: KafkaConnection
    topic: str
    group_id: str
    session_timeout_ms: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a partition's task is: the first offset that is not settled, and the one after the last it was given.

    `waits_for_others`: it can't go on before other workers have done their part.
    """

    next_offset: int
    fed_up_to: int
    is_serving: bool
    waits_for_others: bool = False


class PartitionTask(Protocol):
    """What serves one assigned partition. It is made with the partition paused."""

    @property
    def standing(self) -> Standing:
        """Where it is."""

    def feed(self, records: Sequence[ConsumerRecord]) -> None:
        """Take records from the consumer; never blocks."""

    async def stop(self) -> None:
        """Finish what is in hand and let the partition go."""


class Commits:
    """Commits the offsets of all partitions that ask for it at about one time in one request."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer
        self._wanted: dict[TopicPartition, int] = {}
        self._commit: SharedLookup[None] = SharedLookup(self._commit_wanted)

    async def __call__(self, partition: TopicPartition, offset: int) -> None:
        """Commit an offset; raises what the request came to."""
        self._wanted[partition] = offset
        await self._commit()

    async def _commit_wanted(self) -> None:
        wanted, self._wanted = self._wanted, {}
        if wanted:
            await self._consumer.commit(wanted)


class Intake:
    """One partition of the group's consumer, as its task sees it."""

    def __init__(self, consumer: AIOKafkaConsumer, partition: TopicPartition, commits: Commits) -> None:
        self._consumer = consumer
        self._partition = partition
        self._commits = commits

    async def committed(self) -> int:
        """Return the group's committed offset, or the first one there is."""
        offset = await self._consumer.committed(self._partition)
        if offset is None:
            offset = (await self._consumer.beginning_offsets([self._partition]))[self._partition]
        return int(offset)

    async def commit(self, offset: int) -> None:
        """Commit an offset outside of any transaction."""
        await self._commits(self._partition, offset)

    def seek(self, offset: int) -> None:
        """Deliver from this offset on."""
        if self._is_assigned():
            self._consumer.seek(self._partition, offset)

    def pause(self) -> None:
        """Deliver nothing for now."""
        if self._is_assigned():
            self._consumer.pause(self._partition)

    def resume(self) -> None:
        """Deliver again."""
        if self._is_assigned():
            self._consumer.resume(self._partition)

    def _is_assigned(self) -> bool:
        # Between a revocation and the end of this partition's task, the consumer no longer knows the partition.
        return self._partition in self._consumer.assignment()


class Membership(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka is not typed
    """A member of the group, and the tasks of the partitions it has."""

    def __init__(self, subscription: Subscription, serve: Callable[[int, Intake], PartitionTask]) -> None:
        self._serve = serve
        self._topic = subscription.topic
        self._tasks: dict[int, PartitionTask] = {}
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._broker = kafka_broker(subscription.connection)
        self._subscriber = batch_subscriber(
            self._broker, subscription.topic, subscription.group_id, subscription.session_timeout_ms, self
        )
        self._subscriber(self._dispatch)
        self._has_assignment = False
        self._is_leaving = False

    async def join(self) -> None:
        """Join the group; partitions come when it says so."""
        await self._broker.start()

    async def leave(self) -> None:
        """Let the partitions go, then leave the group: on leaving, the group's listener is not called."""
        self._is_leaving = True
        await self._stop_all()
        if self._subscriber.consumer is not None:
            await stop_client(self._subscriber.consumer)
        await stop_client(self._broker)
        self._failed.cancel()

    @property
    def assigned(self) -> int:
        """How many partitions this member has."""
        return len(self._tasks)

    @property
    def has_assignment(self) -> bool:
        """Whether the group has told this member what it has, be it nothing."""
        return self._has_assignment

    @property
    def standings(self) -> Mapping[int, Standing]:
        """Where each partition's task is."""
        return {number: task.standing for number, task in self._tasks.items()}

    async def positions(self) -> Mapping[int, int]:
        """Return the offset that each partition's delivery goes on at; marks of ended transactions are passed over."""
        consumer, topic = self._subscriber.consumer, self._topic
        return {number: await consumer.position(TopicPartition(topic, number)) for number in sorted(self._tasks)}

    @property
    def ended_loops(self) -> Sequence[str]:
        """Tell which of the loops that deliver records have ended: nothing but a new process starts them again."""
        consumer = self._subscriber.consumer
        if consumer is None or not self._subscriber.running:
            return ()
        # The client has no public name for its tasks, and tells nobody when one is gone.
        fetching, coordinating = consumer._fetcher.error_future, consumer._coordinator._coordination_task  # noqa: SLF001
        loops = {
            "the loop that fetches records": fetching.done(),
            "the loop that keeps up the group's membership": coordinating.done(),
            "the loop that hands records on": all(task.done() for task in self._subscriber.tasks),
        }
        return tuple(f"{name} has ended" for name, has_ended in loops.items() if has_ended)

    def fail(self, error: BaseException) -> None:
        """Tell that the worker can't go on."""
        if not self._failed.done():
            self._failed.set_exception(error)

    async def until(self, stop: asyncio.Event) -> None:
        """Return when asked to stop; raise what a partition's task failed with."""
        stopping: asyncio.Future[bool] = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait((stopping, self._failed), return_when=asyncio.FIRST_COMPLETED)
            if self._failed.done():
                self._failed.result()
        finally:
            stopping.cancel()

    async def on_partitions_revoked(self, _revoked: Collection[TopicPartition]) -> None:
        """Let everything go: the group's protocol takes all partitions before it gives out new ones."""
        self._has_assignment = False
        await self._stop_all()

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Give each partition a task, with its delivery paused."""
        consumer = self._subscriber.consumer
        if consumer is None:
            raise Fatal("partitions were assigned to a subscriber that is not started")
        await self._stop_all()
        if self._is_leaving:  # what was served now, nobody would stop
            consumer.pause(*assigned)
            return
        commits = Commits(consumer)
        for partition in sorted(assigned):
            consumer.pause(partition)
            self._tasks[partition.partition] = self._serve(partition.partition, Intake(consumer, partition, commits))
        self._has_assignment = True
        log.info("partitions assigned", partitions=sorted(self._tasks))

    async def _dispatch(self, records: Sequence[ConsumerRecord]) -> None:
        for number, group in groupby(records, key=_PARTITION):
            task = self._tasks.get(number)
            if task is not None:
                task.feed(list(group))

    async def _stop_all(self) -> None:
        tasks, self._tasks = self._tasks, {}
        await asyncio.gather(*(task.stop() for task in tasks.values()))
