"""Sends one event, and waits for its outcome (SPEC section 3): events, a rejection, a DLQ record, or a duplicate."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from aiokafka import TopicPartition

from contracts.dead_letters import Unreadable
from contracts.identity import event_id, rejection_part
from contracts.json_values import read_json
from contracts.partitioner import partition_of
from ops.describing import headers_of
from ops.log_reader import LogReader, LogRecord
from ops.target import Target
from producers.publisher import CommandPublisher, Delivery

_POLL_SECONDS = 0.05
OutcomeKind = Literal["accepted", "rejected", "dead_letter", "duplicate", "none"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a command; `none` where nothing did in the time given."""

    delivery: Delivery
    kind: OutcomeKind
    records: tuple[LogRecord, ...]


async def send_only(target: Target, event: Mapping[str, Any]) -> Delivery:
    """Send a command or directory entry, and return where it lies.

    Raises:
        TopicsUnfit: a topic is missing, or co-partitioned ones differ.
        KafkaError: the broker can't be reached.
    """
    async with CommandPublisher(target.kafka, target.topics) as publisher:
        return await (await publisher.send(event))


async def delete_entry(target: Target, kind: str, entity_id: str) -> Delivery:
    """Delete a directory entry, and return where its tombstone lies.

    Raises:
        TopicsUnfit: a topic is missing, or co-partitioned ones differ.
        KafkaError: the broker can't be reached.
    """
    async with CommandPublisher(target.kafka, target.topics) as publisher:
        return await (await publisher.delete_entry(kind, entity_id))


async def send_and_wait(target: Target, event: Mapping[str, Any], seconds: float) -> Outcome:
    """Send a command, and return its outcome as soon as consumers can read it.

    Raises:
        TopicsUnfit: a topic is missing, or co-partitioned ones differ.
        KafkaError: the broker can't be reached.
    """
    topics = target.topics
    async with CommandPublisher(target.kafka, topics) as publisher:
        partition = partition_of(event["subject"], publisher.partitions)
        outputs = [TopicPartition(topic, partition) for topic in (topics.events, topics.rejections, topics.dlq)]
        commands = TopicPartition(topics.commands, partition)
        # Committed offsets can be seen a moment before the outputs of the same transaction. The end that is not
        # bounded by open transactions lies behind them: who has read up to it has seen them.
        options = {"group_id": target.ticket_group, "isolation_level": "read_uncommitted"}
        async with (
            LogReader(target.kafka, [*outputs, commands], **options) as bounds,
            LogReader(target.kafka, outputs) as reader,
        ):
            ends = await bounds.ends()
            bounds.seek(ends)
            reader.seek({each: ends[each] for each in outputs})
            delivery = await (await publisher.send(event))
            waiting = _Waiting(event, delivery, bounds, reader, commands, topics.dlq)
            try:
                async with asyncio.timeout(seconds):
                    return await waiting.outcome()
            except TimeoutError:
                return Outcome(delivery, "none", ())


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A command that was sent, and the readers of what it may lead to."""

    event: Mapping[str, Any]
    delivery: Delivery
    bounds: LogReader
    reader: LogReader
    commands: TopicPartition
    dlq: str

    async def outcome(self) -> Outcome:
        while True:
            committed = (await self.bounds.committed())[self.commands]
            ends = await self.bounds.ends()
            del ends[self.commands]
            found = [(kind, record) async for record in self.reader.until(ends) if (kind := self._kind(record))]
            if found:
                return Outcome(self.delivery, found[0][0], tuple(record for _, record in found))
            if committed is not None and committed > self.delivery.offset:
                return Outcome(self.delivery, "duplicate", ())
            await asyncio.sleep(_POLL_SECONDS)

    def _kind(self, record: LogRecord) -> OutcomeKind | None:
        """Return which outcome of this command the record is, None when it is another's."""
        if record.topic == self.dlq:
            told = headers_of(record).get("__connect.errors.offset")
            return "dead_letter" if told == str(self.delivery.offset) else None
        try:
            output = read_json(record.value)
        except Unreadable:
            return None
        source, identity = self.event["source"], self.event["id"]
        if not isinstance(output, dict) or (output.get("causationsource"), output.get("causationid")) != (
            source,
            identity,
        ):
            return None
        part = rejection_part(self.delivery.partition, self.delivery.offset)
        if output.get("id") == event_id(self.event["subject"], source, identity, part):
            return "rejected"
        return "accepted" if "ticketversion" in output else None
