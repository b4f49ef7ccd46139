"""What a tick costs the alert worker in Redis: by open tickets and by newly due ones; an idle one; memory.

Nothing of Kafka takes part: asks are counted, not sent. Snapshots are read for due tickets alone, so those that stay
quiet have none here. Keys are under a prefix of their own, and removed afterwards.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any
from uuid import uuid4

from redis.asyncio import Redis

from consumers.due_index import DueIndex, score_of
from consumers.evaluation import Evaluation
from consumers.keys import PartitionKeys
from contracts.json_values import write_json
from contracts.ticket import Ticket
from ops.bench.bench import FLEET_PARTITIONS, Bench
from ops.bench.figures import Section, Spread
from services.directory_state import DirectoryState

NEWLY_DUE = 1_000
_SIZES = (0.05, 0.5, 5.0)
"""Open tickets of one partition, as parts of `Sizes.tickets`: of 200,000 they are ten thousand to a million."""
_CHUNK = 10_000
_MONDAY = datetime(2026, 1, 5, 9, tzinfo=UTC)
_AT = _MONDAY + timedelta(hours=1)
"""When the newly due ones come due: a medium ticket that nobody has taken for an hour."""


@dataclass(frozen=True, slots=True)
class TickCost:
    """One tick over a due index of so many open tickets that stay quiet, beside `due` that newly came due.

    `redis_commands` counts what the server did, within scripts too; `idle_seconds` is a tick with nothing due, over all
    partitions; `bytes_per_ticket` is the index alone.
    """

    open_tickets: int
    due: int
    seconds: float
    redis_commands: int
    idle_seconds: float
    bytes_per_ticket: float


class _Counted:
    """Takes asks, and counts them."""

    def __init__(self) -> None:
        self.count = 0

    async def deliver(self, commands: Sequence[Mapping[str, Any]]) -> None:
        self.count += len(commands)


async def measure_ticks(bench: Bench) -> Section:
    """Measure a tick at each size, round by round.

    Raises:
        RedisError: Redis can't be reached.
    """
    redis = bench.servers.redis.client()
    try:
        await tick_cost(redis, NEWLY_DUE)  # the first of anything is slower
        rounds: dict[int, list[TickCost]] = {round(part * bench.sizes.tickets): [] for part in _SIZES}
        for number in range(bench.sizes.rounds):
            for size, costs in rounds.items():
                with bench.screen.step(f"ticks, round {number + 1} of {bench.sizes.rounds}: {size:,} open", size):
                    costs.append(await tick_cost(redis, size))
    finally:
        await redis.aclose()
    return _section(rounds)


async def tick_cost(redis: Redis, size: int) -> TickCost:
    """Measure a tick with `NEWLY_DUE` tickets due beside so many that stay quiet, and an idle one.

    Raises:
        RedisError: Redis can't be reached.
    """
    prefix = f"bench-{uuid4().hex[:12]}."
    keys, index, directory, asks = PartitionKeys(prefix, 0), DueIndex(redis, prefix, 0), DirectoryState(), _Counted()
    evaluation = Evaluation(index, directory, asks)
    tickets = [f"due-{number}" for number in range(NEWLY_DUE)]
    try:
        await index.made_by(directory.clock_rules)
        before = (await redis.info("memory"))["used_memory"]
        for chunk in _later_ones(size):
            await redis.zadd(keys.due, chunk)
        used = (await redis.info("memory"))["used_memory"] - before
        for ticket_id in tickets:
            await redis.set(keys.ticket(ticket_id), write_json(_ticket(ticket_id)))
        await redis.zadd(keys.due, dict.fromkeys(tickets, score_of(_AT)))
        commands = await _commands(redis)
        started = perf_counter()
        await evaluation.evaluate(_AT)
        seconds = perf_counter() - started
        commands = await _commands(redis) - commands - 1  # the count itself
        assert asks.count == NEWLY_DUE, "each of them is asked about once"
        started = perf_counter()
        for _ in range(FLEET_PARTITIONS):
            await evaluation.evaluate(_AT)
        idle = perf_counter() - started
        assert asks.count == NEWLY_DUE, "nothing is left to ask about"
        return TickCost(size, asks.count, seconds, commands, idle, max(used, 0) / size)
    finally:
        await redis.unlink(keys.due, keys.asked, keys.alert_state, *(keys.ticket(each) for each in tickets))


async def _commands(redis: Redis) -> int:
    processed: int = (await redis.info("stats"))["total_commands_processed"]
    return processed


def _later_ones(count: int) -> Iterator[dict[str, float]]:
    """Yield tickets that come due later, in chunks; their ids are as long as an incident's number."""
    score = score_of(_AT + timedelta(days=1))
    for start in range(0, count, _CHUNK):
        yield {f"INC{number:010}": score + number for number in range(start, min(start + _CHUNK, count))}


def _ticket(ticket_id: str) -> Ticket:
    return Ticket(
        id=ticket_id,
        reference=ticket_id,
        type="incident",
        subject="s",
        priority="medium",
        opened_at=_MONDAY,
        updated_at=_MONDAY,
        due_at=_MONDAY + timedelta(hours=8),
        version=1,
        head_hash="",
    )


def _section(rounds: Mapping[int, Sequence[TickCost]]) -> Section:
    milliseconds = {size: Spread.of([each.seconds * 1_000 for each in costs]) for size, costs in rounds.items()}
    idle = {size: Spread.of([each.idle_seconds * 1_000 for each in costs]) for size, costs in rounds.items()}
    commands = {size: Spread.of([each.redis_commands for each in costs]) for size, costs in rounds.items()}
    weight = {size: Spread.of([each.bytes_per_ticket for each in costs]) for size, costs in rounds.items()}
    return Section(
        name="ticks",
        title=f"A tick over the due index, {NEWLY_DUE:,} tickets newly due",
        columns=(
            "open tickets",
            "ms",
            "Redis commands",
            f"ms, nothing due, {FLEET_PARTITIONS} partitions",
            "index bytes per ticket",
        ),
        rows=tuple(
            (f"{size:,}", milliseconds[size].told(1), commands[size].told(), idle[size].told(1), weight[size].told())
            for size in rounds
        ),
        figures={
            "due": NEWLY_DUE,
            "open_tickets": {
                str(size): {
                    "milliseconds": milliseconds[size].plain(),
                    "redis_commands": commands[size].plain(),
                    "idle_milliseconds": idle[size].plain(),
                    "index_bytes_per_ticket": weight[size].plain(),
                }
                for size in rounds
            },
        },
        notes=("All in one partition, which asks in one process; the asks are counted, not sent.",),
    )
