"""When each ticket of a partition next comes due, in Redis: what a tick reads instead of all open tickets.

Theory of operation (SPEC section 6). The ticket worker's guarded apply marks every ticket it changes (`touched`). The
alert worker takes the marks, computes each ticket's next instant and keeps it in a sorted set (`due`), one instant a
ticket, none for a ticket that will not come due. A mark is dropped only if no newer one has come, so no two are alike.
What was asked to be raised goes to `asked`, with the time its lease ends, and in `due` the ticket's next instant after
it takes its place, for a level that is reached meanwhile must not wait for the answer. An answer changes the ticket, so
marks it; where none comes, the lease's end does. Nothing here is lost with a process: every step leaves either the
mark, the instant or the lease. With Redis itself all is lost, and rebuilding the view marks every ticket.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from redis.asyncio import Redis

from consumers import scripts
from consumers.keys import PartitionKeys
from consumers.view import as_text
from contracts.instants import LATEST, format_instant, parse_instant
from contracts.snapshots import read_snapshot
from contracts.ticket import Ticket
from services.alert_rounds import next_due_at
from services.decision import Directory

_CHUNK = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Glance:
    """The index at a glance: by which rules it was made, whether something marks it out of date, how many are due."""

    rules: str | None
    is_marked: bool
    due: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A ticket that was asked about, because it was `due` (a score), and when its next level comes due after that."""

    ticket_id: str
    due: float
    then: datetime | None


class DueIndex:
    """The due index of one partition, written by the partition's alert worker alone."""

    def __init__(self, redis: Redis, prefix: str, partition: int) -> None:
        self._redis = redis
        self._keys = PartitionKeys(prefix, partition)
        self._index = redis.register_script(scripts.INDEX_DUE)
        self._lease = redis.register_script(scripts.LEASE)
        self._raise = redis.register_script(scripts.RAISE)

    async def glance(self, at: datetime, now: datetime) -> "Glance":
        """Return in one round trip what an idle tick has to know."""
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.hget(self._keys.alert_state, "rules")
        pipeline.hlen(self._keys.touched)
        pipeline.zcount(self._keys.asked, "-inf", score_of(now))
        pipeline.zcount(self._keys.due, "-inf", score_of(at))
        rules, touched, ended, due = await pipeline.execute()
        return Glance(None if rules is None else as_text(rules), bool(touched or ended), due)

    async def quiet_until(self) -> datetime | None:
        """Return when a ticket next comes due, the end of time where none will; None while that is not settled.

        It is not while tickets are marked, or answers are awaited.
        """
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.hexists(self._keys.alert_state, "rules")
        pipeline.hlen(self._keys.touched)
        pipeline.zcard(self._keys.asked)
        pipeline.zrange(self._keys.due, 0, 0, withscores=True)
        is_made, marked, asked, first = await pipeline.execute()
        if not is_made or marked or asked:
            return None
        return _EPOCH + timedelta(milliseconds=first[0][1]) if first else LATEST

    async def refresh(self, directory: Directory, now: datetime) -> int:
        """Take all marks, and those of leases that have ended; return how many tickets were looked at."""
        await self._end_leases(now)
        looked_at = 0
        while marks := await self._redis.hrandfield(self._keys.touched, _CHUNK, withvalues=True):
            marked = {as_text(marks[i]): as_text(marks[i + 1]) for i in range(0, len(marks), 2)}
            tickets = await self.tickets(list(marked))
            arguments: list[str | float] = []
            for ticket_id, mark in marked.items():
                ticket = tickets.get(ticket_id)
                instant = None if ticket is None else next_due_at(ticket, directory)
                arguments += (ticket_id, mark, "" if instant is None else score_of(instant))
            await self._index(keys=[self._keys.touched, self._keys.due, self._keys.asked], args=arguments)
            looked_at += len(marked)
        return looked_at

    async def due_by(self, at: datetime) -> Mapping[str, float]:
        """Return some hundred of the tickets that come due up to an instant, each with when that is: its score."""
        keys = self._keys
        found: Any = await self._redis.zrangebyscore(keys.due, "-inf", score_of(at), 0, _CHUNK, withscores=True)
        return {as_text(ticket_id): score for ticket_id, score in found}

    async def tickets(self, ticket_ids: Sequence[str]) -> Mapping[str, Ticket]:
        """Read tickets from the view, those there are."""
        if not ticket_ids:
            return {}
        values = await self._redis.mget([self._keys.ticket(ticket_id) for ticket_id in ticket_ids])
        found = zip(ticket_ids, values, strict=True)
        return {ticket_id: read_snapshot(value) for ticket_id, value in found if isinstance(value, bytes)}

    async def lease(self, asked: Sequence[Asked], until: datetime) -> None:
        """Lease tickets that were asked about: their next instant takes the place of the one they were due at."""
        arguments: list[str | float] = [score_of(until)]
        for each in asked:
            arguments += (each.ticket_id, each.due, "" if each.then is None else score_of(each.then))
        await self._lease(keys=[self._keys.due, self._keys.asked], args=arguments)

    async def put_back(self, tickets: Sequence[str], now: datetime) -> None:
        """Mark tickets of which nothing was to be asked after all, to be looked at again."""
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.hset(self._keys.touched, mapping=dict.fromkeys(tickets, f"looked at {format_instant(now)}"))
        pipeline.zrem(self._keys.due, *tickets)
        await pipeline.execute()

    async def mark_all(self, rules: str) -> None:
        """Mark every ticket of the partition: these rules are new."""
        cursor = 0
        while True:
            cursor, members = await self._redis.sscan(self._keys.tickets, cursor, count=_CHUNK)
            if members:
                await self._redis.hset(self._keys.touched, mapping=dict.fromkeys(map(as_text, members), rules))
            if cursor == 0:
                return

    async def rules(self) -> str | None:
        """Return the rules the index was made by."""
        text = await self._redis.hget(self._keys.alert_state, "rules")
        return None if text is None else as_text(text)

    async def made_by(self, rules: str) -> None:
        """Note the rules the index is made by."""
        await self._redis.hset(self._keys.alert_state, "rules", rules)

    async def last_tick(self) -> datetime | None:
        """Return the last tick that was evaluated, None where there is none, or Redis was lost since."""
        text = await self._redis.hget(self._keys.alert_state, "tick")
        return None if text is None else parse_instant(as_text(text))

    async def ticked(self, at: datetime) -> None:
        """Note a tick as evaluated, unless a later one is."""
        await self._raise(keys=[self._keys.alert_state], args=["tick", format_instant(at)])

    async def _end_leases(self, now: datetime) -> None:
        while found := await self._redis.zrangebyscore(self._keys.asked, "-inf", score_of(now), start=0, num=_CHUNK):
            ended = [as_text(ticket_id) for ticket_id in found]
            pipeline = self._redis.pipeline(transaction=True)
            pipeline.hset(self._keys.touched, mapping=dict.fromkeys(ended, f"lease over {format_instant(now)}"))
            pipeline.zrem(self._keys.asked, *ended)
            await pipeline.execute()


def score_of(instant: datetime) -> float:
    """Return an instant as whole milliseconds, rounded down: exact in a double, and never late."""
    return (instant - _EPOCH).total_seconds() * 1000 // 1
