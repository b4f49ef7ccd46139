"""Reads whole partitions of topics as consumers of the engine do: read_committed, and without joining a group.

Nothing is committed, and no topic is made: ask for topics that are there. An outage while reading up to a known end is
an error; whoever follows a topic waits for the broker to come back.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from types import TracebackType
from typing import Any, Protocol, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaTimeoutError

from producers.connection import KafkaConnection
from producers.stopping import stop_client

_POLL_MS = 200
_SILENCE_SECONDS = 30.0
"""Without a record or a step ahead for this long before the end is reached, the broker is taken to be away."""

Ends = Mapping[TopicPartition, int]


class LogRecord(Protocol):
    """A record as Kafka's client hands it over; `timestamp` in milliseconds since the epoch."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]


class LogReader:
    """A consumer of some partitions, to be used as an async context; it starts where they start."""

    def __init__(
        self, connection: KafkaConnection, partitions: Iterable[TopicPartition], **consumer_options: object
    ) -> None:
        self._partitions = tuple(partitions)
        options: dict[str, Any] = connection.client() | {
            "isolation_level": "read_committed",
            "auto_offset_reset": "earliest",
            "enable_auto_commit": False,
        }
        self._consumer = AIOKafkaConsumer(**options | consumer_options)

    async def __aenter__(self) -> Self:
        """Connect, and stand at the start.

        Raises:
            KafkaError: the broker can't be reached.
        """
        try:
            await self._consumer.start()
            self._consumer.assign(self._partitions)
            self.seek(await self.starts())
        except BaseException:
            await stop_client(self._consumer)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Disconnect."""
        await stop_client(self._consumer)

    async def starts(self) -> dict[TopicPartition, int]:
        """Return the first offset of each partition."""
        found: dict[TopicPartition, int] = await self._consumer.beginning_offsets(self._partitions)
        return found

    async def ends(self) -> dict[TopicPartition, int]:
        """Return the offset each partition can be read up to as of now, exclusive.

        What is in a transaction that is still open lies behind that; see `written_ends`.
        """
        found: dict[TopicPartition, int] = await self._consumer.end_offsets(self._partitions)
        return found

    async def committed(self) -> dict[TopicPartition, int | None]:
        """Return what the group this reader was given has committed; None where it has not."""
        return {each: await self._consumer.committed(each) for each in self._partitions}

    def seek(self, positions: Mapping[TopicPartition, int]) -> None:
        """Stand at these offsets."""
        for partition, offset in positions.items():
            self._consumer.seek(partition, offset)

    async def position(self, partition: TopicPartition) -> int:
        """Return the offset that comes next."""
        offset: int = await self._consumer.position(partition)
        return offset

    async def until(self, ends: Ends) -> AsyncIterator[LogRecord]:
        """Yield records up to these ends, one for each partition, and stand there; a `seek` meanwhile is followed.

        Raises:
            KafkaTimeoutError: the broker has fallen silent.
        """
        self._consumer.pause(*(each for each in self._partitions if each not in ends))
        clock = asyncio.get_running_loop()
        before = await self._positions(ends)
        heard = clock.time()
        while True:
            at_end = {each: end for each, end in ends.items() if before[each] >= end}
            # What is at its end is paused: undelivered records of one partition hold up all others of its broker.
            self._consumer.pause(*at_end)
            self.seek(at_end)
            if len(at_end) == len(ends):
                break
            for partition, records in (await self._consumer.getmany(timeout_ms=_POLL_MS)).items():
                for record in records:
                    if record.offset < ends[partition]:
                        yield record
            now_at = await self._positions(ends)
            if now_at != before:
                heard, before = clock.time(), now_at
            elif clock.time() - heard > _SILENCE_SECONDS:
                raise KafkaTimeoutError(f"no answer for {_SILENCE_SECONDS:.0f} s")
        self._consumer.resume(*self._partitions)

    async def _positions(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return {each: await self.position(each) for each in partitions}

    async def follow(self) -> AsyncIterator[LogRecord]:
        """Yield records for ever, as they can be read."""
        while True:
            for records in (await self._consumer.getmany(timeout_ms=_POLL_MS)).values():
                for record in records:
                    yield record


async def written_ends(connection: KafkaConnection, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
    """Return the offset up to which each partition is written as of now, exclusive, open transactions included.

    Who reads up to there has seen all that was committed before, also what the broker was still about to mark so; and
    waits for transactions that are open.

    Raises:
        KafkaError: the broker can't be reached.
    """
    async with LogReader(connection, partitions, isolation_level="read_uncommitted") as reader:
        return await reader.ends()


def all_partitions(topics: Iterable[str], count: int) -> list[TopicPartition]:
    """Return every partition of topics that have so many each."""
    return [TopicPartition(topic, number) for topic in topics for number in range(count)]
