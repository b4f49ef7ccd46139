"""The transactional output of one partition: all of a batch and its consumed offset become visible, or nothing.

One producer per partition with a stable transactional id: starting it fences whoever wrote for the partition before.

A broker that dies while it ends a transaction can come back without the marks of it on some partitions, though it told
the writer that the transaction had ended. The next commit or abort of the same id on such a partition marks what was
left, as its own; so none may be written there that ends otherwise. Therefore

1. nothing is sent before the coordinator has taken in the partitions of its transaction, or where it has none, its
   group: it does that only when it is done with the transaction before, or believes so;
2. where it did so over another connection than the one that ended that transaction, the coordinator may have died in
   between: that transaction is ended once more, in the same way and on the same partitions, and nothing else is sent;
3. a new owner asks the coordinator how the last transaction ended, before it fences the former owner; afterwards it
   ends once more, in the same way, whatever has no mark.

By 2 nothing is written under an epoch of which a copy of a request to end may still be on its way: one that was sent
over the connection that broke says neither which transaction it means, nor, to a newer epoch, anything at all.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import InvalidProducerEpoch, KafkaError, ProducerFenced
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.structs import RecordMetadata

from producers.connection import KafkaConnection
from producers.stopping import STOPPING_SECONDS, stop_client
from producers.transaction_states import Outcome, last_transaction
from producers.transactions import Transactions

TRANSACTION_TIMEOUT_MS = 15_000
"""A dead worker's transaction is aborted after this, whatever happens; a batch takes far less."""
_SETTLING_SECONDS = 5.0
"""How long a partition that is let go may go on with what its successor could not do any more."""
CLOSING_SECONDS = _SETTLING_SECONDS + STOPPING_SECONDS
"""The longest that an `open` which is cancelled, and the `close` after it, take."""
_BATCH_BYTES = 1_000_000
"""Below every topic's max.message.bytes; a single larger record gets a batch of its own."""


class OutputFenced(Exception):
    """Another producer with this transactional id was started.

    A newer owner of the partition exists, or a transaction timed out.
    """


class CoordinatorReplaced(KafkaError):  # type: ignore[misc]  # aiokafka is not typed
    """Nothing was written: the last transaction was ended once more, for its coordinator may have died meanwhile."""


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
class _Ended:
    """A transaction that was ended: on what, and over which connection to its coordinator."""

    outcome: Outcome
    partitions: tuple[TopicPartition, ...]
    link: object


@dataclass(frozen=True, slots=True)
class Sent:
    """Where a topic's records of one transaction lie: the last one's offset on the output's own partition."""

    last_offset: int


