"""Exact agent capacity over all partitions (SPEC section 5): places are reserved in Redis, made true by Kafka.

Theory of operation. An agent's count is a hash of ticket ids in one slot: tickets owned and open, and tickets about
to be.

1. Before a transaction the partition writes down which places it is about to ask for (`reserving`), then reserves
   them, one atomic script each. Reserving the same ticket twice takes one place.
2. After sending, before committing, it confirms that every place is still held. If Redis was lost in between, it
   aborts.
3. After the commit the guarded apply drops the intents and lists the places given back (`released`); these are then
   taken off their agents. Only now is a place free, so a count never falls below what the log says.
4. Whoever takes a partition over finishes what the last owner left: it raises the fence (so that a frozen owner can
   reserve no more), takes back places that no snapshot bears out, and carries out releases.
5. A count made in another run of Redis, or none at all, is lost. It is made again from every partition's view: first
   the state topics' ends are read with open transactions included, and all of these are waited for. A transaction
   that confirmed before the loss had been sent before it, so its ticket is seen; one that confirms after the loss
   aborts. A making that began before yet another loss comes to nothing. Dropping a partition's view has the counts
   made again that its places are in, for what it was about to give back is dropped with it.
6. A refusal for want of a place is given only after every partition's view has reached the committed end of its log
   as of now, releases carried out. A partition waits only for what others have committed, never for what they are
   about to.
"""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from consumers import scripts
from consumers.errors import Fenced, PlacesLost, ViewBehind
from consumers.keys import AgentKeys, PartitionKeys
from consumers.packing import Write, pack_writes
from consumers.state_log import LogEnds
from consumers.view import NOT_BUILT, PartitionView, as_text

_TAKEN, _FULL, _LOST, _FENCED = 1, 0, -1, -2
_POLL_SECONDS = 0.02
_CHUNK = 1_000
NO_LIMIT = -1


@dataclass(frozen=True, slots=True)
class Place:
    """One place asked for: by the command at `offset`, within `limit` (max_tickets; NO_LIMIT for a reopen)."""

    agent_id: str
    ticket_id: str
    offset: int
    limit: int

    @property
    def intent(self) -> str:
        """How the partition remembers it."""
        return f"{self.agent_id}\n{self.ticket_id}"


@dataclass(frozen=True, slots=True)
class Tenure:
    """Who asks: the owner of a partition by its fence, who has left the partition's view at a position."""

    partition: int
    fence: str
    at: int


