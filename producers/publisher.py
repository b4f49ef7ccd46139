"""Publishes commands and directory entries: the way in for whoever is not a worker (SPEC sections 2 to 4).

What is sent is checked by its readers, not here; only what has no topic to go to is refused. Acknowledgements are not
awaited one by one: `send` hands back a future, `flush` waits for all and raises what went wrong.
"""

import asyncio
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from aiokafka import AIOKafkaProducer, TopicPartition

from contracts.cloudevents import STRUCTURED_HEADERS, TYPE_PREFIX
from contracts.json_values import write_json
from contracts.partitioner import partition_of
from contracts.topics import MAX_COMMAND_BYTES, Topics
from producers.connection import KafkaConnection
from producers.stopping import stop_client
from producers.topics_admin import require_topics

if TYPE_CHECKING:
    from aiokafka.producer.message_accumulator import BatchBuilder

DIRECTORY_PREFIX = f"{TYPE_PREFIX}directory."
"""What the types of directory entries begin with."""
_TICK_PREFIX = f"{TYPE_PREFIX}tick."
_HEADERS = list(STRUCTURED_HEADERS)  # the client takes nothing but a list
MAX_IN_FLIGHT = 20_000
"""Sent and not acknowledged at most: keeps every partition's next batch filling, at some 10 MB of memory."""
_BATCH_BYTES = 262_144
"""Per partition and request. Of 16 KiB to 1 MiB, this was the fastest: 65,000 commands a second."""


class Delivery(Protocol):
    """Where a record lies once it is acknowledged by all in-sync replicas."""

    topic: str
    partition: int
    offset: int


class NotPublishable(ValueError):
    """An event that has no place on the topics this publisher writes to; the message says why."""


def destination(event: Mapping[str, Any], topics: Topics) -> tuple[str, str]:
    """Return the topic an event belongs to, and its key there.

    Raises:
        NotPublishable: a tick, or an event without a type or subject.
    """
    event_type, subject = event.get("type"), event.get("subject")
    if not isinstance(event_type, str) or not event_type:
        raise NotPublishable("type is missing")
    if event_type.startswith(_TICK_PREFIX):
        raise NotPublishable("a tick goes to every partition of its own topic: use `itilnext tick`")
    if not isinstance(subject, str) or not subject:
        raise NotPublishable("subject is missing: it is the key")
    return topics.directory if event_type.startswith(DIRECTORY_PREFIX) else topics.commands, subject


class CommandPublisher:
    """An idempotent producer of commands and directory entries, to be used as an async context.

    Events of one ticket arrive in the order they were sent. Leaving the context flushes.
    """

    def __init__(self, connection: KafkaConnection, topics: Topics) -> None:
        self._connection = connection
        self._topics = topics
        self._partitions = 0
        self._unsettled = 0
        self._acknowledged = 0
        self._room = asyncio.Event()
        self._failure: BaseException | None = None

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            TopicsUnfit: a topic is missing, or co-partitioned ones differ.
            KafkaError: the broker can't be reached, or does not allow it.
        """
        self._partitions = await require_topics(self._connection, self._topics)
        self._producer = AIOKafkaProducer(
            enable_idempotence=True,
            acks="all",
            max_batch_size=_BATCH_BYTES,
            max_request_size=MAX_COMMAND_BYTES,
            **self._connection.client(),
        )
        try:
            await self._producer.start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Flush, unless an error is on its way already, and disconnect."""
        try:
            if kind is None:
                await self.flush()
        finally:
            await self._stop()

    async def send(self, event: Mapping[str, Any], value: bytes | None = None) -> "asyncio.Future[Delivery]":
        """Send one CloudEvent, keyed by its subject: a directory entry to the directory, all else to the commands.

        `value` are the event's bytes where the caller has them already. Waits while too many are in flight.

        Raises:
            NotPublishable: a tick, or an event without a type or subject.
            KafkaError: it can't be sent; also when an earlier one could not.
        """
        place, key = self._place(event)
        value = write_json(event) if value is None else value
        await self._make_room()
        sent = self._producer.send(place.topic, value, key, place.partition, headers=_HEADERS)
        return self._watched(await sent)

    async def deliver(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Send as `send` does, and wait until all are acknowledged: in batches, which costs a fraction of one by one.

        Raises:
            NotPublishable: as `send`; then none is sent.
            KafkaError: not all of them could be delivered.
        """
        batches: dict[TopicPartition, list[BatchBuilder]] = {}
        for event in events:
            place, key = self._place(event)
            filling = batches.setdefault(place, [self._producer.create_batch()])
            record = {"timestamp": None, "key": key, "value": write_json(event), "headers": _HEADERS}
            if filling[-1].append(**record) is None:
                filling.append(self._producer.create_batch())
                filling[-1].append(**record)
        sent = [
            await self._producer.send_batch(batch, place.topic, partition=place.partition)
            for place, filled in batches.items()
            for batch in filled
        ]
        await asyncio.gather(*sent)
        self._acknowledged += len(events)

    async def delete_entry(self, kind: str, entity_id: str) -> "asyncio.Future[Delivery]":
        """Delete a directory entry, with a tombstone.

        Raises:
            KafkaError: as `send`.
        """
        await self._make_room()
        key = f"{kind}:{entity_id}".encode()
        return self._watched(await self._producer.send(self._topics.directory, None, key, 0))

    async def send_again(
        self,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes | None]],
        partition: int,
    ) -> "asyncio.Future[Delivery]":
        """Send a record to the commands topic as it is, whatever it holds.

        Raises:
            KafkaError: as `send`.
        """
        await self._make_room()
        # A batch of its own: `send` of the client does not take a record without key and value.
        batch = self._producer.create_batch()
        batch.append(timestamp=None, key=key, value=value, headers=list(headers))
        batch.close()
        return self._watched(await self._producer.send_batch(batch, self._topics.commands, partition=partition))

    async def flush(self) -> None:
        """Wait until everything sent is acknowledged.

        Raises:
            KafkaError: the first of those sent since the last flush that could not be delivered.
        """
        await self._producer.flush()
        self._raise_failure()

    @property
    def partitions(self) -> int:
        """How many partitions the commands topic has."""
        return self._partitions

    @property
    def acknowledged(self) -> int:
        """How many records have arrived for certain."""
        return self._acknowledged

    def _place(self, event: Mapping[str, Any]) -> tuple[TopicPartition, bytes]:
        """Return where an event goes, and its key there; raises as `destination`."""
        topic, subject = destination(event, self._topics)
        partition = 0 if topic == self._topics.directory else partition_of(subject, self._partitions)
        return TopicPartition(topic, partition), subject.encode()

    async def _stop(self) -> None:
        await stop_client(self._producer)

    async def _make_room(self) -> None:
        while self._unsettled >= MAX_IN_FLIGHT:
            self._room.clear()
            await self._room.wait()
        self._raise_failure()

    def _watched(self, future: "asyncio.Future[Delivery]") -> "asyncio.Future[Delivery]":
        self._unsettled += 1
        future.add_done_callback(self._settle)
        return future

    def _settle(self, future: "asyncio.Future[Delivery]") -> None:
        self._unsettled -= 1
        self._room.set()
        failure = None if future.cancelled() else future.exception()
        if failure is None:
            self._acknowledged += not future.cancelled()
        elif self._failure is None:
            self._failure = failure

    def _raise_failure(self) -> None:
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
