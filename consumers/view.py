"""The Redis view of one partition: read before a batch is decided, written after its transaction is committed.

Kafka is the truth; all here can be dropped at any time. Every write goes through one guarded script, so that a
repeated, late or gapped write can't do harm. Nothing here decides anything.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import Struct
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from consumers import scripts
from consumers.errors import ViewBehind
from consumers.keys import AgentKeys, PartitionKeys
from consumers.packing import Write, pack_writes
from contracts.recorded import RecordedEvent
from contracts.ticket import Ticket
from services.score_facts import may_differ, packed_facts
from services.view_index import index_changes

NOT_BUILT = -1
"""The position of a view that holds nothing, not even the start of the log."""


@dataclass(frozen=True, slots=True)
class Marker:
    """How far a partition's view is.

    The next state offset to apply, the highest command offset in it, the next event that its timelines lack.
    """

    state: int = NOT_BUILT
    source: int = -1
    events: int = NOT_BUILT


class Change(Struct, frozen=True, gc=False):
    """A ticket before and after, as far as the view is concerned; `snapshot` is the new state's bytes."""

    ticket_id: str
    before: Ticket | None
    after: Ticket
    snapshot: bytes
    events: tuple[RecordedEvent, ...] = ()
    """What happened in between, where it is at hand; timelines that were lost are filled from the log."""


