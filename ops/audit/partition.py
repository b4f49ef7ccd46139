"""One partition's audit, pass by pass.

Theory of operation. The fleet may be at work, so every pass has an end that is read at its time, in this order:

1. the group's committed offset (before anything else, for all partitions): only commands below it are held to an
   outcome;
2. the ends of events, rejections and DLQ: all outcomes of those commands lie below them;
3. the end of the commands: every command that led to what was read so far lies below it;
4. the end of the state topic: the snapshot of every event read lies below it. A snapshot newer than the events read
   makes its ticket one to be read further;
5. the view, once it has reached the snapshots read, and its timelines. Here, too, a newer snapshot makes its ticket one
   to be read further;
6. for these tickets only, events and snapshots are read on, each ticket up to the newest version seen, and compared
   there.

Ends are taken with open transactions included and then read as consumers read, who wait for these to be over.

Memory follows the tickets of the partition (a packed snapshot each) and its commands (an identity each), not its
events.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass

from aiokafka import TopicPartition
from redis.asyncio import Redis

from consumers.view import PartitionView
from contracts.topics import Topics
from ops.audit.findings import Findings
from ops.audit.histories import Histories
from ops.audit.home import Home
from ops.audit.outcomes import CommandOutcomes, Moves
from ops.audit.patience import Patience
from ops.audit.reading import Bounds, Reading
from ops.audit.report import Outcomes
from ops.audit.snapshots import Snapshots
from ops.audit.timelines import Timelines
from ops.audit.view import ViewAudit
from ops.log_reader import LogRecord

_MAX_NAMED = 20
"""Records that belong to nothing are looked up again to name their tickets, no more than these of a kind."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What all partitions of one audit share; `decided` maps partitions of the commands topic to committed offsets."""

    topics: Topics
    redis: Redis
    bounds: Bounds
    reading: Reading
    findings: Findings
    moves: Moves
    patience: Patience
    decided: Mapping[TopicPartition, int]


@dataclass(frozen=True, slots=True)
class PartitionTotals:
    """What one partition held; `view_is_whole` tells whether its view could be compared."""

    tickets: int
    events: int
    outcomes: Outcomes
    view_is_whole: bool


