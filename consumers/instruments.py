"""What can be read of the Redis view to tell how it is: a ticket worker's part, and an alert worker's. Reads only."""

from collections.abc import Sequence
from datetime import UTC, datetime

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from consumers.due_index import score_of
from consumers.keys import PartitionKeys
from consumers.observing import Ends, Reading, Readings
from consumers.view import NOT_BUILT


class ViewInstrument:
    """How far the view of each partition is behind its log, and how many open tickets it holds."""

    def __init__(self, redis: Redis, prefix: str, state_topic: str) -> None:
        self._redis = redis
        self._prefix = prefix
        self._state_topic = state_topic

    async def read(self, partitions: Sequence[int], ends: Ends) -> Readings:
        """Read of these partitions; a marker that can't be read is left out.

        Raises:
            RedisError: Redis is out of reach.
        """
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.ping()
        for number in partitions:
            keys = PartitionKeys(self._prefix, number)
            pipeline.hget(keys.marker, "state")
            pipeline.hlen(keys.work)
        _, *answers = await pipeline.execute(raise_on_error=False)
        readings: dict[Reading, dict[int, float]] = {
            reading: {}
            for reading in (Reading.VIEW_POSITION, Reading.VIEW_LAG, Reading.VIEW_BUILT, Reading.OPEN_TICKETS)
        }
        for number, state, open_tickets in zip(partitions, answers[::2], answers[1::2], strict=True):
            if isinstance(state, ResponseError) or isinstance(open_tickets, ResponseError):
                continue
            position = NOT_BUILT if state is None else int(state)
            readings[Reading.VIEW_POSITION][number] = position
            readings[Reading.OPEN_TICKETS][number] = open_tickets
            end = ends.get((self._state_topic, number))
            if end is not None:
                readings[Reading.VIEW_LAG][number] = max(end.stable - max(position, 0), 0)
                readings[Reading.VIEW_BUILT][number] = min(max(position, 0) / end.stable, 1.0) if end.stable else 1.0
        return readings


class DueInstrument:
    """How many tickets have come due by the machine's clock and wait for a tick, or for its evaluation."""

    def __init__(self, redis: Redis, prefix: str) -> None:
        self._redis = redis
        self._prefix = prefix

    async def read(self, partitions: Sequence[int], _ends: Ends) -> Readings:
        """Read of these partitions.

        Raises:
            RedisError: Redis is out of reach.
        """
        now = score_of(datetime.now(UTC))
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.ping()
        for number in partitions:
            pipeline.zcount(PartitionKeys(self._prefix, number).due, "-inf", now)
        _, *counts = await pipeline.execute()
        return {Reading.DUE_TICKETS: dict(zip(partitions, counts, strict=True))}
