"""Open tickets in a view that no worker wrote, for queues to be made of; the writes are a worker's own.

Ticket `n` belongs to the agent `n // 25` and to one of as many teams as have some 5,000 tickets each. What scores tell
apart is spread over them as it may be on a desk: due dates over days, activity over three weeks.
"""

import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from redis.asyncio import Redis

from consumers.view import NOT_BUILT, Change, PartitionView
from consumers.view_reader import ViewReader
from contracts.json_values import write_json
from contracts.model import Flag
from contracts.partitioner import partition_of
from contracts.ticket import CaseFlag, Envelope, Ticket

if TYPE_CHECKING:
    from consumers.packing import Write

OF_AGENT, OF_TEAM = 25, 5_000
_PARTITIONS = 12
_CHUNK = 6_000
_FLAGS: tuple[Flag | None, ...] = (None, None, None, None, None, None, "legal", "repeat_contact")


@dataclass(frozen=True, slots=True)
class QueueView:
    """A view with so many open tickets, and whose they are."""

    redis: Redis
    views: tuple[PartitionView, ...]
    reader: ViewReader
    tickets: int

    @property
    def agents(self) -> int:
        """How many agents own something."""
        return max(self.tickets // OF_AGENT, 1)

    @property
    def teams(self) -> int:
        """How many teams tickets were opened for."""
        return max(self.tickets // OF_TEAM, 1)


@asynccontextmanager
async def queue_view(
    redis: Redis, tickets: int, now: datetime, advance: Callable[[int], None]
) -> AsyncIterator[QueueView]:
    """Write the view, and delete it on leaving.

    Raises:
        RedisError: Redis can't be reached.
    """
    prefix = f"bench-{uuid4().hex[:12]}."
    views = tuple(PartitionView(redis, prefix, number) for number in range(_PARTITIONS))
    view = QueueView(redis, views, ViewReader(redis, prefix, _PARTITIONS), tickets)
    try:
        order = random.Random(3)  # noqa: S311 it has to be repeatable, not secret
        for start in range(0, tickets, _CHUNK):
            numbers = range(start, min(start + _CHUNK, tickets))
            await _write(views, [_ticket(number, view.teams, now, order) for number in numbers], start)
            advance(numbers.stop)
        yield view
    finally:
        for each in views:
            await each.drop()
            await redis.delete(each.keys.marker)


async def _write(views: tuple[PartitionView, ...], tickets: list[Ticket], start: int) -> None:
    writes: dict[int, list[Write]] = {number: [] for number in range(len(views))}
    for ticket in tickets:
        number = partition_of(ticket.id, len(views))
        change = Change(ticket.id, None, ticket, write_json(ticket))
        writes[number].extend(views[number].writes_for(change, ticket.source_offset))
    for number, view in enumerate(views):
        await view.apply(start or NOT_BUILT, start + len(tickets), start + len(tickets), writes[number])


def _ticket(number: int, teams: int, now: datetime, order: random.Random) -> Ticket:
    opened_at = now - timedelta(days=order.uniform(0, 21))
    active_at = opened_at + (now - opened_at) * order.random()
    has_envelope, flag = number % 10 == 0, order.choice(_FLAGS)
    return Ticket(
        id=f"INC{number:07d}",
        reference=f"INC{number:07d}",
        type="incident",
        subject="Printer in room 4.12 does not print",
        status="waiting_internal" if has_envelope else "in_progress",
        priority=("critical", "high", "medium", "low")[order.randrange(4)],
        owner_id=f"agent-{number // OF_AGENT}",
        customer_tier=("standard", "standard", "premium", "vip")[order.randrange(4)],
        team_id=f"team-{number % teams}",
        opened_at=opened_at,
        updated_at=active_at,
        agent_activity_at=active_at,
        first_response_at=None if order.randrange(5) == 0 else active_at,
        due_at=now + timedelta(hours=order.uniform(-24, 96)),
        version=3,
        head_hash="0" * 64,
        source_offset=number,
        envelopes=(_envelope(active_at),) if has_envelope else (),
        flags=() if flag is None else (CaseFlag(flag=flag, set_by="agent-0", set_at=active_at),),
    )


def _envelope(at: datetime) -> Envelope:
    due_at = at + timedelta(hours=4)
    return Envelope(envelope_id="E1", level=2, requested_by="agent-0", created_at=at, response_due_at=due_at)