class Ledger:
    """The counts of all agents, shared by the partitions of a worker."""

    def __init__(self, redis: Redis, prefix: str, partitions: int, ends: LogEnds) -> None:
        self._redis = redis
        self._prefix = prefix
        self._views = [PartitionView(redis, prefix, partition) for partition in range(partitions)]
        self._ends = ends
        self._fence = redis.register_script(scripts.FENCE)
        self._intend = redis.register_script(scripts.INTEND)
        self._reserve = redis.register_script(scripts.RESERVE)
        self._confirm = redis.register_script(scripts.CONFIRM)
        self._release = redis.register_script(scripts.RELEASE)
        self._take_place_back = redis.register_script(scripts.TAKE_BACK)
        self._settle = redis.register_script(scripts.SETTLE)
        self._waiting: set[int] = set()
        self._begin_count = redis.register_script(scripts.BEGIN_COUNT)
        self._seed = redis.register_script(scripts.SEED)

    def keys(self, partition: int) -> PartitionKeys:
        """Return the keys of a partition."""
        return self._views[partition].keys

    def waits_for_others(self, own: int) -> bool:
        """Tell whether this partition waits for what other partitions' owners have to bring about."""
        return own in self._waiting

    async def settled(self, own: int) -> None:
        """Wait until every partition's view has reached the committed end of its log, releases carried out (step 6).

        Raises:
            ViewBehind: the view of the caller's own partition is lost.
        """
        with self._waits(own):
            await self._reached(await self._ends.committed(), own)

    async def reserve(self, tenure: Tenure, places: Sequence[Place], earlier: Iterable[Place]) -> frozenset[Place]:
        """Reserve places in order (step 1) and return those there was no room for.

        `earlier` are the places the same batch has asked for before; whatever else is in transit was left by an owner
        that is gone, and is taken back.

        Raises:
            Fenced: a newer owner holds the partition.
            ViewBehind: the partition's own view is lost.
        """
        await self._remember(tenure, places, earlier)
        full: set[Place] = set()
        asked = places
        while asked:
            answers = await self._ask(tenure, asked)
            if _FENCED in answers.values():
                raise Fenced(f"partition {tenure.partition} has a newer owner")
            full.update(place for place, answer in answers.items() if answer == _FULL)
            asked = [place for place, answer in answers.items() if answer == _LOST]
            for agent_id in sorted({place.agent_id for place in asked}):
                await self._rebuild(agent_id, tenure.partition)
        return frozenset(full)

    async def confirm(self, places: Iterable[Place]) -> None:
        """Make sure that all places are still held, right before the commit (step 2).

        Raises:
            PlacesLost: at least one is not.
        """
        by_agent: dict[str, list[str]] = {}
        for place in places:
            by_agent.setdefault(place.agent_id, []).append(place.ticket_id)
        if not by_agent:
            return
        pipeline = self._redis.pipeline(transaction=False)
        for agent_id, tickets in by_agent.items():
            keys = self._agent(agent_id)
            await self._confirm(keys=[keys.open, keys.meta], args=tickets, client=pipeline)
        if not all(await pipeline.execute()):
            raise PlacesLost("a reserved place was lost before its commit")

    async def carry_out_releases(self, partition: int) -> None:
        """Take released places off their agents (step 3); doing it twice, or two at a time, does no harm."""
        key = self.keys(partition).released
        while entries := await self._redis.srandmember(key, _CHUNK):
            pipeline = self._redis.pipeline(transaction=False)
            for entry in entries:
                agent_id, ticket_id, offset = as_text(entry).rsplit("\n", 2)
                await self._release(keys=[self._agent(agent_id).open], args=[ticket_id, offset], client=pipeline)
            await pipeline.execute()
            await self._redis.srem(key, *entries)

    async def settle(self, partition: int, fence: str, writes: Iterable[Write]) -> None:
        """Write down what became of places where no ticket changed; each write may be repeated."""
        await self._settle(keys=[self.keys(partition).marker], args=[fence, pack_writes(writes)])

    async def take_over(self, partition: int, fence: str) -> None:
        """Finish what the partition's last owner left (step 4); its view must be caught up.

        Raises:
            Fenced: a newer owner was here before.
        """
        keys = self.keys(partition)
        if not await self._fence(keys=[keys.marker], args=[fence]):
            raise Fenced(f"partition {partition} has a newer owner")
        await self._take_back(partition, fence, await self._redis.smembers(keys.reserving))
        await self.carry_out_releases(partition)

    async def _remember(self, tenure: Tenure, places: Sequence[Place], earlier: Iterable[Place]) -> None:
        keys = self.keys(tenure.partition)
        intents = [place.intent for place in places]
        try:
            before = await self._intend(keys=[keys.marker, keys.reserving], args=[tenure.fence, tenure.at, *intents])
        except ResponseError as error:
            if str(error).startswith("FENCED"):
                raise Fenced(f"partition {tenure.partition} has a newer owner") from error
            if str(error).startswith("BEHIND"):
                raise ViewBehind(f"the view of partition {tenure.partition} is not at {tenure.at}") from error
            raise
        known = {intent.encode() for intent in (*intents, *(place.intent for place in earlier))}
        await self._take_back(tenure.partition, tenure.fence, {intent for intent in before if intent not in known})

    async def _take_back(self, partition: int, fence: str, intents: Collection[bytes | str]) -> None:
        """Take back the places that the view does not bear out, then drop the intents.

        Raises:
            Fenced: a newer owner has done so already.
        """
        keys = self.keys(partition)
        for intent in sorted(intents):
            agent_id, ticket_id = as_text(intent).rsplit("\n", 1)
            borne_out_by = await self._redis.hget(keys.owned(agent_id), ticket_id) or ""
            agent = self._agent(agent_id)
            arguments: list[str | bytes | int] = [partition, fence, ticket_id, borne_out_by]
            if await self._take_place_back(keys=[agent.open, agent.meta], args=arguments) == _FENCED:
                raise Fenced(f"partition {partition} has a newer owner")
        await self.settle(partition, fence, [("SREM", keys.reserving, intent) for intent in intents])

    async def _ask(self, tenure: Tenure, places: Iterable[Place]) -> dict[Place, int]:
        pipeline = self._redis.pipeline(transaction=False)
        asked = list(places)
        for place in asked:
            agent = self._agent(place.agent_id)
            arguments: list[str | int] = [tenure.partition, tenure.fence, place.ticket_id, place.offset, place.limit]
            await self._reserve(keys=[agent.open, agent.meta], args=arguments, client=pipeline)
        return dict(zip(asked, await pipeline.execute(), strict=True))

    async def _rebuild(self, agent_id: str, own: int) -> None:
        """Make a lost count again from every partition (step 5)."""
        agent = self._agent(agent_id)
        begun = await self._begin_count(keys=[agent.meta], args=[uuid4().hex])
        with self._waits(own):
            await self._reached_in_transit(own)
        owned = await self._owned(agent_id)
        pairs = [word for ticket_and_offset in owned.items() for word in ticket_and_offset]
        await self._seed(keys=[agent.open, agent.meta], args=[begun, *pairs])
        # What was given back while the count was being made was taken off a count that was not there yet.
        still = await self._owned(agent_id)
        for ticket_id, offset in owned.items():
            if ticket_id not in still:
                await self._release(keys=[agent.open], args=[ticket_id, offset])

    async def _owned(self, agent_id: str) -> dict[bytes, bytes]:
        pipeline = self._redis.pipeline(transaction=False)
        for view in self._views:
            pipeline.hgetall(view.keys.owned(agent_id))
        return {ticket: offset for held in await pipeline.execute() for ticket, offset in held.items()}

    @contextmanager
    def _waits(self, own: int) -> Iterator[None]:
        self._waiting.add(own)
        try:
            yield
        finally:
            self._waiting.discard(own)

    async def _reached_in_transit(self, own: int) -> None:
        """Wait for every transaction that is open now to end, and for the views to show how it ended."""
        written = await self._ends.written()
        while True:
            committed = await self._ends.committed()
            if all(committed[partition] >= end for partition, end in written.items()):
                break
            await asyncio.sleep(_POLL_SECONDS)
        await self._reached(committed, own)

    async def _reached(self, ends: Mapping[int, int], own: int) -> None:
        behind = dict(ends)
        while behind := await self._still_behind(behind):
            if own in behind:
                # Nobody but the caller brings its own view up, and it can't while it waits here.
                raise ViewBehind(f"the view of partition {own} was lost while places were asked for")
            await asyncio.sleep(_POLL_SECONDS)

    async def _still_behind(self, ends: Mapping[int, int]) -> dict[int, int]:
        """Return the partitions whose view has not reached its end, or has releases left from before it."""
        pipeline = self._redis.pipeline(transaction=False)
        for partition in ends:
            pipeline.hget(self.keys(partition).marker, "state")
            pipeline.scard(self.keys(partition).released)
        answers = iter(await pipeline.execute())
        found = {partition: (int(next(answers) or NOT_BUILT), next(answers)) for partition in ends}
        return {partition: end for partition, end in ends.items() if found[partition][0] < end or found[partition][1]}

    def _agent(self, agent_id: str) -> AgentKeys:
        return AgentKeys(self._prefix, agent_id)
