"""Copies a fleet's history to topics of another prefix and partition count, on which a new fleet goes on.

Theory of operation. A ticket's partition follows from its id and the count, so another count puts tickets elsewhere;
Kafka's own adding of partitions would leave their history behind. The history is therefore written once more, also
where somebody has added partitions to some of the old topics: each is read with as many as it has.

1. Nobody may be at work: groups with a member, and transactions that are open, are a reason to refuse.
2. The new topics are made. They have to be empty: an attempt that was broken off is deleted and made anew.
3. The first offset of each new commands partition is used up and deleted. What came before lies in the old topics, as
   if it had expired here: an audit then asks for no command of an event that was copied.
4. Directory entries are copied in their order. So are events, one old partition after the other: value, key, headers
   and timestamp as they are, each ticket's in their order, those of one command next to one another. Each is checked
   against the chain and folded meanwhile.
5. Of each ticket one snapshot is written, as its events fold. Its `source_offset` is -1: offsets of the old commands
   topic mean nothing in the new one, and none of the new commands has changed the ticket. The commands it remembers
   are in the snapshot, so that one that is sent again is recognised.
6. Commands that were not decided yet are copied as they are, each to the partition it belongs to.
7. Last, the groups' offsets: decisions begin at the first command copied, and bad directory entries are not told twice.
8. What was written to the old topics meanwhile is a reason to fail: somebody still sends there.

Rejections and dead letters stay where they are, for they name offsets of the old topics, until they expire there.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from consumers.outputs import SNAPSHOT_HEADERS, Output
from contracts.cloudevents import read_cloud_event
from contracts.dead_letters import Unreadable
from contracts.partitioner import partition_of
from contracts.topics import Topics
from ops.console import CommandFailed, ExitCode
from ops.group import has_members
from ops.log_reader import Ends, LogReader, LogRecord, all_partitions, written_ends
from ops.repartition.copier import Copier
from ops.repartition.histories import Histories
from producers.connection import KafkaConnection
from producers.stopping import stop_client
from producers.topics_admin import TopicsUnfit, create_topics, partition_counts

_USED_UP = 1
"""Offsets of each new commands partition that stand for what came before."""
OnPartition = Callable[[int, int], None]
"""Called with the number of an old partition and how many of its events were copied."""


@dataclass(frozen=True, slots=True)
class NewTopics:
    """What is to be made: names by prefix, partitions, and copies of each topic."""

    topics: Topics
    partitions: int
    replication_factor: int

    def home_of(self, topic: str, ticket_id: str) -> TopicPartition:
        """Return the partition a ticket's records belong to."""
        return TopicPartition(topic, partition_of(ticket_id, self.partitions))

    def home_of_command(self, record: LogRecord) -> TopicPartition:
        """Return where a command belongs; what has no ticket can lie anywhere, and becomes a dead letter there."""
        try:
            subject = read_cloud_event(record.value, record.headers).subject
        except Unreadable:
            subject = None
        if isinstance(subject, str):
            return self.home_of(self.topics.commands, subject)
        return TopicPartition(self.topics.commands, record.partition % self.partitions)


@dataclass(frozen=True, slots=True)
class Repartitioned:
    """What was copied."""

    prefix: str
    partitions: int
    events: int
    tickets: int
    directory_entries: int
    waiting_commands: int


