"""How far the ticket workers are behind: the commands that are in the log and not decided yet, by partition."""

from dataclasses import dataclass

from aiokafka import TopicPartition

from ops.log_reader import LogReader, all_partitions, written_ends
from ops.target import Target
from producers.topics_admin import require_topics

_PROBE_BYTES = 4096
"""Enough to tell whether a partition has a record: the broker hands out a larger one whole."""


@dataclass(frozen=True, slots=True)
class PartitionLag:
    """One partition of the commands topic: `committed` is None where nothing was decided yet."""

    partition: int
    committed: int | None
    end: int
    lag: int


@dataclass(frozen=True, slots=True)
class Lag:
    """How far a group is behind."""

    group: str
    partitions: tuple[PartitionLag, ...]

    @property
    def total(self) -> int:
        """Offsets behind in all partitions."""
        return sum(each.lag for each in self.partitions)


async def measure_lag(target: Target) -> Lag:
    """Compare what the ticket workers have committed with the ends of the log.

    Offsets are counted, as Kafka's tools do; but where only the marks of ended transactions are left before the end,
    the lag is 0: nothing waits there, and nobody will commit past them.

    Raises:
        TopicsUnfit: a topic is missing, or co-partitioned ones differ.
        KafkaError: the broker can't be reached.
    """
    count = await require_topics(target.kafka, target.topics)
    partitions = all_partitions([target.topics.commands], count)
    options = {"group_id": target.ticket_group, "max_partition_fetch_bytes": _PROBE_BYTES}
    async with LogReader(target.kafka, partitions, **options) as reader:
        committed = await reader.committed()
        starts, ends = await reader.starts(), await written_ends(target.kafka, partitions)
        readable = await reader.ends()
        behind = {
            each: max(starts[each], committed[each] or 0) for each in partitions if ends[each] > (committed[each] or 0)
        }
        waiting = await _with_records(reader, behind, readable)
        waiting |= {each for each in behind if readable[each] < ends[each]}  # in a transaction that is still open
    found = (
        PartitionLag(each.partition, committed[each], ends[each], ends[each] - behind[each] if each in waiting else 0)
        for each in partitions
    )
    return Lag(target.ticket_group, tuple(found))


async def _with_records(
    reader: LogReader, positions: dict[TopicPartition, int], ends: dict[TopicPartition, int]
) -> set[TopicPartition]:
    """Return the partitions that have a record from these positions on, reading no more than the first of each."""
    found: set[TopicPartition] = set()
    reader.seek(positions)
    async for record in reader.until({each: ends[each] for each in positions}):
        partition = TopicPartition(record.topic, record.partition)
        found.add(partition)
        reader.seek({partition: ends[partition]})
    return found
