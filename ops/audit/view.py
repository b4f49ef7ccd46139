"""The Redis view of one partition, held against the state topic: each snapshot byte for byte, and who is in the index.

The fleet may be at work. A view that is behind is waited for; a snapshot newer than what was read of the log is
noted, and judged when more has been read. What was found while the view was dropped and built again does not count.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice

import orjson
from redis.asyncio import Redis

from consumers.view import PartitionView, as_text
from ops.audit.findings import Findings
from ops.audit.formulas import digest
from ops.audit.histories import Histories, History
from ops.audit.home import Home
from ops.audit.lists import Lists
from ops.audit.patience import Patience
from ops.audit.report import Check

_CHUNK = 500
_ATTEMPTS = 5
Problem = tuple[str | None, Check, str, str, str]


@dataclass(slots=True)
class _Seen:
    """What one reading of the view showed.

    Differences, and snapshots newer than the log as read, by version and digest.
    """

    problems: list[Problem] = field(default_factory=list)
    newer: dict[str, tuple[int, bytes]] = field(default_factory=dict)


class ViewAudit:
    """Compares one partition's view."""

    def __init__(self, redis: Redis, prefix: str, home: Home, histories: Histories, findings: Findings) -> None:
        self._redis = redis
        self._home = home
        self._histories = histories
        self._findings = findings
        self._view = PartitionView(redis, prefix, home.partition)
        self._seen = _Seen()
        self.is_whole = False

    async def read(self, snapshots_end: int, patience: Patience) -> dict[str, int]:
        """Compare the view with the log, once it holds all snapshots below `snapshots_end`.

        Returns the tickets whose snapshot is newer than the events read, with its version; `confirm` judges them.
        """
        marker = self._view.keys.marker
        for _ in range(_ATTEMPTS):
            if not await patience.until(lambda: self._holds(snapshots_end)):
                at = await self._view.marker()
                found = f"{at.state}" if at.state >= 0 else "no view; `itilnext rebuild` makes one"
                self._findings.add(None, "view", f"snapshots applied up to {snapshots_end}", found, marker)
                return {}
            before = await self._view.marker()
            seen = _Seen()
            await self._read_tickets(seen)
            seen.problems += await Lists(self._redis, self._view.keys, self._home, self._histories).problems()
            if (await self._view.marker()).state >= before.state:
                self.is_whole = True
                self._seen = seen
                return {ticket_id: version for ticket_id, (version, _) in seen.newer.items()}
        self._findings.add(None, "view", "a view that stays", f"dropped {_ATTEMPTS} times", marker)
        return {}

    def confirm(self) -> None:
        """Note the differences, after the log was read up to the newer snapshots.

        What is wrong in the log comes first.
        """
        for problem in self._seen.problems:
            self._findings.add(*problem)
        for ticket_id, (version, value) in self._seen.newer.items():
            history = self._histories.of(ticket_id)
            if history.broken or history.snapshot == value:
                continue
            found = f"version {version} with other bytes, or of no snapshot there"
            key = self._view.keys.ticket(ticket_id)
            self._findings.add(ticket_id, "view", "the state topic's snapshot", found, key)

    async def _holds(self, snapshots_end: int) -> bool:
        return (await self._view.marker()).state >= snapshots_end

    async def _read_tickets(self, seen: _Seen) -> None:
        known = self._histories.tickets if self._home.only is None else {self._home.only: None}
        for ticket_ids in _chunks(known):
            await self._read_chunk(ticket_ids, seen)
        if self._home.only is None:
            indexed = (as_text(member) for member in await self._redis.smembers(self._view.keys.tickets))
            for ticket_ids in _chunks(each for each in indexed if each not in known):
                await self._read_chunk(ticket_ids, seen)

    async def _read_chunk(self, ticket_ids: Sequence[str], seen: _Seen) -> None:
        keys = self._view.keys
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.mget([keys.ticket(ticket_id) for ticket_id in ticket_ids])
        pipeline.smismember(keys.tickets, list(ticket_ids))
        values, indexed = await pipeline.execute()
        for ticket_id, value, is_indexed in zip(ticket_ids, values, indexed, strict=True):
            history = self._histories.tickets.get(ticket_id, History())
            if history.broken:
                continue
            if value is not None and not is_indexed:
                seen.problems.append((ticket_id, "list", "in the list of tickets", "not there", keys.tickets))
            if value is not None or history.version or is_indexed:
                self._compare(ticket_id, history, value, seen)

    def _compare(self, ticket_id: str, history: History, value: bytes | None, seen: _Seen) -> None:
        newest = max(history.version, history.state)
        if value is not None and history.snapshot == digest(value) and newest == history.version:
            return
        version = _version(value)
        if version > history.version and version >= newest:
            seen.newer[ticket_id] = version, digest(value or b"")
            return
        if value is None:
            found = "no snapshot"
        elif version == newest:
            found = f"other bytes of version {version}"
        else:
            found = f"version {version}" if version else "no snapshot of this engine"
        expected = f"the state topic's snapshot, version {newest}"
        seen.problems.append((ticket_id, "view", expected, found, self._view.keys.ticket(ticket_id)))


def _version(value: bytes | None) -> int:
    """Return a snapshot's version, 0 where it has none."""
    try:
        snapshot = orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        return 0
    version = snapshot.get("version") if isinstance(snapshot, dict) else None
    return version if isinstance(version, int) else 0


def _chunks(ticket_ids: Iterable[str]) -> Iterable[list[str]]:
    remaining = iter(list(ticket_ids))
    while chunk := list(islice(remaining, _CHUNK)):
        yield chunk
