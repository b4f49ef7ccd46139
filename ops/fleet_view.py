"""A fleet's Redis view, opened: the one way in which commands get at it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from redis.asyncio import Redis

from consumers.view import PartitionView
from consumers.view_reader import ViewReader
from ops.console import counted, err
from ops.target import Target
from producers.topics_admin import require_topics


@dataclass(frozen=True, slots=True)
class FleetView:
    """Where the view of one fleet is; `redis` returns bytes, and is its opener's to close."""

    redis: Redis
    prefix: str
    partitions: int

    @property
    def reader(self) -> ViewReader:
        """Its read side."""
        return ViewReader(self.redis, self.prefix, self.partitions)

    def of(self, partition: int) -> PartitionView:
        """Return the view of one partition."""
        return PartitionView(self.redis, self.prefix, partition)

    @property
    def parts(self) -> list[PartitionView]:
        """The views of all partitions, in order."""
        return [self.of(partition) for partition in range(self.partitions)]


@asynccontextmanager
async def open_view(target: Target) -> AsyncIterator[FleetView]:
    """Open a fleet's view; whether Redis answers shows with the first question.

    Raises:
        TopicsUnfit: the fleet's topics are missing or unequal.
        KafkaError: the broker can't be reached.
    """
    partitions = await require_topics(target.kafka, target.topics)
    redis = target.redis.client()
    try:
        yield FleetView(redis, target.topics.prefix, partitions)
    finally:
        await redis.aclose()


@asynccontextmanager
async def told_reader(target: Target) -> AsyncIterator[ViewReader]:
    """Open the read side for lists; where a part of the view is lost, say so, as they are shorter then.

    Raises:
        TopicsUnfit: the fleet's topics are missing or unequal.
        KafkaError, RedisError: the broker or Redis can't be reached.
    """
    async with open_view(target) as view:
        reader = view.reader
        if lost := await reader.lost_partitions():
            err.print(
                f"There is no view now of {lost:,} of {counted(reader.partitions, 'partition')}, so something may be "
                "missing here. Running workers build it again; without any, `itilnext rebuild` does."
            )
        yield reader
