"""Dropping the Redis view, and waiting until it is built again: by the fleet where one runs, here where none does."""

import asyncio
import time
from collections.abc import Callable

from pydantic import BaseModel
from redis.asyncio import Redis

from consumers.catch_up import catch_up
from consumers.keys import fleet_key
from consumers.state_log import LogEnds
from consumers.view import PartitionView
from contracts.topics import Topics
from ops.group import group_members
from ops.target import Target
from producers.connection import KafkaConnection
from producers.topics_admin import require_topics

_POLL_SECONDS = 0.1
Watch = Callable[[int, int], None]
"""Called with how many partitions are whole again, of how many."""


class Rebuilt(BaseModel):
    """What a rebuild came to: by the fleet's workers, or (`by_workers` false) by this command itself."""

    partitions: int
    tickets: int
    by_workers: bool
    seconds: float
    tickets_per_second: float


async def rebuild(target: Target, watch: Watch) -> Rebuilt:
    """Drop the fleet's view, counts of agents included, and return when every partition is at the end of its log.

    Running workers notice within a second or so; decisions wait for their partition meanwhile.

    Raises:
        TopicsUnfit: a topic is missing, or co-partitioned ones differ.
        KafkaError, RedisError: a server can't be reached.
    """
    partitions = await require_topics(target.kafka, target.topics)
    redis = target.redis.client()
    began = time.monotonic()
    try:
        by_workers = await group_members(target.kafka, target.ticket_group) > 0
        await _drop(redis, target.topics.prefix, partitions)
        views = [PartitionView(redis, target.topics.prefix, number) for number in range(partitions)]
        async with LogEnds(target.kafka, target.topics.state, partitions) as ends:
            if not by_workers:
                await _build(target.kafka, target.topics, views, ends, watch)
            await _whole(views, ends, watch)
        tickets = sum([int(await redis.scard(view.keys.tickets)) for view in views])
    finally:
        await redis.aclose()
    seconds = time.monotonic() - began
    return Rebuilt(
        partitions=partitions,
        tickets=tickets,
        by_workers=by_workers,
        seconds=seconds,
        tickets_per_second=tickets / seconds,
    )


async def _drop(redis: Redis, prefix: str, partitions: int) -> None:
    """Drop every partition's view, also of partitions there were before, and what the view was built with.

    A partition's own way of dropping is the only safe one while workers run: it takes the position first, and stops
    where somebody has begun to build again.
    """
    key = fleet_key(prefix)
    built_with = int(await redis.hget(key, "partitions") or 0)
    for number in range(max(built_with, partitions)):
        await PartitionView(redis, prefix, number).drop()
    await redis.delete(key)


async def _build(
    connection: KafkaConnection, topics: Topics, views: list[PartitionView], ends: LogEnds, watch: Watch
) -> None:
    for done, view in enumerate(views):
        watch(done, len(views))
        await catch_up(connection, topics.state, view, ends)


async def _whole(views: list[PartitionView], ends: LogEnds, watch: Watch) -> None:
    """Wait until every view has reached the end its log has now."""
    behind = dict(await ends.committed())
    while behind:
        for number, end in tuple(behind.items()):
            if (await views[number].marker()).state >= end:
                del behind[number]
        watch(len(views) - len(behind), len(views))
        if behind:
            await asyncio.sleep(_POLL_SECONDS)
