"""The transactional output of one partition: all of a batch and its consumed offset become visible, or nothing.

One producer per partition with a stable transactional id: starting it fences whoever wrote for the partition before.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import InvalidProducerEpoch, ProducerFenced
from aiokafka.producer import sender
from aiokafka.structs import RecordMetadata

from producers.connection import KafkaConnection
from producers.stopping import stop_client

# After a commit the coordinator answers the next transaction CONCURRENT_TRANSACTIONS while it still writes markers; the
# library then waits this constant, 20 ms by default, which would be most of a command's latency.
sender.BACKOFF_OVERRIDE = 0.005

TRANSACTION_TIMEOUT_MS = 15_000
"""A dead worker's transaction is aborted after this, whatever happens; a batch takes far less."""
_BATCH_BYTES = 1_000_000
"""Below every topic's max.message.bytes; a single larger record gets a batch of its own."""


class OutputFenced(Exception):
    """Another producer with this transactional id was started.

    A newer owner of the partition exists, or a transaction timed out.
    """


class Record(Protocol):
    """What is sent: `timestamp` in milliseconds, None for now; `partition` None for the output's own."""

    @property
    def key(self) -> bytes | None:
        """The record's key."""

    @property
    def value(self) -> bytes | None:
        """The record's value."""

    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]:
        """The record's headers."""

    @property
    def timestamp(self) -> int | None:
        """The record's timestamp."""

    @property
    def partition(self) -> int | None:
        """The partition to send to."""


@dataclass(frozen=True, slots=True)
class Sent:
    """Where a topic's records of one transaction lie: the last one's offset on the output's own partition."""

    last_offset: int


class PartitionOutput:
    """Writes for one partition, one transaction at a time. After an error it is dead: close it and make a new one."""

    def __init__(self, connection: KafkaConnection, group_id: str, partition: int) -> None:
        self.partition = partition
        self._group_id = group_id
        self._producer = AIOKafkaProducer(
            transactional_id=f"{group_id}-{partition}",
            transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
            linger_ms=0,
            max_batch_size=_BATCH_BYTES,
            **connection.client(),
        )

    async def open(self) -> str:
        """Fence former owners, end their open transaction, and return the fence: later owners' are greater as text."""
        await self._producer.start()
        transactions = self._producer._txn_manager  # noqa: SLF001 the library has no public name for id and epoch
        return f"{transactions.producer_id:020d}.{transactions.producer_epoch:05d}"

    async def commit(
        self,
        records: Mapping[str, Sequence[Record]],
        consumed: Mapping[TopicPartition, int],
        before_commit: Callable[[], Awaitable[None]],
    ) -> Mapping[str, Sent]:
        """Send the records by topic and the consumed offsets, and commit; `before_commit` may still raise to abort.

        Raises:
            OutputFenced: a newer owner exists; nothing of this becomes visible.
            KafkaError: the outcome is unknown until the committed offset is read again.
        """
        try:
            await self._producer.begin_transaction()
            sent = await self._send(records)
            await self._producer.send_offsets_to_transaction(dict(consumed), self._group_id)
            await before_commit()
            await self._producer.commit_transaction()
        except (ProducerFenced, InvalidProducerEpoch) as error:
            raise OutputFenced(str(error)) from error
        return sent

    async def close(self) -> None:
        """Let go of the connections; an open transaction is left to its timeout or to the next owner."""
        await stop_client(self._producer)

    async def _send(self, records: Mapping[str, Sequence[Record]]) -> Mapping[str, Sent]:
        """Send all, then await every send: a failed one would not stop the commit by itself."""
        waiting: list[tuple[str, int, int, Awaitable[RecordMetadata]]] = []
        for topic, outputs in records.items():
            for partition, wanted in self._by_partition(outputs).items():
                for count, future in await self._send_batches(topic, partition, wanted):
                    waiting.append((topic, partition, count, future))
        sent: dict[str, Sent] = {}
        for (topic, partition, count, _), metadata in zip(
            waiting, await asyncio.gather(*(future for *_, future in waiting)), strict=True
        ):
            if partition == self.partition:
                sent[topic] = Sent(metadata.offset + count - 1)
        return sent

    def _by_partition(self, outputs: Sequence[Record]) -> Mapping[int, list[Record]]:
        grouped: dict[int, list[Record]] = {}
        for output in outputs:
            grouped.setdefault(self.partition if output.partition is None else output.partition, []).append(output)
        return grouped

    async def _send_batches(
        self, topic: str, partition: int, outputs: Sequence[Record]
    ) -> list[tuple[int, Awaitable[RecordMetadata]]]:
        futures: list[tuple[int, Awaitable[RecordMetadata]]] = []
        batch = self._producer.create_batch()
        for output in outputs:
            fields = {"key": output.key, "value": output.value, "headers": list(output.headers)}
            if batch.append(timestamp=output.timestamp, **fields) is None:
                futures.append(
                    (batch.record_count(), await self._producer.send_batch(batch, topic, partition=partition))
                )
                batch = self._producer.create_batch()
                batch.append(timestamp=output.timestamp, **fields)
        if batch.record_count():
            futures.append((batch.record_count(), await self._producer.send_batch(batch, topic, partition=partition)))
        return futures
