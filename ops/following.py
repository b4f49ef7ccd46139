"""Follows topics as `itilnext tail` shows them: what can be read now, then what comes."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal

from aiokafka import TopicPartition

from contracts.partitioner import partition_of
from contracts.topics import Topics
from ops.describing import Describer
from ops.log_reader import LogReader, LogRecord, all_partitions, written_ends
from ops.target import Target
from producers.topics_admin import require_topics

TopicName = Literal["events", "rejections", "dlq", "commands"]


@dataclass(frozen=True, slots=True)
class Shown:
    """Which records are wanted: of these topics, of one ticket where it is named, so many at most."""

    topics: Sequence[TopicName]
    ticket_id: str | None = None
    from_start: bool = False
    until_end: bool = False
    limit: int | None = None


async def follow(target: Target, shown: Shown) -> AsyncIterator[LogRecord]:
    """Yield the wanted records as they can be read; for ever, unless they are limited.

    Raises:
        TopicsUnfit: a topic is missing, or co-partitioned ones differ.
        KafkaError: the broker can't be reached.
    """
    left = shown.limit
    if left == 0:
        return
    describer = Describer(target.topics)
    count = await require_topics(target.kafka, target.topics)
    partitions = _partitions(target.topics, shown, count)
    ends = await written_ends(target.kafka, partitions)
    async with LogReader(target.kafka, partitions) as reader:
        if not shown.from_start:
            reader.seek(ends)
        records = reader.until(ends) if shown.until_end else reader.follow()
        async for record in records:
            if shown.ticket_id is not None and not describer.concerns(record, shown.ticket_id):
                continue
            yield record
            left = None if left is None else left - 1
            if left == 0:
                return


def _partitions(topics: Topics, shown: Shown, count: int) -> list[TopicPartition]:
    """Return the partitions that can hold the wanted records: senders and the DLQ may use any, the engine uses one."""
    names: list[str] = [getattr(topics, name) for name in shown.topics]
    own = None if shown.ticket_id is None else partition_of(shown.ticket_id, count)
    return [
        each
        for each in all_partitions(names, count)
        if own in (None, each.partition) or each.topic in (topics.commands, topics.dlq)
    ]
