"""A neighbour of the fleet: sends to its topics, and hears what comes out as consumers that read committed do."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from tests.acceptance.wire import (
    COMMANDS,
    DIRECTORY,
    DLQ,
    EVENTS,
    REJECTIONS,
    STATE,
    STRUCTURED,
    Headers,
    Record,
    command,
    entry,
    partition_for,
)

PATIENCE = 120.0
"""Seconds to wait for something that has to come: a net for what never comes, not a measure of speed."""
_POLL_MS = 100
Wanted = Callable[[Record], bool]


class Desk:
    """Connections to the topics of one prefix; `outputs` holds what was heard so far by topic, as it came.

    Example::

        async with Desk(bootstrap_servers, prefix, partitions=4) as desk:
            event = await desk.answered("ticket.open", "T-1", "c1", subject="printer on fire")
    """

    def __init__(self, bootstrap_servers: str, prefix: str, partitions: int) -> None:
        self.bootstrap_servers = bootstrap_servers
        self.prefix = prefix
        self.partitions = partitions
        self.outputs: dict[str, list[Record]] = defaultdict(list)
        self._news = asyncio.Condition()
        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap_servers,
            enable_idempotence=True,
            max_batch_size=1_200_000,
            max_request_size=4_000_000,
        )
        self._consumer = self._reader()

    async def __aenter__(self) -> Self:
        await self._producer.start()
        await self._consumer.start()
        names = [self.prefix + topic for topic in (EVENTS, STATE, REJECTIONS, DLQ)]
        self._consumer.assign([TopicPartition(name, number) for name in names for number in range(self.partitions)])
        await self._consumer.seek_to_beginning()
        self._hearing = asyncio.create_task(self._hear_until_it_fails())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._hearing.cancel()
        await asyncio.wait([self._hearing])
        await self._consumer.stop()
        await self._producer.stop()

    async def publish(  # noqa: PLR0913 a record's parts
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        *,
        headers: Headers = STRUCTURED,
        timestamp: int | None = None,
    ) -> "asyncio.Future[Any]":
        """Send any record, whatever it holds; the future is done when it is acknowledged."""
        name = self.prefix + topic
        sent: asyncio.Future[Any]
        if key is not None or value is not None:
            sent = await self._producer.send(name, value, key, partition, timestamp, list(headers))
        else:
            batch = self._producer.create_batch()
            batch.append(timestamp=timestamp, key=key, value=value, headers=list(headers))
            batch.close()
            sent = await self._producer.send_batch(batch, name, partition=partition)
        return sent

    async def send(self, event: dict[str, Any], *, shift: int = 0, **record: Any) -> tuple[int, int]:  # noqa: ANN401
        """Send a command where it belongs, or `shift` partitions beside; return where it lies."""
        subject = event["subject"]
        partition = (partition_for(subject, self.partitions) + shift) % self.partitions
        sent = await self.publish(COMMANDS, partition, subject.encode(), orjson.dumps(event), **record)
        metadata = await sent
        return metadata.partition, metadata.offset

    async def command(self, name: str, subject: str, command_id: str, /, **data: Any) -> tuple[int, int]:  # noqa: ANN401
        """Build a command of its data and send it; return where it lies."""
        return await self.send(command(name, subject, command_id, data))

    async def enter(self, kind: str, entity_id: str, **data: Any) -> None:  # noqa: ANN401
        """Put an entry into the directory; done when it is acknowledged."""
        value = orjson.dumps(entry(kind, entity_id, data))
        await (await self.publish(DIRECTORY, 0, f"{kind}:{entity_id}".encode(), value))

    async def flush(self) -> None:
        """Wait until all that was sent is acknowledged."""
        await self._producer.flush()

    async def heard(self, topic: str, wanted: Wanted) -> Record:
        """Return the first record of an output topic that is wanted, waiting for it."""
        await self.until(lambda: any(map(wanted, self.outputs[topic])))
        return next(record for record in self.outputs[topic] if wanted(record))

    async def until(self, reached: Callable[[], bool]) -> None:
        """Wait until what was heard is enough; raises what hearing has ended with."""

        def has_news() -> bool:
            return self._hearing.done() or reached()

        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(has_news)
        if self._hearing.done():
            self._hearing.result()

    async def answered(self, name: str, subject: str, command_id: str, /, **data: Any) -> dict[str, Any]:  # noqa: ANN401
        """Send a command and return the first event it led to, or else its rejection."""
        await self.command(name, subject, command_id, **data)
        return await self.answer(subject, command_id)

    async def answer(self, subject: str, command_id: str) -> dict[str, Any]:
        """Return the first event a command led to, or else its rejection, waiting for it."""

        def found() -> list[dict[str, Any]]:
            told = [record.json for topic in (EVENTS, REJECTIONS) for record in self.outputs[topic]]
            return [event for event in told if (event["subject"], event["causationid"]) == (subject, command_id)]

        await self.until(lambda: bool(found()))
        return found()[0]

    async def read(self, topic: str) -> Sequence[Record]:
        """Read a whole topic, up to what is committed now."""
        count = 1 if topic == DIRECTORY else self.partitions
        partitions = [TopicPartition(self.prefix + topic, number) for number in range(count)]
        consumer = self._reader()
        await consumer.start()
        try:
            consumer.assign(partitions)
            await consumer.seek_to_beginning()
            ends = await consumer.end_offsets(partitions)
            found: list[Record] = []
            async with asyncio.timeout(PATIENCE):
                while any([await consumer.position(each) < ends[each] for each in partitions]):
                    fetched = await consumer.getmany(timeout_ms=_POLL_MS)
                    found += [_record(record) for records in fetched.values() for record in records]
            return found
        finally:
            await consumer.stop()

    def _reader(self) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap_servers,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            max_partition_fetch_bytes=4_000_000,
        )

    async def _hear_until_it_fails(self) -> None:
        try:
            await self._hear()
        finally:
            async with self._news:
                self._news.notify_all()

    async def _hear(self) -> None:
        while True:
            try:
                fetched = await self._consumer.getmany(timeout_ms=_POLL_MS)
            except KafkaError:
                # The broker may be away for a while; what it holds is still there when it is back.
                await asyncio.sleep(_POLL_MS / 1000)
                continue
            for partition, records in fetched.items():
                self.outputs[partition.topic.removeprefix(self.prefix)] += map(_record, records)
            async with self._news:
                self._news.notify_all()


def _record(record: Any) -> Record:  # noqa: ANN401 the client is not typed
    return Record(record.partition, record.offset, record.timestamp, record.key, record.value, tuple(record.headers))