class Repartition:
    """One copy of a fleet's history, from its old topics to new ones."""

    def __init__(self, connection: KafkaConnection, old: Topics, new: NewTopics) -> None:
        self._connection = connection
        self._old = old
        self._new = new

    async def run(self, on_partition: OnPartition) -> Repartitioned:
        """Copy, as above; the old topics are left as they are.

        Raises:
            CommandFailed: a worker runs, a transaction is open, the new topics are in use, the history is not whole,
                or somebody still sends.
            TopicsUnfit: an old topic is missing, or a new one can't be made.
            KafkaError: the broker can't be reached.
        """
        if self._old.prefix == self._new.topics.prefix:
            raise CommandFailed("the new topics need another prefix", "Give another --to-prefix.", ExitCode.USAGE)
        counts = await partition_counts(self._connection, self._old)
        await self._require_nobody_at_work()
        ends = await self._stable_ends(_everything(counts))
        await self._make_topics()
        async with Copier(self._connection) as copier:
            await self._use_up_offsets(copier)
            entries, told = await self._copy_directory(copier)
            events = tickets = 0
            for source in all_partitions([self._old.events], counts[self._old.events]):
                copied, folded = await self._copy_events(copier, source, ends[source])
                events, tickets = events + copied, tickets + folded
                on_partition(source.partition, copied)
            commands = all_partitions([self._old.commands], counts[self._old.commands])
            waiting = await self._copy_commands(copier, {each: ends[each] for each in commands})
        await self._commit_beginnings(told)
        await self._require_unchanged(ends)
        return Repartitioned(self._new.topics.prefix, self._new.partitions, events, tickets, entries, waiting)

    async def _require_nobody_at_work(self) -> None:
        for topics in (self._old, self._new.topics):
            for group in (topics.ticket_group, topics.alert_group, topics.directory_group):
                if await has_members(self._connection, group):
                    remedy = "Stop all workers of both fleets, and try again."
                    raise CommandFailed(f"group {group} has members", remedy)

    async def _stable_ends(self, partitions: Iterable[TopicPartition]) -> Ends:
        """Return where the partitions end, with all transactions over."""
        written = await written_ends(self._connection, partitions)
        async with LogReader(self._connection, written) as reader:
            readable = await reader.ends()
        for each, end in written.items():
            if readable[each] < end:
                raise CommandFailed(
                    f"a transaction is open on {each.topic} {each.partition}, at offset {readable[each]}",
                    "Wait until it has timed out (15 s after a worker was killed); else see docs/runbook.md.",
                )
        return written

    async def _make_topics(self) -> None:
        new = self._new
        created = await create_topics(self._connection, new.topics, new.partitions, new.replication_factor)
        if created.findings:
            raise TopicsUnfit(created.findings)
        made = {wanted.name: wanted.partitions for wanted in new.topics.plan(new.partitions)}
        ends = await written_ends(self._connection, _everything(made))
        used = sorted({each.topic for each, end in ends.items() if end > 0})
        if used:
            remedy = f"Delete the topics of {new.topics.prefix}, or give another --to-prefix."
            raise CommandFailed(f"{used[0]} is not empty", remedy)

    async def _use_up_offsets(self, copier: Copier) -> None:
        partitions = all_partitions([self._new.topics.commands], self._new.partitions)
        for each in partitions:
            await copier.copy(each, Output(None, None, ()))
        await copier.flush()
        admin = AIOKafkaAdminClient(**self._connection.client())
        try:
            await admin.start()
            await admin.delete_records({each: RecordsToDelete(before_offset=_USED_UP) for each in partitions})
        finally:
            await admin.close()

    async def _copy_directory(self, copier: Copier) -> tuple[int, int]:
        """Copy all entries; return how many, and how many of them the old fleet has told of where they were bad."""
        source, target = TopicPartition(self._old.directory, 0), TopicPartition(self._new.topics.directory, 0)
        copied = told = 0
        async with LogReader(self._connection, [source], group_id=self._old.directory_group) as reader:
            told_up_to = (await reader.committed())[source] or 0
            async for record in reader.until(await reader.ends()):
                await copier.copy(target, _as_received(record))
                copied += 1
                told += record.offset < told_up_to
        return copied, told

    async def _copy_events(self, copier: Copier, source: TopicPartition, end: int) -> tuple[int, int]:
        """Copy one old partition's events, and write its tickets' snapshots; return how many of either."""
        topics, histories, copied = self._new.topics, Histories(), 0
        async with LogReader(self._connection, [source]) as reader:
            async for record in reader.until({source: end}):
                ticket_id = histories.take(record)
                await copier.copy(self._new.home_of(topics.events, ticket_id), _as_received(record))
                copied += 1
        for ticket_id, snapshot in histories.snapshots():
            target = self._new.home_of(topics.state, ticket_id)
            await copier.copy(target, Output(ticket_id.encode(), snapshot, SNAPSHOT_HEADERS))
        return copied, len(histories)

    async def _copy_commands(self, copier: Copier, ends: Ends) -> int:
        """Copy what waits to be decided; return how many."""
        copied = 0
        async with LogReader(self._connection, ends, group_id=self._old.ticket_group) as reader:
            starts, committed = await reader.starts(), await reader.committed()
            reader.seek({each: max(starts[each], committed[each] or 0) for each in ends})
            async for record in reader.until(ends):
                await copier.copy(self._new.home_of_command(record), _as_received(record))
                copied += 1
        return copied

    async def _commit_beginnings(self, told: int) -> None:
        """Commit where the new groups begin."""
        topics = self._new.topics
        commands = all_partitions([topics.commands], self._new.partitions)
        await _commit(self._connection, topics.ticket_group, dict.fromkeys(commands, _USED_UP))
        await _commit(self._connection, topics.directory_group, {TopicPartition(topics.directory, 0): told})

    async def _require_unchanged(self, ends: Ends) -> None:
        if await written_ends(self._connection, ends) != ends:
            raise CommandFailed(
                f"somebody wrote to the topics of {self._old.prefix} meanwhile",
                f"Stop who sends there, delete the topics of {self._new.topics.prefix}, and try again.",
            )


def _everything(counts: Mapping[str, int]) -> list[TopicPartition]:
    return [each for topic, count in counts.items() for each in all_partitions([topic], count)]


async def _commit(connection: KafkaConnection, group: str, offsets: Mapping[TopicPartition, int]) -> None:
    consumer = AIOKafkaConsumer(group_id=group, enable_auto_commit=False, **connection.client())
    try:
        await consumer.start()
        consumer.assign(list(offsets))
        await consumer.commit(dict(offsets))
    finally:
        await stop_client(consumer)


def _as_received(record: LogRecord) -> Output:
    return Output(record.key, record.value, tuple(record.headers), record.timestamp)
