"""Dropping the Redis view, and waiting until it is built again: by the fleet where one runs, here where none does.

Tickets come back first, and decisions wait for those alone; timelines are filled from the events afterwards.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from typing import Literal

from aiokafka import TopicPartition
from pydantic import BaseModel

from consumers.catch_up import catch_up
from consumers.keys import fleet_key
from consumers.state_log import LogEnds
from consumers.timelines import fill_timelines
from consumers.view import Marker, PartitionView
from consumers.view_origin import require_view_fits
from ops.fleet_view import FleetView, open_view
from ops.group import has_members
from ops.target import Target
from producers.topics_admin import cluster_id

_POLL_SECONDS = 0.05
Content = Literal["tickets", "timelines"]
Watch = Callable[[Content, int, int], None]
"""Called with what of how many partitions is whole again, of how many."""


class Rebuilt(BaseModel):
    """What a rebuild came to: by the fleet's workers, or (`by_workers` false) by this command itself.

    `seconds` went by until every ticket was back, `timeline_seconds` until the timelines were too.
    """

    partitions: int
    tickets: int
    by_workers: bool
    seconds: float
    timeline_seconds: float
    tickets_per_second: float


async def rebuild(target: Target, watch: Watch) -> Rebuilt:
    """Drop the fleet's view, counts of agents included, and return when all of it is at the end of its log.

    Running workers notice within a second or so; decisions wait for the tickets of their partition meanwhile.

    Raises:
        TopicsUnfit: a topic is missing, or co-partitioned ones differ.
        Fatal: a worker of something else has begun to build the view meanwhile.
        KafkaError, RedisError: a server can't be reached.
    """
    async with AsyncExitStack() as stack:
        view = await stack.enter_async_context(open_view(target))
        states, events = [
            await stack.enter_async_context(LogEnds(target.kafka, topic, view.partitions))
            for topic in (target.topics.state, target.topics.events)
        ]
        by_workers = await has_members(target.kafka, target.ticket_group)
        began = time.monotonic()
        await drop_view(view)
        # Running workers take note of this at their start alone, and the view is theirs to build at once.
        await require_view_fits(view.redis, view.prefix, view.partitions, await cluster_id(target.kafka))
        if not by_workers:
            await _build_tickets(target, view, states, watch)
        await tickets_are_back(view, await states.committed(), watch)
        seconds = time.monotonic() - began
        if not by_workers:
            await _fill_timelines(target, view, events, watch)
        await timelines_are_back(view, await events.committed(), watch)
        tickets = sum([int(await view.redis.scard(part.keys.tickets)) for part in view.parts])
        return Rebuilt(
            partitions=view.partitions,
            tickets=tickets,
            by_workers=by_workers,
            seconds=seconds,
            timeline_seconds=time.monotonic() - began,
            tickets_per_second=tickets / seconds,
        )


async def drop_view(view: FleetView) -> None:
    """Drop every partition's view, also of partitions there were before, and what the view was built with.

    A partition's own way of dropping is the only safe one while workers run: it takes the position first, and stops
    where somebody has begun to build again.
    """
    key = fleet_key(view.prefix)
    built_with = int(await view.redis.hget(key, "partitions") or 0)
    for number in range(max(built_with, view.partitions)):
        await view.of(number).drop()
    await view.redis.delete(key)


async def tickets_are_back(view: FleetView, ends: Mapping[int, int], watch: Watch) -> None:
    """Wait until the tickets of every partition are there up to these ends of the state topic."""
    await _until(view, ends, lambda at: at.state, lambda whole: watch("tickets", whole, view.partitions))


async def timelines_are_back(view: FleetView, ends: Mapping[int, int], watch: Watch) -> None:
    """Wait until the timelines of every partition are there up to these ends of the events topic."""
    await _until(view, ends, lambda at: at.events, lambda whole: watch("timelines", whole, view.partitions))


async def _until(
    view: FleetView, ends: Mapping[int, int], reached: Callable[[Marker], int], told: Callable[[int], None]
) -> None:
    behind = dict(ends)
    while behind:
        for number, end in tuple(behind.items()):
            if reached(await view.of(number).marker()) >= end:
                del behind[number]
        told(view.partitions - len(behind))
        if behind:
            await asyncio.sleep(_POLL_SECONDS)


async def _build_tickets(target: Target, view: FleetView, ends: LogEnds, watch: Watch) -> None:
    for done, part in enumerate(view.parts):
        watch("tickets", done, view.partitions)
        await catch_up(target.kafka, target.topics.state, part, ends)


async def _fill_timelines(target: Target, view: FleetView, ends: LogEnds, watch: Watch) -> None:
    for done, part in enumerate(view.parts):
        watch("timelines", done, view.partitions)
        await fill_timelines(target.kafka, _events_of(target, part), part, ends)


def _events_of(target: Target, part: PartitionView) -> TopicPartition:
    return TopicPartition(target.topics.events, part.keys.partition)
