"""One ticket worker process: FastStream delivers the group's share of the commands, each partition's task decides it.

Wiring only: rules are in `services`, the commit protocol in `consumers.partition`.
"""

import asyncio
import gc
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from consumers.assignment import Fleet, WorkerLimits
from consumers.capacity import Ledger
from consumers.directory_follower import DirectoryFollower
from consumers.instruments import ViewInstrument
from consumers.membership import Intake, Membership, Subscription
from consumers.observing import UNOBSERVED, Observer
from consumers.partition import Partition
from consumers.state_log import LogEnds
from consumers.view_origin import require_view_fits
from consumers.watch import Watched, watched
from contracts.topics import Topics
from producers.connection import KafkaConnection, RedisConnection
from producers.topics_admin import cluster_id, require_topics

_GC_THRESHOLDS = (200_000, 20, 100)
"""More objects than the batches in hand have, none of them in a cycle; at Python's 700, a fifth of the time went into
looking."""


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
        return self.topics.ticket_group


async def run_ticket_worker(config: TicketWorkerConfig, stop: asyncio.Event, observer: Observer = UNOBSERVED) -> None:
    """Work until `stop` is set; then finish the transactions in hand and leave the group. The observer is told of it.

    Raises:
        TopicsUnfit: a topic is missing, or co-partitioned ones differ in their partition count.
        Fatal: the view was built with another partition count, or the worker can't go on.
        KafkaError, RedisError: the broker or Redis could not be reached at the start.
    """
    async with AsyncExitStack() as stack:
        partitions = await require_topics(config.kafka, config.topics)
        redis = config.redis.client()
        stack.push_async_callback(redis.aclose)
        cluster = await cluster_id(config.kafka)
        await require_view_fits(redis, config.topics.prefix, partitions, cluster)
        ends = await stack.enter_async_context(LogEnds(config.kafka, config.topics.state, partitions))
        event_ends = await stack.enter_async_context(LogEnds(config.kafka, config.topics.events, partitions))
        directory = await stack.enter_async_context(DirectoryFollower(config.kafka, config.topics.directory))
        ledger = Ledger(redis, config.topics.prefix, partitions, ends)

        def serve(number: int, intake: Intake) -> Partition:
            return Partition(fleet, number, intake)

        member = Membership(
            Subscription(config.kafka, config.topics.commands, config.group_id, config.session_timeout_ms), serve
        )
        stack.push_async_callback(member.leave)
        fleet = Fleet(
            connection=config.kafka,
            redis=redis,
            topics=config.topics,
            group_id=config.group_id,
            cluster=cluster,
            partitions=partitions,
            directory=directory,
            ledger=ledger,
            ends=ends,
            event_ends=event_ends,
            limits=config.limits,
            assigned=lambda: member.assigned,
            fail=member.fail,
            observer=observer,
        )
        await member.join()
        await stack.enter_async_context(watched(_as_watched(fleet, member), observer))
        # What is made at the start lives as long as the process; not looking at it again saves a tenth of the time.
        gc.freeze()
        gc.set_threshold(*_GC_THRESHOLDS)
        await member.until(stop)


def _as_watched(fleet: Fleet, member: Membership) -> Watched:
    topics = fleet.topics
    return Watched(
        fleet.connection,
        topics.commands,
        fleet.partitions,
        member,
        ViewInstrument(fleet.redis, topics.prefix, topics.state),
        {topics.events: fleet.event_ends, topics.state: fleet.ends},
    )
