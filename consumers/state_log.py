"""Reading a topic of the fleet: where partitions end, and one partition's records from one offset to another.

Reads only; nothing here keeps an opinion about the view.
"""

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from consumers.errors import Retryable
from consumers.shared_lookup import SharedLookup
from producers.connection import KafkaConnection
from producers.stopping import stop_client

_POLL_MS = 1_000
_MAX_SILENT_POLLS = 30
"""A broker that delivers nothing below a known end for this many polls is treated as out of reach."""


class LogEnds:
    """Where the partitions of one topic end, as of the call or later.

    `committed()` is where read_committed readers end (the last stable offset), `written()` where the log ends, open
    transactions included.
    """

    def __init__(self, connection: KafkaConnection, topic: str, partitions: int) -> None:
        self._topic_partitions = [TopicPartition(topic, partition) for partition in range(partitions)]
        options = connection.client()
        self._stable = AIOKafkaConsumer(isolation_level="read_committed", **options)
        self._all = AIOKafkaConsumer(isolation_level="read_uncommitted", **options)
        self.committed: SharedLookup[Mapping[int, int]] = SharedLookup(lambda: self._ends(self._stable))
        self.written: SharedLookup[Mapping[int, int]] = SharedLookup(lambda: self._ends(self._all))

    async def __aenter__(self) -> Self:
        try:
            await self._stable.start()
            await self._all.start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    async def unmarked(self, topic_partitions: Collection[TopicPartition]) -> Collection[TopicPartition]:
        """Return those, of any topic, that hold records of a transaction whose end is not marked there."""
        written = await self._all.end_offsets(topic_partitions)
        stable = await self._stable.end_offsets(topic_partitions)
        return [each for each in topic_partitions if stable[each] < written[each]]

    async def _stop(self) -> None:
        await stop_client(self._stable)
        await stop_client(self._all)

    async def _ends(self, consumer: AIOKafkaConsumer) -> Mapping[int, int]:
        ends = await consumer.end_offsets(self._topic_partitions)
        return {topic_partition.partition: end for topic_partition, end in ends.items()}


async def read_partition(
    connection: KafkaConnection, topic: TopicPartition, start: int, end: int
) -> AsyncGenerator[Sequence[ConsumerRecord], None]:
    """Yield a partition's committed records from `start` (or the first there is) up to `end`, in fetches.

    Raises:
        Retryable: the broker stopped delivering before the end.
    """
    consumer = AIOKafkaConsumer(isolation_level="read_committed", auto_offset_reset="earliest", **connection.client())
    try:
        await consumer.start()
        consumer.assign([topic])
        consumer.seek(topic, start)
        silent = 0
        while await consumer.position(topic) < end:
            records = (await consumer.getmany(topic, timeout_ms=_POLL_MS)).get(topic, [])
            silent = 0 if records else silent + 1
            if silent > _MAX_SILENT_POLLS:
                raise Retryable(f"{topic.topic}-{topic.partition} delivers nothing before {end}")
            wanted = [record for record in records if record.offset < end]
            if wanted:
                yield wanted
    finally:
        await stop_client(consumer)
