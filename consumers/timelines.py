"""Filling a partition's timelines from the events topic, in the background, while decisions go on.

Theory of operation. Timelines are hashes of events by version, so writing an event twice, or a later one first, does
no harm. The marker's `events` says up to where in the events topic all of them are there. A writer that finds it at
the end of the log moves it on with every batch; one that finds it behind, or missing after Redis was lost, reads the
log from there and moves it on as it goes. A reader compares a timeline's length with its ticket's version, so it
knows what is still missing.
"""

import asyncio
from contextlib import aclosing

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from redis.exceptions import RedisError

from consumers.errors import Retryable
from consumers.state_log import LogEnds, read_partition
from consumers.tasks import end_task
from consumers.view import NOT_BUILT, PartitionView
from contracts.recorded import UnreadableEvent, read_recorded_event
from producers.connection import KafkaConnection

_CHUNK = 500
_RETRY_SECONDS = 1.0
log = structlog.get_logger(__name__)


class Timelines:
    """The timelines of one partition, while this worker writes it."""

    def __init__(self, connection: KafkaConnection, topic: str, view: PartitionView, ends: LogEnds) -> None:
        self._connection = connection
        self._topic = TopicPartition(topic, view.keys.partition)
        self._view = view
        self._ends = ends
        self._complete_to = NOT_BUILT
        self._written_to = 0
        self._filling: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to fill what is missing; what this worker commits meanwhile is taken in too."""
        self._complete_to = NOT_BUILT
        self._filling = asyncio.create_task(self._run(), name=f"timelines-{self._topic.partition}")

    async def stop(self) -> None:
        """Stop filling; the next writer goes on where this one was."""
        filling, self._filling = self._filling, None
        if filling is not None:
            await end_task(filling)

    async def committed(self, last_offset: int) -> None:
        """Take note of a batch whose events are in the view: its last event lies at this offset."""
        # The transaction's own marker takes the offset after it.
        end = last_offset + 2
        self._written_to = end
        if self._complete_to != NOT_BUILT and end > self._complete_to:
            expected, self._complete_to = self._complete_to, end
            await self._view.timelines_reached(expected, end)

    async def _run(self) -> None:
        while True:
            try:
                await self._fill()
            except (Retryable, KafkaError, RedisError, OSError) as error:
                log.warning("timelines wait", partition=self._topic.partition, reason=repr(error))
                await asyncio.sleep(_RETRY_SECONDS)
            except UnreadableEvent as error:
                log.error("timelines can't be filled", partition=self._topic.partition, reason=str(error))  # noqa: TRY400
                return
            else:
                return

    async def _fill(self) -> None:
        while True:
            position = await fill_timelines(self._connection, self._topic, self._view, self._ends)
            # No await from here on: a batch committed meanwhile is either read already, or moves this on itself.
            if self._written_to <= position:
                self._complete_to = position
                return


async def fill_timelines(connection: KafkaConnection, topic: TopicPartition, view: PartitionView, ends: LogEnds) -> int:
    """Write what timelines lack up to the end of a partition's events as of now, and return that end.

    Raises:
        ViewBehind: somebody else is filling them.
        Retryable: the broker stopped delivering.
    """
    position = (await view.marker()).events
    end = (await ends.committed())[topic.partition]
    if position < end:
        async with aclosing(read_partition(connection, topic, max(position, 0), end)) as fetches:
            async for records in fetches:
                for start in range(0, len(records), _CHUNK):
                    chunk = records[start : start + _CHUNK]
                    reached = chunk[-1].offset + 1
                    await view.fill_timelines(position, reached, [read_recorded_event(r.value) for r in chunk])
                    position = reached
    if position < end or position == NOT_BUILT:
        await view.fill_timelines(position, end, ())
    return max(position, end)
