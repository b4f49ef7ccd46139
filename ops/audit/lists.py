"""The lists of one partition's view, held against what its own snapshots say.

They are who owns what, what each open ticket's score rests on, and the read side's lists.

A list and the snapshots it follows from are written together, so they are compared with one another: first by the sum
of the hashes of a ticket's entries, against the folded ticket; where that differs, for the fleet may be at work, once
more in one atomic look at the ticket and its entries.
"""

from collections.abc import AsyncIterator
from typing import NamedTuple

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from consumers.keys import PartitionKeys
from consumers.view import as_text, place_of
from contracts.snapshots import read_snapshot
from contracts.ticket import Ticket
from ops.audit.histories import Histories
from ops.audit.home import Home
from ops.audit.report import Check
from services.score_facts import packed_facts
from services.view_index import index_entries

_LOOKS = 5
"""A ticket that changed its lists between so many looks in a row does not exist."""
Problem = tuple[str | None, Check, str, str, str]


class _Entry(NamedTuple):
    """A member of a list; `key` is the list's, a hash or a set. Of a score's facts it is ticket id, slash, facts."""

    key: str
    member: str

    @property
    def ticket_id(self) -> str:
        return self.member.partition("/")[0]  # a ticket id holds no slash


class Lists:
    """The lists of one partition."""

    def __init__(self, redis: Redis, keys: PartitionKeys, home: Home, histories: Histories) -> None:
        self._redis = redis
        self._keys = keys
        self._home = home
        self._histories = histories
        self._owned = keys.owned("")

    async def problems(self) -> list[Problem]:
        """Return the first wrong entry of each ticket that has one."""
        sums: dict[str, int] = {}
        async for entry in self._entries():
            sums[entry.ticket_id] = sums.get(entry.ticket_id, 0) ^ hash(entry)
        suspects: dict[str, set[_Entry]] = {}
        for ticket_id in self._histories.tickets:
            expected = 0
            for entry in self._expected(self._histories.folded.get(ticket_id)):
                expected ^= hash(entry)
            if expected != sums.pop(ticket_id, 0):
                suspects[ticket_id] = set()
        suspects |= {ticket_id: set() for ticket_id in sums}
        if not suspects:
            return []
        async for entry in self._entries():
            if entry.ticket_id in suspects:
                suspects[entry.ticket_id].add(entry)
        found = [await self._look_at(ticket_id, entries) for ticket_id, entries in suspects.items()]
        return [problem for problem in found if problem is not None]

    async def _entries(self) -> AsyncIterator[_Entry]:
        keys = self._keys
        for agent in await self._redis.smembers(keys.agents):
            key = keys.owned(as_text(agent))
            for member in await self._redis.hkeys(key):
                if self._home.concerns(as_text(member)):
                    yield _Entry(key, as_text(member))
        for ticket, packed in (await self._redis.hgetall(keys.work)).items():
            if self._home.concerns(as_text(ticket)):
                yield self._facts(as_text(ticket), packed)
        for name in await self._redis.smembers(keys.indexes):
            key = keys.index(as_text(name))
            for member in await self._redis.smembers(key):
                entry = _Entry(key, as_text(member))
                if self._home.concerns(entry.ticket_id):
                    yield entry

    def _expected(self, ticket: Ticket | None) -> set[_Entry]:
        expected = {_Entry(self._keys.index(entry.name), entry.member) for entry in index_entries(ticket)}
        owner = place_of(ticket)
        if ticket is not None and owner is not None:
            expected.add(_Entry(self._keys.owned(owner), ticket.id))
        packed = None if ticket is None else packed_facts(ticket)
        if ticket is not None and packed is not None:
            expected.add(self._facts(ticket.id, packed))
        return expected

    def _facts(self, ticket_id: str, packed: bytes | str) -> _Entry:
        return _Entry(self._keys.work, f"{ticket_id}/{as_text(packed)}")

    async def _look_at(self, ticket_id: str, suspected: set[_Entry]) -> Problem | None:
        """Compare one ticket's snapshot in the view with its entries there, at one moment."""
        looked_at = suspected | self._expected(self._histories.folded.get(ticket_id))
        for _ in range(_LOOKS):
            entries = sorted(looked_at)
            pipeline = self._redis.pipeline(transaction=True)
            pipeline.get(self._keys.ticket(ticket_id))
            for entry in entries:
                self._ask_for(entry, pipeline)
            value, *answers = await pipeline.execute()
            try:
                ticket = None if value is None else read_snapshot(value)
            except ValueError:
                return None  # named where snapshots are compared; what it should be listed by can't be told
            expected = self._expected(ticket)
            if expected <= looked_at:
                asked = zip(entries, answers, strict=True)
                present = {entry for entry, answer in asked if self._is_there(entry, answer)}
                return _first_problem(ticket_id, expected, present)
            looked_at |= expected
        return None

    def _ask_for(self, entry: _Entry, pipeline: Pipeline) -> None:
        if entry.key == self._keys.work:
            pipeline.hget(entry.key, entry.ticket_id)
        elif entry.key.startswith(self._owned):
            pipeline.hexists(entry.key, entry.member)
        else:
            pipeline.sismember(entry.key, entry.member)

    def _is_there(self, entry: _Entry, answer: bytes | int | None) -> bool:
        if entry.key == self._keys.work and isinstance(answer, bytes):
            return self._facts(entry.ticket_id, answer) == entry
        return bool(answer)


def _first_problem(ticket_id: str, expected: set[_Entry], present: set[_Entry]) -> Problem | None:
    for entry in sorted(expected ^ present):
        if entry in expected:
            return ticket_id, "list", f"{entry.member}, as the snapshot says", "not there", entry.key
        return ticket_id, "list", f"no {entry.member}, as the snapshot says", "there", entry.key
    return None
