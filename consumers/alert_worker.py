"""One alert worker process: its share of the partitions' ticks, each evaluated by a task of its own. Wiring only."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta

from consumers.alert_partition import AlertDuty, AlertPartition
from consumers.directory_follower import DirectoryFollower
from consumers.instruments import DueInstrument
from consumers.membership import Intake, Membership, Subscription
from consumers.observing import UNOBSERVED, Observer
from consumers.state_log import LogEnds
from consumers.watch import Watched, watched
from contracts.topics import Topics
from producers.connection import KafkaConnection, RedisConnection
from producers.publisher import CommandPublisher
from producers.topics_admin import require_topics


@dataclass(frozen=True, slots=True)
class AlertWorkerConfig:
    """What an alert worker needs to know; `future_tolerance` is how far a tick may be ahead of its record."""

    kafka: KafkaConnection
    redis: RedisConnection
    topics: Topics
    session_timeout_ms: int = 10_000
    future_tolerance: timedelta = timedelta(minutes=5)

    @property
    def group_id(self) -> str:
        """The consumer group."""
        return self.topics.alert_group


async def run_alert_worker(config: AlertWorkerConfig, stop: asyncio.Event, observer: Observer = UNOBSERVED) -> None:
    """Work until `stop` is set, and tell the observer of it.

    Raises:
        TopicsUnfit: a topic is missing, or co-partitioned ones differ.
        Fatal: a partition's task failed.
        KafkaError, RedisError: the broker or Redis could not be reached at the start.
    """
    async with AsyncExitStack() as stack:
        partitions = await require_topics(config.kafka, config.topics)
        redis = config.redis.client()
        stack.push_async_callback(redis.aclose)
        ends = await stack.enter_async_context(LogEnds(config.kafka, config.topics.state, partitions))
        directory = await stack.enter_async_context(DirectoryFollower(config.kafka, config.topics.directory))
        publisher = await stack.enter_async_context(CommandPublisher(config.kafka, config.topics))

        def serve(number: int, intake: Intake) -> AlertPartition:
            return AlertPartition(duty, number, intake)

        member = Membership(
            Subscription(config.kafka, config.topics.ticks, config.group_id, config.session_timeout_ms), serve
        )
        stack.push_async_callback(member.leave)
        duty = AlertDuty(
            redis=redis,
            topics=config.topics,
            directory=directory,
            ends=ends,
            publisher=publisher,
            fail=member.fail,
            future_tolerance=config.future_tolerance,
            observer=observer,
        )
        await member.join()
        instrument = DueInstrument(redis, config.topics.prefix)
        worker = Watched(config.kafka, config.topics.ticks, partitions, member, instrument)
        await stack.enter_async_context(watched(worker, observer))
        await member.until(stop)