class PartitionOutput:
    """Writes for one partition, one transaction at a time. After an error it is dead: close it and make a new one."""

    def __init__(self, connection: KafkaConnection, group_id: str, partition: int) -> None:
        self.partition = partition
        self._connection = connection
        self._group_id = group_id
        self._transactional_id = f"{group_id}-{partition}"
        self._producer = AIOKafkaProducer(
            transactional_id=self._transactional_id,
            transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
            linger_ms=0,
            max_batch_size=_BATCH_BYTES,
            **connection.client(),
        )
        self._transactions = Transactions(self._producer)
        self._ended: _Ended | None = None

    async def open(self, unmarked: Callable[[], Awaitable[Collection[TopicPartition]]]) -> str:
        """Fence former owners, end their last transaction, and return the fence: later owners' are greater as text.

        `unmarked` tells where marks of that may be missing, and is asked only where there was one; to name too many
        does no harm.

        Raises:
            OutputFenced: a newer owner exists.
            KafkaError: the coordinator can't be reached.
        """
        inherited = (await last_transaction(self._connection, self._transactional_id)).outcome
        partitions = () if inherited is None else await unmarked()
        settling = asyncio.create_task(self._settle(inherited, partitions), name=f"settling {self._transactional_id}")
        try:
            # Once fenced, the coordinator has forgotten how that transaction ended: only who asked before knows.
            await asyncio.shield(settling)
        except asyncio.CancelledError:
            await asyncio.wait([settling], timeout=_SETTLING_SECONDS)
            if settling.done() and not settling.cancelled():
                settling.exception()  # looked at, as nobody waits for it any more
            raise
        finally:
            settling.cancel()
        producer_id, epoch = self._transactions.producer
        return f"{producer_id:020d}.{epoch:05d}"

    async def commit(
        self,
        records: Mapping[str, Sequence[Record]],
        consumed: Mapping[TopicPartition, int],
        before_commit: Callable[[], Awaitable[None]],
    ) -> Mapping[str, Sent]:
        """Send the records by topic and the consumed offsets, and commit; `before_commit` may still raise to abort.

        Raises:
            OutputFenced: a newer owner exists; nothing of this becomes visible.
            CoordinatorReplaced: nothing of this was written; make a new output.
            KafkaError: the outcome is unknown until the committed offset is read again.
        """
        batches = self._by_partition(records)
        with _fencing_told():
            await self._producer.begin_transaction()
            if batches:
                await self._transactions.join(batches)
            else:
                await self._transactions.join_group(self._group_id)
            if self._ended is not None and not self._transactions.is_linked_by(self._ended.link):
                await self._end_again(self._ended.outcome, self._ended.partitions)
                raise CoordinatorReplaced(self._transactional_id)
            sent = await self._send(batches)
            await self._producer.send_offsets_to_transaction(dict(consumed), self._group_id)
            await before_commit()
            await self._end(Outcome.COMMITTED, batches)
        return sent

    async def relax(self) -> None:
        """Look, while there is nothing to do, whether the last transaction has all its marks.

        Then a connection that ends later, as idle ones do, says nothing about it.
        """
        if self._ended is not None and await self._transactions.are_complete_over(self._ended.link):
            self._ended = None

    async def close(self) -> None:
        """Let go of the connections; an open transaction is left to its timeout or to the next owner."""
        await stop_client(self._producer)

    async def _settle(self, inherited: Outcome | None, unmarked: Collection[TopicPartition]) -> None:
        await self._producer.start()
        if inherited is not None:
            with _fencing_told():
                await self._producer.begin_transaction()
                await self._end_again(inherited, unmarked)
                # The committed offset and the logs' ends, which are read next, count from here on.
                await self._transactions.completed()

    async def _end_again(self, outcome: Outcome, partitions: Collection[TopicPartition]) -> None:
        await self._transactions.join(partitions)
        await self._transactions.join_group(self._group_id)
        await self._end(outcome, partitions)

    async def _end(self, outcome: Outcome, partitions: Collection[TopicPartition]) -> None:
        self._ended = _Ended(outcome, tuple(partitions), self._transactions.link)
        match outcome:
            case Outcome.COMMITTED:
                await self._producer.commit_transaction()
            case Outcome.ABORTED:
                await self._producer.abort_transaction()

    async def _send(self, batches: Mapping[TopicPartition, Sequence[Record]]) -> Mapping[str, Sent]:
        """Send all, then await every send: a failed one would not stop the commit by itself."""
        waiting: list[tuple[TopicPartition, int, Awaitable[RecordMetadata]]] = []
        for target, wanted in batches.items():
            for count, future in await self._send_batches(target, wanted):
                waiting.append((target, count, future))
        sent: dict[str, Sent] = {}
        for (target, count, _), metadata in zip(
            waiting, await asyncio.gather(*(future for *_, future in waiting)), strict=True
        ):
            if target.partition == self.partition:
                sent[target.topic] = Sent(metadata.offset + count - 1)
        return sent

    def _by_partition(self, records: Mapping[str, Sequence[Record]]) -> Mapping[TopicPartition, Sequence[Record]]:
        grouped: dict[TopicPartition, list[Record]] = {}
        for topic, outputs in records.items():
            own = TopicPartition(topic, self.partition)
            for output in outputs:
                target = own if output.partition is None else TopicPartition(topic, output.partition)
                grouped.setdefault(target, []).append(output)
        return grouped

    async def _send_batches(
        self, target: TopicPartition, outputs: Sequence[Record]
    ) -> list[tuple[int, Awaitable[RecordMetadata]]]:
        futures: list[tuple[int, Awaitable[RecordMetadata]]] = []
        batch = self._producer.create_batch()
        for output in outputs:
            fields = {"key": output.key, "value": output.value, "headers": list(output.headers)}
            if batch.append(timestamp=output.timestamp, **fields) is None:
                futures.append((batch.record_count(), await self._send_batch(batch, target)))
                batch = self._producer.create_batch()
                batch.append(timestamp=output.timestamp, **fields)
        if batch.record_count():
            futures.append((batch.record_count(), await self._send_batch(batch, target)))
        return futures

    async def _send_batch(self, batch: BatchBuilder, target: TopicPartition) -> Awaitable[RecordMetadata]:
        sending: Awaitable[RecordMetadata] = await self._producer.send_batch(
            batch, target.topic, partition=target.partition
        )
        return sending


@contextmanager
def _fencing_told() -> Iterator[None]:
    try:
        yield
    except (ProducerFenced, InvalidProducerEpoch) as error:
        raise OutputFenced(str(error)) from error
