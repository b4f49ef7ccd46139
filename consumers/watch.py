"""Looks at a worker now and then, and tells its observer: what it has, how far it is, whether it moves.

Theory of operation. Whether a worker is sick is told by what comes of its work, whatever the reason: a partition for
which the log holds more than is settled, or whose view is behind, and that has not moved since the last look, stalls.
The clock stands still while that can't be held against the worker: the broker or Redis does not answer, or other
workers have to do their part first. Loops of the client that have ended are told of at once, idle or not.

Only looks: nothing here acts on what it finds.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Hashable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

from aiokafka.errors import KafkaError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from consumers.membership import Membership, Standing
from consumers.observing import Ends, LogEnd, Observer, Reading, Readings, Sighting
from consumers.stalls import StallClock
from consumers.state_log import LogEnds
from consumers.tasks import WatchedTask
from producers.connection import KafkaConnection

_ANSWER_SECONDS = 5.0
"""A server that does not answer within this is told to be out of reach."""


class Instrument(Protocol):
    """Reads from Redis what only workers of one role have."""

    async def read(self, partitions: Sequence[int], ends: Ends) -> Readings:
        """Read of these partitions; what can't be read of one is left out.

        Raises:
            RedisError: Redis is out of reach.
        """


class Ping:
    """The instrument of a role that has nothing of its own."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def read(self, _partitions: Sequence[int], _ends: Ends) -> Readings:
        """See that Redis answers."""
        await self._redis.ping()
        return {}


@dataclass(frozen=True, slots=True)
class Watched:
    """The worker to look at: what it reads, as which member, and the other topics whose ends tell something."""

    connection: KafkaConnection
    topic: str
    partitions: int
    member: Membership
    instrument: Instrument
    other_ends: Mapping[str, LogEnds] = field(default_factory=dict)


@asynccontextmanager
async def watched(worker: Watched, observer: Observer) -> AsyncIterator[None]:
    """Look at a worker while inside, as often as its observer wants; not at all where it wants nothing."""
    if observer.look_every is None:
        yield
        return
    async with LogEnds(worker.connection, worker.topic, worker.partitions) as ends:
        watch = _Watch(worker, {worker.topic: ends, **worker.other_ends})
        task = WatchedTask(watch.look_every(observer.look_every, observer), "watch", worker.member.fail)
        try:
            yield
        finally:
            await task.end()


class _Watch:
    def __init__(self, worker: Watched, ends: Mapping[str, LogEnds]) -> None:
        self._worker = worker
        self._ends = ends
        self._clock = StallClock()

    async def look_every(self, seconds: float, observer: Observer) -> None:
        while True:
            observer.seen(await self._look())
            await asyncio.sleep(seconds)

    async def _look(self) -> Sighting:
        member = self._worker.member
        standings = member.standings
        unready = [] if member.has_assignment else ["the group has not said yet what this worker has"]
        taking_over = [number for number, standing in standings.items() if not standing.is_serving]
        if taking_over:
            unready.append(f"partitions that are being caught up: {', '.join(map(str, taking_over))}")
        ends, readings, silent = await self._asked(sorted(standings))
        unready += silent
        settled = await self._settled(standings)
        lag = {
            number: max(ends[self._worker.topic, number].stable - offset, 0)
            for number, offset in settled.items()
            if (self._worker.topic, number) in ends
        }
        places = {
            number: None if silent else _place(number, standing, lag, readings)
            for number, standing in standings.items()
        }
        return Sighting(
            topic=self._worker.topic,
            unready=unready,
            broken=member.ended_loops,
            readings={
                **readings,
                Reading.LAG: lag,
                Reading.NEXT_OFFSET: {number: standing.next_offset for number, standing in standings.items()},
                Reading.STALLED_SECONDS: self._clock.stalled(time.monotonic(), places),
            },
            ends=ends,
        )

    async def _asked(self, partitions: Sequence[int]) -> tuple[Ends, Readings, Sequence[str]]:
        """Return what the servers say, and which of them say nothing."""
        ends: Ends = {}
        readings: Readings = {}
        silent: list[str] = []
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                ends = await self._ends_of(partitions)
        except (KafkaError, OSError):  # TimeoutError is one
            silent.append("the broker does not answer")
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                readings = await self._worker.instrument.read(partitions, ends)
        except (RedisError, OSError):
            silent.append("Redis does not answer")
        return ends, readings, silent

    async def _ends_of(self, partitions: Sequence[int]) -> Ends:
        found: dict[tuple[str, int], LogEnd] = {}
        for topic, ends in self._ends.items():
            stable, written = await asyncio.gather(ends.committed(), ends.written())
            found.update({(topic, each): LogEnd(written[each], stable[each]) for each in partitions})
        return found

    async def _settled(self, standings: Mapping[int, Standing]) -> Mapping[int, int]:
        """Return up to where each partition is done: where it has all it was given, marks in the log count too."""
        positions: Mapping[int, int] = {}
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                positions = await self._worker.member.positions()
        except (KafkaError, OSError):
            # In the middle of a rebalance, or of an outage, which is told already.
            pass
        return {
            number: max(standing.next_offset, positions.get(number, 0))
            if standing.fed_up_to <= standing.next_offset
            else standing.next_offset
            for number, standing in standings.items()
        }


def _place(number: int, standing: Standing, lag: Mapping[int, int], readings: Readings) -> Hashable | None:
    """Return what changes whenever a partition moves; None where it has nothing to do, or waits for others."""
    behind = readings.get(Reading.VIEW_LAG, {}).get(number, 0)
    if standing.waits_for_others or (standing.is_serving and not lag.get(number, 0) and not behind):
        return None
    return standing.next_offset, readings.get(Reading.VIEW_POSITION, {}).get(number)
