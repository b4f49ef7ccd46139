"""What keeping the work queues costs a command: telling whether a ticket's facts have changed, and writing them.

The commands of the workload are decided in this process, in batches as a worker has them. The view's writes are then
applied twice, under two prefixes, with and without those that only the queues need; the difference is what they cost.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING
from uuid import uuid4

from redis.asyncio import Redis

from consumers.country_holidays import holidays_of
from consumers.packing import Write
from consumers.view import NOT_BUILT, Change, PartitionView
from contracts.directory import read_directory_change
from contracts.json_values import write_json
from contracts.received import Position, RawRecord, read_command
from contracts.ticket import Ticket
from ops.bench.bench import Bench
from ops.bench.servers import REDIS, Servers
from ops.bench.workload import Sendable, directory_entries, mix, present
from services.desk import CountedCapacity
from services.directory_state import DirectoryState
from services.handling import Accepted, World, handle
from services.score_facts import may_differ, packed_facts

if TYPE_CHECKING:
    from contracts.recorded import RecordedEvent

_COMMANDS = 30_000
_BATCH = 500


@dataclass(frozen=True, slots=True)
class KeepingCost:
    """One round, per command: microseconds of CPU to tell what has changed, and to write it; and the writes.

    `redis_us` is Redis' own part, None where the server is not the bench's.
    """

    commands: int
    tell_us: float
    write_us: float
    redis_us: float | None
    writes: float


async def measure_keeping(bench: Bench, redis: Redis) -> list[KeepingCost]:
    """Measure it in each round.

    Raises:
        RedisError: Redis can't be reached.
    """
    commands = list(mix(min(bench.sizes.commands, _COMMANDS), present()))
    with bench.screen.step("queue: deciding commands", len(commands)):
        batches = list(_changes(commands))
    costs: list[KeepingCost] = []
    for number in range(bench.sizes.rounds):
        with bench.screen.step(f"queue: keeping it, round {number + 1} of {bench.sizes.rounds}", len(commands)):
            costs.append(await _cost(bench.servers, redis, batches, len(commands)))
    return costs


async def _cost(servers: Servers, redis: Redis, batches: Sequence[Sequence[Change]], commands: int) -> KeepingCost:
    start = time.process_time()
    for batch in batches:
        for change in batch:
            if may_differ(change.before, change.after):
                packed_facts(change.after)
    told = time.process_time() - start
    whole, without = _Applied(servers, redis), _Applied(servers, redis)
    try:
        for number, batch in enumerate(batches):
            await whole.apply(number, [write for change in batch for write in whole.view.writes_for(change, number)])
            others = (write for change in batch for write in without.view.writes_for(change, number))
            await without.apply(number, [write for write in others if not without.is_for_queues(write)])
    finally:
        await whole.drop()
        await without.drop()
    per_command = 1_000_000 / commands
    return KeepingCost(
        commands=commands,
        tell_us=told * per_command,
        write_us=(whole.cpu_seconds - without.cpu_seconds) * per_command,
        redis_us=(whole.redis_seconds - without.redis_seconds) * per_command if servers.redis_is_embedded else None,
        writes=(whole.writes - without.writes) / commands,
    )


@dataclass(slots=True)
class _Applied:
    """A view that batches are applied to; the CPU that took here and in the bench's own Redis, and the writes."""

    servers: Servers
    redis: Redis
    view: PartitionView = field(init=False)
    cpu_seconds: float = 0.0
    redis_seconds: float = 0.0
    writes: int = 0

    def __post_init__(self) -> None:
        self.view = PartitionView(self.redis, f"bench-{uuid4().hex[:12]}.", 0)

    async def apply(self, number: int, writes: Sequence[Write]) -> None:
        cpu, redis = time.process_time(), self._redis_cpu()
        await self.view.apply(number - 1 if number else NOT_BUILT, number, number, writes)
        self.cpu_seconds += time.process_time() - cpu
        self.redis_seconds += self._redis_cpu() - redis
        self.writes += len(writes)

    def _redis_cpu(self) -> float:
        return self.servers.cpu_seconds().get(REDIS, 0.0)

    def is_for_queues(self, write: Write) -> bool:
        """Whether only work queues need it."""
        keys = self.view.keys
        if write[1] == keys.indexes:
            return str(write[2]).startswith("open-of-team:")
        return write[1] == keys.work or str(write[1]).startswith(keys.index("open-of-team:"))

    async def drop(self) -> None:
        await self.view.drop()
        await self.redis.delete(self.view.keys.marker)


def _changes(commands: Sequence[Sendable]) -> Iterator[list[Change]]:
    """Decide the commands in batches, and yield what each changes."""
    directory = DirectoryState(holidays_of)
    for entry in directory_entries():
        directory.apply(read_directory_change(str(entry["subject"]).encode(), write_json(entry), ()))
    world = World(directory, CountedCapacity(0))
    tickets: dict[str, Ticket] = {}
    remaining = iter(enumerate(commands))
    while batch := list(islice(remaining, _BATCH)):
        before = {command.ticket_id: tickets.get(command.ticket_id) for _, command in batch}
        events: dict[str, tuple[RecordedEvent, ...]] = {}
        for offset, command in batch:
            accepted = _decide(offset, command, tickets.get(command.ticket_id), world)
            tickets[command.ticket_id] = accepted.ticket
            events[command.ticket_id] = (*events.get(command.ticket_id, ()), *accepted.events)
        yield [
            Change(ticket_id, was, tickets[ticket_id], write_json(tickets[ticket_id]), events[ticket_id])
            for ticket_id, was in before.items()
        ]


def _decide(offset: int, command: Sendable, ticket: Ticket | None, world: World) -> Accepted:
    now = int(present().timestamp() * 1_000)
    record = RawRecord(Position(0, offset), now, command.ticket_id.encode(), command.value, ())
    outcome = handle(read_command(record), ticket, world)
    assert isinstance(outcome, Accepted), "every command of the workload is accepted"
    return outcome
