"""Writes records as they were received elsewhere: bytes, timestamp and headers unchanged, in the order of `copy`.

Which partition they go to is for the caller to say. Nothing is parsed here.
"""

import asyncio
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaProducer, TopicPartition

from consumers.outputs import Output
from producers.connection import KafkaConnection
from producers.stopping import stop_client

_BATCH_BYTES = 1_000_000
"""Below every topic's max.message.bytes; a single larger record gets a batch of its own."""
_MOST_UNACKNOWLEDGED = 32
"""Batches in memory before the broker is waited for."""
MOST_OPEN_BYTES = 32_000_000
"""Of the batches that are being filled: with hundreds of partitions they would take as many MB before one is full."""


class Copier:
    """An idempotent producer, to be used as an async context; leaving it by itself sends what is left."""

    def __init__(self, connection: KafkaConnection, most_open_bytes: int = MOST_OPEN_BYTES) -> None:
        self._producer = AIOKafkaProducer(enable_idempotence=True, max_batch_size=_BATCH_BYTES, **connection.client())
        self._most_open_bytes = most_open_bytes
        self._open: dict[TopicPartition, Any] = {}
        self._taken_bytes = 0
        self._sent: list[Any] = []

    async def __aenter__(self) -> Self:
        try:
            await self._producer.start()
        except BaseException:
            await stop_client(self._producer)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                await self.flush()
        finally:
            await stop_client(self._producer)

    async def copy(self, partition: TopicPartition, record: Output) -> None:
        """Write one more record to a partition, after those before it."""
        fields = {"key": record.key, "value": record.value, "headers": list(record.headers)}
        batch = self._open.get(partition) or self._producer.create_batch()
        if batch.append(timestamp=record.timestamp, **fields) is None:
            await self._send(partition, batch)
            batch = self._producer.create_batch()
            batch.append(timestamp=record.timestamp, **fields)
        self._open[partition] = batch
        self._taken_bytes += len(record.key or b"") + len(record.value or b"")
        if self._taken_bytes > self._most_open_bytes:
            await self._send_open()

    async def flush(self) -> None:
        """Wait until all is written.

        Raises:
            KafkaError: it could not be.
        """
        await self._send_open()
        await self._acknowledged()

    async def _send_open(self) -> None:
        """Send what is being filled; what was taken since the last time is the most that this can be."""
        filled, self._open, self._taken_bytes = self._open, {}, 0
        for partition, batch in filled.items():
            await self._send(partition, batch)

    async def _send(self, partition: TopicPartition, batch: Any) -> None:  # noqa: ANN401 aiokafka is not typed
        self._sent.append(
            await self._producer.send_batch(batch, partition.topic, partition=partition.partition),
        )
        if len(self._sent) >= _MOST_UNACKNOWLEDGED:
            await self._acknowledged()

    async def _acknowledged(self) -> None:
        sent, self._sent = self._sent, []
        await asyncio.gather(*sent)