class PartitionView:
    """The view of one partition, through a Redis client that returns bytes."""

    def __init__(self, redis: Redis, prefix: str, partition: int) -> None:
        self._redis = redis
        self.keys = PartitionKeys(prefix, partition)
        self._apply = redis.register_script(scripts.APPLY)
        self._advance = redis.register_script(scripts.ADVANCE)
        self._drop = redis.register_script(scripts.DROP)

    async def marker(self) -> Marker:
        """Read how far the view is."""
        return _marker(await self._read_marker(self._redis))

    async def load(self, ticket_ids: Sequence[str], expected: int) -> Mapping[str, bytes]:
        """Read snapshots by id, those there are, in one round trip.

        Raises:
            ViewBehind: the view is not at the expected position.
        """
        # At once: with Redis emptied after the marker was read, tickets would look as if they were never opened.
        pipeline = self._redis.pipeline(transaction=True)
        self._read_marker(pipeline)
        if ticket_ids:
            pipeline.mget([self.keys.ticket(ticket_id) for ticket_id in ticket_ids])
        marker, *found = await pipeline.execute()
        at = _marker(marker).state
        if at != expected:
            raise ViewBehind(f"the view of partition {self.keys.partition} is at {at}, not at {expected}")
        values = found[0] if found else ()
        return {ticket_id: value for ticket_id, value in zip(ticket_ids, values, strict=True) if value is not None}

    async def apply(self, expected: int, position: int, source: int, writes: Iterable[Write]) -> None:
        """Bring the view from one position of the state topic to a later one, all or nothing.

        Raises:
            ViewBehind: the view is elsewhere; nothing was written.
        """
        source_is: Write = ("HSET", self.keys.marker, "source", source)
        await self._apply_at("state", expected, position, (*writes, source_is))

    async def fill_timelines(self, expected: int, position: int, events: Iterable[RecordedEvent]) -> None:
        """Write events into their timelines, and note that all up to a position of the events topic are there.

        Raises:
            ViewBehind: the timelines are elsewhere; nothing was written.
        """
        await self._apply_at(
            "events", expected, position, [self._timeline_write(event.ticket_id, (event,)) for event in events]
        )

    async def timelines_reached(self, expected: int, position: int) -> None:
        """Note that the timelines are complete up to a position, unless they were not up to the one before."""
        await self._advance(keys=[self.keys.marker], args=["events", expected, position])

    async def _apply_at(self, field: str, expected: int, position: int, writes: Iterable[Write]) -> None:
        arguments: list[Any] = [field, expected, position, pack_writes(writes)]
        if await self._apply(keys=[self.keys.marker], args=arguments) < 0:
            raise ViewBehind(f"the view of partition {self.keys.partition} is not at {expected} of its {field}")

    def _timeline_write(self, ticket_id: str, events: Iterable[RecordedEvent]) -> Write:
        words = (word for event in events for word in (event.version, event.value))
        return ("HSET", self.keys.timeline(ticket_id), *words)

    def writes_for(self, change: Change, source: int) -> Iterable[Write]:
        """Yield the writes that bring one ticket's part of the view up to date.

        A place it no longer takes is written down to be given back: whoever changed the ticket may die before doing so.
        """
        keys, after = self.keys, change.after
        yield ("SET", keys.ticket(change.ticket_id), change.snapshot)
        yield ("HSET", keys.touched, change.ticket_id, after.version)
        if change.before is None:
            yield ("SADD", keys.tickets, change.ticket_id)
        if change.events:
            yield self._timeline_write(change.ticket_id, change.events)
        gone, new = index_changes(change.before, after)
        for entry in gone:
            yield ("SREM", keys.index(entry.name), entry.member)
        for entry in new:
            yield ("SADD", keys.index(entry.name), entry.member)
            yield ("SADD", keys.indexes, entry.name)
        yield from self._work_writes(change)
        was, now = place_of(change.before), place_of(after)
        if was == now:
            return
        if was is not None:
            yield ("HDEL", keys.owned(was), change.ticket_id)
            yield self.release(was, change.ticket_id, source)
        if now is not None:
            yield ("HSET", keys.owned(now), change.ticket_id, source)
            yield ("SADD", keys.agents, now)

    def _work_writes(self, change: Change) -> Iterable[Write]:
        if not may_differ(change.before, change.after):
            return
        packed = packed_facts(change.after)
        if packed is not None:
            yield ("HSET", self.keys.work, change.ticket_id, packed)
        elif change.before is not None:
            yield ("HDEL", self.keys.work, change.ticket_id)

    def release(self, agent_id: str, ticket_id: str, source: int) -> Write:
        """Return the write that remembers a place to be taken off its agent."""
        return ("SADD", self.keys.released, f"{agent_id}\n{ticket_id}\n{source}")

    async def drop(self) -> None:
        """Delete the partition's view; the next owner, or the present one at its next look, builds it again.

        Whoever builds it again deletes what is left first, so this ends where somebody has begun to.
        """
        keys = self.keys
        # The position goes first: from here on nobody takes what is left for a view. The fence stays.
        await self._redis.hdel(keys.marker, "state", "source", "events")
        await self._forget_counts()
        members = (
            (keys.tickets, (keys.ticket, keys.timeline)),
            (keys.agents, (keys.owned,)),
            (keys.indexes, (keys.index,)),
        )
        for index, keys_of in members:
            async for names in _chunks(self._redis, index):
                await self._delete(*(key_of(name) for name in names for key_of in keys_of))
            await self._delete(index)
        await self._delete(keys.released, keys.touched, keys.due, keys.asked, keys.alert_state, keys.work)

    async def _forget_counts(self) -> None:
        """Have the counts made again that this partition's places are in: what is to be given back is forgotten now."""
        released = await self._redis.smembers(self.keys.released)
        agents = {as_text(place).rsplit("\n", 2)[0] for place in released}
        async for names in _chunks(self._redis, self.keys.agents):
            agents.update(names)
        for agent_id in sorted(agents):
            await self._redis.hdel(AgentKeys(self.keys.prefix, agent_id).meta, "run", "begun")

    async def _delete(self, *names: str) -> None:
        await self._drop(keys=[self.keys.marker, *names])

    def _read_marker(self, client: Redis | Pipeline) -> Any:  # noqa: ANN401 a client answers, a pipeline queues
        return client.hmget(self.keys.marker, ["state", "source", "events"])


async def _chunks(redis: Redis, index: str) -> AsyncIterator[list[str]]:
    """Yield the members of an index set, some hundred at a time."""
    cursor = 0
    while True:
        cursor, members = await redis.sscan(index, cursor, count=500)
        if members:
            yield [as_text(member) for member in members]
        if cursor == 0:
            return


def as_text(word: object) -> str:
    """Return a word that Redis answered with; the client is one that returns bytes, whatever its types allow for."""
    return word.decode() if isinstance(word, bytes) else str(word)


def place_of(ticket: Ticket | None) -> str | None:
    """Return the agent whose capacity the ticket counts against: the owner of an open ticket (SPEC section 5)."""
    return ticket.owner_id if ticket is not None and ticket.is_open else None


def _marker(fields: Sequence[bytes | None]) -> Marker:
    state, source, events = fields
    return Marker() if state is None else Marker(int(state), int(source or -1), int(events or NOT_BUILT))
