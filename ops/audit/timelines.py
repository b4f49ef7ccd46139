"""The timelines of one partition's view, held against the tickets they belong to.

A ticket's snapshot names the hash of its last event, and each event that of the one before: a timeline that ends in
that hash, link by link, holds the log's events byte for byte. Timelines that were lost are filled in the background,
which readers are told; entries that are missing count once the view says that all are there.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import orjson
from redis.asyncio import Redis

from consumers.view import PartitionView
from ops.audit.formulas import link
from ops.audit.patience import Patience
from ops.audit.report import Check

_CHUNK = 100
_MISSING = "missing"
Problem = tuple[str | None, Check, str, str, str]


class Timelines:
    """The timelines of one partition."""

    def __init__(self, redis: Redis, view: PartitionView) -> None:
        self._redis = redis
        self._view = view

    async def problems(self, ticket_ids: Iterable[str], events_end: int, patience: Patience) -> list[Problem]:
        """Return the first wrong or missing entry of each ticket that has one; `events_end` is where the log ends."""
        remaining = iter(list(ticket_ids))
        problems: list[Problem] = []
        while chunk := list(islice(remaining, _CHUNK)):
            problems += await self._of_chunk(chunk, events_end, patience)
        return problems

    async def _of_chunk(self, ticket_ids: Sequence[str], events_end: int, patience: Patience) -> list[Problem]:
        suspects = list(await self._look_at(ticket_ids))
        if not suspects:
            return []

        async def filled() -> bool:
            return (await self._view.marker()).events >= events_end or not await self._look_at(suspects)

        await patience.until(filled)
        all_there = (await self._view.marker()).events >= events_end
        found = await self._look_at(suspects)
        return [problem for problem in found.values() if all_there or problem[3] != _MISSING]

    async def _look_at(self, ticket_ids: Sequence[str]) -> dict[str, Problem]:
        """Compare tickets with their timelines at one moment, from the last event back."""
        keys = self._view.keys
        pipeline = self._redis.pipeline(transaction=True)
        for ticket_id in ticket_ids:
            pipeline.get(keys.ticket(ticket_id))
            pipeline.hgetall(keys.timeline(ticket_id))
        values = await pipeline.execute()
        found: dict[str, Problem] = {}
        for ticket_id, snapshot, events in zip(ticket_ids, values[::2], values[1::2], strict=True):
            if (wrong := _first_wrong(_ticket(snapshot), events)) is not None:
                version, expected, instead = wrong
                told = f"event {version} with hash {expected}"
                found[ticket_id] = ticket_id, "timeline", told, instead, keys.timeline(ticket_id)
        return found


def _ticket(snapshot: bytes | None) -> Mapping[str, Any]:
    """Read a snapshot; one that is none is noted where snapshots are compared, and asks for no timeline."""
    try:
        ticket = orjson.loads(snapshot or b"{}")
    except orjson.JSONDecodeError:
        return {}
    return ticket if isinstance(ticket, dict) and isinstance(ticket.get("version"), int) else {}


def _first_wrong(ticket: Mapping[str, Any], events: Mapping[bytes, bytes]) -> tuple[int, str, str] | None:
    expected = ticket.get("head_hash")
    for version in range(ticket.get("version", 0), 0, -1):
        value = events.get(str(version).encode())
        if value is None:
            return version, str(expected), _MISSING
        if (found := link(value)) != expected:
            return version, str(expected), found
        expected = orjson.loads(value)["prevhash"]
    return None
