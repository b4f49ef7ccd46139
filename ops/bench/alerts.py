"""What a tick costs: by open tickets and by newly due ones, in Redis commands, time and memory; and the calendar.

Only the alert worker's index is measured, on a Redis that is the caller's, under keys that are removed afterwards;
nothing of Kafka takes part. Snapshots are read for due tickets alone, so those that stay quiet have none here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import perf_counter
from uuid import uuid4

from redis.asyncio import Redis

from consumers.due_index import DueIndex, score_of
from consumers.keys import PartitionKeys
from contracts.json_values import write_json
from contracts.ticket import Ticket
from services.alert_rounds import due, next_due_after
from services.directory_state import DirectoryState

NEWLY_DUE = 1_000
PARTITIONS = 12
_CHUNK = 10_000
_ROUNDS = 50
_SPAN = timedelta(hours=20)
_MONDAY = datetime(2026, 1, 5, 9, tzinfo=UTC)
_AT = _MONDAY + timedelta(hours=1)
"""When the newly due ones come due: a medium ticket that nobody has taken for an hour."""


@dataclass(frozen=True, slots=True)
class TickCost:
    """One tick over a due index of so many open tickets, of which `due` newly came due.

    `redis_commands` counts what the server was asked for; `bytes_per_ticket` is the index alone.
    """

    open_tickets: int
    due: int
    seconds: float
    redis_commands: int
    idle_seconds: float
    bytes_per_ticket: float


async def tick_costs(redis: Redis, sizes: Sequence[int] = (10_000, 100_000, 1_000_000)) -> list[TickCost]:
    """Measure a tick with `NEWLY_DUE` tickets due, and an idle one over all partitions, at each size.

    Raises:
        RedisError: Redis can't be reached.
    """
    await _tick_cost(redis, 2 * NEWLY_DUE)  # the first of anything is slower
    return [await _tick_cost(redis, size) for size in sizes]


def calendar_microseconds() -> tuple[float, float]:
    """Return what `add` and `between` cost on the default business calendar when warm, in microseconds; the best."""
    calendar = DirectoryState().business_time("medium")
    starts = [_MONDAY + timedelta(minutes=7 * number) for number in range(1_000)]
    spans = [(start, calendar.add(start, _SPAN)) for start in starts]
    added, measured = [], []
    for _ in range(_ROUNDS):
        started = perf_counter()
        for start, _end in spans:
            calendar.add(start, _SPAN)
        between = perf_counter()
        for start, end in spans:
            calendar.between(start, end)
        added.append(between - started)
        measured.append(perf_counter() - between)
    return min(added) / len(spans) * 1e6, min(measured) / len(spans) * 1e6


async def _tick_cost(redis: Redis, size: int) -> TickCost:
    prefix = f"bench{uuid4().hex[:8]}."
    keys, index, directory = PartitionKeys(prefix, 0), DueIndex(redis, prefix, 0), DirectoryState()
    try:
        before = (await redis.info("memory"))["used_memory"]
        for chunk in _later_ones(size - NEWLY_DUE):
            await redis.zadd(keys.due, chunk)
        used = (await redis.info("memory"))["used_memory"] - before
        tickets = [f"due-{number}" for number in range(NEWLY_DUE)]
        for ticket_id in tickets:
            await redis.set(keys.ticket(ticket_id), write_json(_ticket(ticket_id)))
        await redis.zadd(keys.due, dict.fromkeys(tickets, score_of(_AT)))
        commands = await _commands(redis)
        started = perf_counter()
        asked = await _tick(index, directory)
        seconds = perf_counter() - started
        commands = await _commands(redis) - commands - 1  # the count itself
        assert asked == NEWLY_DUE, "each of them is asked about once"
        started = perf_counter()
        for _ in range(PARTITIONS):
            await index.glance(_AT, _MONDAY)
        idle = perf_counter() - started
        return TickCost(size, asked, seconds, commands, idle, used / (size - NEWLY_DUE))
    finally:
        await redis.unlink(keys.due, keys.asked, *(keys.ticket(f"due-{number}") for number in range(NEWLY_DUE)))


async def _tick(index: DueIndex, directory: DirectoryState) -> int:
    """Do what the alert worker does for a tick, but for sending the commands."""
    asked = 0
    await index.glance(_AT, _MONDAY)
    while found := await index.due_by(_AT):
        tickets = await index.tickets(found)
        asked += sum(len(due(ticket, directory, _AT)) for ticket in tickets.values())
        asked_for = {ticket_id: next_due_after(ticket, directory, _AT) for ticket_id, ticket in tickets.items()}
        await index.settle(asked_for, _AT)
    return asked


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
