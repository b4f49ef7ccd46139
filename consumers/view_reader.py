"""The read side of the Redis view: tickets, their history, and the lists of SPEC section 8, over all partitions.

Reads only. A view that was lost is rebuilt by the workers; until then readers find less, and `history` tells so.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from redis.asyncio import Redis

from consumers import scripts
from consumers.keys import PartitionKeys
from consumers.view import as_text
from contracts.partitioner import partition_of
from contracts.snapshots import read_snapshot
from contracts.ticket import Ticket
from services.history import History
from services.priority import doubtful_hours
from services.score_facts import ScoreFacts, facts_of, unpack
from services.view_index import IndexEntry

_SCANNED_AT_ONCE = 1_000


class ViewReader:
    """Reads one fleet's view, through a Redis client that returns bytes; a `TicketReader` and `WorkReader`."""

    def __init__(self, redis: Redis, prefix: str, partitions: int) -> None:
        self._redis = redis
        self._partitions = [PartitionKeys(prefix, partition) for partition in range(partitions)]
        self._open_work = redis.register_script(scripts.OPEN_WORK)

    @property
    def partitions(self) -> int:
        """How many partitions are read."""
        return len(self._partitions)

    async def lost_partitions(self) -> int:
        """Return how many partitions have no view: they were lost, or nobody has built them yet."""
        pipeline = self._redis.pipeline(transaction=False)
        for keys in self._partitions:
            pipeline.hexists(keys.marker, "state")
        return (await pipeline.execute()).count(0)

    async def get(self, ticket_id: str) -> Ticket | None:
        """Return the ticket as of its last event in the view."""
        value = await self._redis.get(self._home(ticket_id).ticket(ticket_id))
        return read_snapshot(value) if isinstance(value, bytes) else None

    async def history(self, ticket_id: str, versions: range | None = None) -> History | None:
        """See `TicketReader.history`; all of it in one round trip, and at once."""
        keys = self._home(ticket_id)
        timeline = keys.timeline(ticket_id)
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.get(keys.ticket(ticket_id))
        pipeline.hlen(timeline)
        if versions is None:
            pipeline.hvals(timeline)
        elif versions:
            pipeline.hmget(timeline, [str(version) for version in versions])
        snapshot, length, *found = await pipeline.execute()
        if snapshot is None:
            return None
        ticket = read_snapshot(snapshot)
        values = tuple(value for value in (found[0] if found else ()) if value is not None)
        return History(ticket, values, length >= ticket.version)

    async def open_tickets_of(self, agent_id: str) -> tuple[Ticket, ...]:
        """Return the tickets the agent owns that are neither resolved nor closed, by id."""
        pipeline = self._redis.pipeline(transaction=False)
        for keys in self._partitions:
            pipeline.hkeys(keys.owned(agent_id))
        found = await self.tickets(as_text(ticket_id) for ids in await pipeline.execute() for ticket_id in ids)
        return tuple(ticket for _, ticket in sorted(found.items()) if ticket.is_open)

    async def work_of_agent(self, agent_id: str, at: datetime) -> Sequence[ScoreFacts]:
        """Return the open tickets the agent owns, as far as a score at an instant rests on them."""
        return await self._work("HKEYS", [keys.owned(agent_id) for keys in self._partitions], at)

    async def work_of_team(self, team_id: str, at: datetime) -> Sequence[ScoreFacts]:
        """Return the open tickets that were opened for the team, as far as a score at an instant rests on them."""
        name = IndexEntry("open-of-team", team_id, "").name
        return await self._work("SMEMBERS", [keys.index(name) for keys in self._partitions], at)

    async def index(self, kind: str, key: str) -> tuple[str, ...]:
        """Return the members of one list, sorted: ticket ids, or ticket and part ids by a slash."""
        name = IndexEntry(kind, key, "").name
        pipeline = self._redis.pipeline(transaction=False)
        for keys in self._partitions:
            pipeline.smembers(keys.index(name))
        return tuple(sorted(as_text(member) for members in await pipeline.execute() for member in members))

    async def keys_of(self, kind: str) -> tuple[str, ...]:
        """Return whose lists of one kind there are, or have been, sorted."""
        head = IndexEntry(kind, "", "").name
        found: set[str] = set()
        for keys in self._partitions:
            async for name in self._redis.sscan_iter(keys.indexes, match=f"{head}*", count=_SCANNED_AT_ONCE):
                found.add(as_text(name).removeprefix(head))
        return tuple(sorted(found))

    async def tickets(self, ticket_ids: Iterable[str]) -> Mapping[str, Ticket]:
        """Return the tickets of these ids that are in the view, in one round trip."""
        by_home: dict[int, list[str]] = {}
        for ticket_id in dict.fromkeys(ticket_ids):
            by_home.setdefault(self._home(ticket_id).partition, []).append(ticket_id)
        pipeline = self._redis.pipeline(transaction=False)
        for partition, ids in by_home.items():
            pipeline.mget([self._partitions[partition].ticket(ticket_id) for ticket_id in ids])
        found: dict[str, Ticket] = {}
        for ids, values in zip(by_home.values(), await pipeline.execute(), strict=True):
            found.update(_read(ids, values))
        return found

    async def _work(self, read_by: str, lists: Sequence[str], at: datetime) -> Sequence[ScoreFacts]:
        """Return the facts of the open tickets on these lists, one a partition; where minutes count, of the ticket."""
        pipeline = self._redis.pipeline(transaction=False)
        for keys, name in zip(self._partitions, lists, strict=True):
            await self._open_work(keys=[name, keys.work], args=[read_by], client=pipeline)
        packed = {
            as_text(ticket_id): facts
            for found in await pipeline.execute()
            for ticket_id, facts in zip(found[::2], found[1::2], strict=True)
        }
        doubtful = doubtful_hours(at)
        facts = unpack(packed)
        exact = await self.tickets(each.id for each in facts if each.idle_since in doubtful)
        return [each for each in facts if each.idle_since not in doubtful] + [
            facts_of(ticket) for ticket in exact.values() if ticket.is_open
        ]

    def _home(self, ticket_id: str) -> PartitionKeys:
        return self._partitions[partition_of(ticket_id, len(self._partitions))]


def _read(ticket_ids: Sequence[str], values: Sequence[bytes | None]) -> dict[str, Ticket]:
    pairs = zip(ticket_ids, values, strict=True)
    return {ticket_id: read_snapshot(value) for ticket_id, value in pairs if value is not None}