class PartitionAudit:
    """Audits one partition."""

    def __init__(self, scope: Scope, home: Home) -> None:
        topics, findings = scope.topics, scope.findings
        self._scope = scope
        self._home = home
        self._events = TopicPartition(topics.events, home.partition)
        self._rejections = TopicPartition(topics.rejections, home.partition)
        self._dlq = TopicPartition(topics.dlq, home.partition)
        self._commands = TopicPartition(topics.commands, home.partition)
        self._state = TopicPartition(topics.state, home.partition)
        self._histories = Histories(home, findings)
        self._outcomes = CommandOutcomes(home, topics.commands, self._histories, scope.moves, findings)
        self._snapshots = Snapshots(home, topics.state, self._histories, findings)
        self._view = ViewAudit(scope.redis, topics.prefix, home, self._histories, findings)
        self._timelines = Timelines(scope.redis, PartitionView(scope.redis, topics.prefix, home.partition))

    async def run(self) -> PartitionTotals:
        """Make all passes."""
        bounds = self._scope.bounds
        starts = await bounds.starts([self._events, self._rejections, self._dlq, self._commands, self._state])
        ends = await bounds.ends([self._events, self._rejections, self._dlq])
        await self._read(self._events, starts, ends, self._histories.read)
        await self._read(self._rejections, starts, ends, self._outcomes.read_rejection)
        await self._read(self._dlq, starts, ends, self._outcomes.read_dead_letter)
        await self._read_commands(starts)
        state_ends = await bounds.ends([self._state])
        await self._read(self._state, starts, state_ends, self._snapshots.read)
        newer = self._snapshots.newer()
        in_view = await self._view.read(self._snapshots.end, self._scope.patience)
        wrong_timelines = await self._timelines.problems(self._looked_at, ends[self._events], self._scope.patience)
        await self._read_on(newer | in_view, ends, starts)
        self._view.confirm()
        for problem in wrong_timelines:
            self._scope.findings.add(*problem)
        tickets = sum(1 for history in self._histories.tickets.values() if history.version)
        return PartitionTotals(tickets, self._histories.events, self._outcomes.counts, self._view.is_whole)

    @property
    def _looked_at(self) -> Iterable[str]:
        return self._histories.tickets if self._home.only is None else (self._home.only,)

    async def _read_commands(self, starts: Mapping[TopicPartition, int]) -> None:
        ends = await self._scope.bounds.ends([self._commands])
        decided_before = self._scope.decided[self._commands]
        await self._read(
            self._commands, starts, ends, lambda record: self._outcomes.read_command(record, decided_before)
        )
        of_commands = list(self._outcomes.unexplained_events())
        if self._home.only is None:
            for told, offset in self._outcomes.unexplained_dead_letters(starts[self._commands]):
                expected, found = f"a command at {self._home.partition}:{told}", "none"
                where = f"{self._dlq.topic} {self._home.partition}:{offset}"
                self._scope.findings.add(None, "dead_letter", expected, found, where)
        if starts[self._commands] == 0:
            # Only while no command has expired must all that was led to have one.
            await self._name(self._rejections, list(self._outcomes.unexplained_rejections()))
            await self._name(self._events, of_commands)

    async def _name(self, partition: TopicPartition, offsets: list[int]) -> None:
        """Note records that belong to no command, by their tickets."""
        for offset in sorted(offsets)[:_MAX_NAMED]:
            async for record in self._scope.reading.between(partition, offset, offset + 1):
                ticket_id = (record.key or b"").decode(errors="backslashreplace")
                where = f"{partition.topic} {partition.partition}:{offset}"
                self._scope.findings.add(ticket_id, "outcome", "a command that led to it", "none", where)
        if len(offsets) > _MAX_NAMED:
            found = f"{len(offsets) - _MAX_NAMED} more without"
            self._scope.findings.add(None, "outcome", "a command that led to it", found, partition.topic)

    async def _read_on(
        self,
        targets: Mapping[str, int],
        ends: Mapping[TopicPartition, int],
        starts: Mapping[TopicPartition, int],
    ) -> None:
        """Read on for the tickets that have moved meanwhile, each up to its version here (pass 6)."""
        wanted = {each: version for each, version in targets.items() if not self._histories.of(each).broken}
        if not wanted:
            return
        events = {self._events: ends[self._events]}
        ends_now = await self._scope.bounds.ends([self._events])
        await self._read(self._events, events, ends_now, lambda record: self._histories.read(record, wanted))
        state_ends = await self._scope.bounds.ends([self._state])
        first = min((at for each in wanted if (at := self._histories.of(each).state_at) >= 0), default=0)
        state = {self._state: max(first, starts[self._state])}
        await self._read(self._state, state, state_ends, lambda record: self._read_snapshot(record, wanted))
        for ticket_id, version in wanted.items():
            history = self._histories.of(ticket_id)
            if history.version != version and not history.broken:
                history.broken = True
                found = f"they end at version {history.version}"
                where = f"{self._events.topic} {self._home.partition}"
                self._scope.findings.add(ticket_id, "state", f"events up to version {version}", found, where)

    def _read_snapshot(self, record: LogRecord, wanted: Mapping[str, int]) -> None:
        if (record.key or b"").decode(errors="backslashreplace") in wanted:
            self._snapshots.read(record)

    async def _read(
        self,
        partition: TopicPartition,
        starts: Mapping[TopicPartition, int],
        ends: Mapping[TopicPartition, int],
        take: Callable[[LogRecord], None],
    ) -> None:
        async with aclosing(self._scope.reading.between(partition, starts[partition], ends[partition])) as records:
            async for record in records:
                take(record)
