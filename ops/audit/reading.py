"""Where the partitions of the fleet's topics begin and end, and their records: what the audit reads from Kafka."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaConsumer, TopicPartition

from ops.log_reader import LogReader, LogRecord
from producers.connection import KafkaConnection

_STEP = 2_000
"""Records between two signs of life."""


class Bounds:
    """Asks where partitions begin and end, open transactions included, and what a group has committed.

    Who reads as consumers do up to such an end has read every transaction that was begun by then.
    """

    def __init__(self, connection: KafkaConnection, group_id: str) -> None:
        self._consumer = AIOKafkaConsumer(
            group_id=group_id, isolation_level="read_uncommitted", enable_auto_commit=False, **connection.client()
        )

    async def __aenter__(self) -> Self:
        try:
            await self._consumer.start()
        except BaseException:
            await self._consumer.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._consumer.stop()

    async def starts(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        """Return the first offset of each partition."""
        found: Mapping[TopicPartition, int] = await self._consumer.beginning_offsets(partitions)
        return found

    async def ends(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        """Return the offset after the last one of each partition, as of now."""
        found: Mapping[TopicPartition, int] = await self._consumer.end_offsets(partitions)
        return found

    async def committed(self, partition: TopicPartition) -> int:
        """Return what the group has committed, 0 where it has not."""
        return int(await self._consumer.committed(partition) or 0)


class Reading:
    """Reads records partition by partition.

    Tells the partition's number and how many records there were, now and then.
    """

    def __init__(self, connection: KafkaConnection, told: Callable[[int, int], None]) -> None:
        self._connection = connection
        self._told = told
        self._records = 0

    async def between(self, partition: TopicPartition, start: int, end: int) -> AsyncGenerator[LogRecord, None]:
        """Yield the records of a partition that consumers see, from one offset to another.

        Raises:
            KafkaError: the broker can't be reached, or has fallen silent.
        """
        if start >= end:
            return
        async with LogReader(self._connection, [partition]) as reader:
            reader.seek({partition: start})
            async for record in reader.until({partition: end}):
                self._records += 1
                if self._records % _STEP == 0:
                    self._told(partition.partition, self._records)
                yield record
