"""The directory in Redis, for readers: one hash per kind, written by the directory worker alone.

Decisions never rest on it: each ticket worker follows the directory topic itself.
"""

from collections.abc import Iterable

from redis.asyncio import Redis

from consumers import scripts
from consumers.errors import ViewBehind
from consumers.keys import DirectoryKeys
from consumers.packing import Write, pack_writes
from consumers.view import NOT_BUILT, as_text
from contracts.directory import KINDS, DirectoryChange
from contracts.json_values import read_json, write_json


class DirectoryView:
    """The view of one fleet's directory, through a Redis client that returns bytes."""

    def __init__(self, redis: Redis, prefix: str) -> None:
        self._redis = redis
        self._keys = DirectoryKeys(prefix)
        self._apply = redis.register_script(scripts.APPLY)

    async def position(self) -> int:
        """Return the next offset of the directory topic to apply, NOT_BUILT where there is no view."""
        return int(await self._redis.hget(self._keys.marker, "state") or NOT_BUILT)

    async def apply(self, expected: int, position: int, changes: Iterable[DirectoryChange]) -> None:
        """Bring the view from one offset to a later one, all or nothing.

        Raises:
            ViewBehind: the view is elsewhere; nothing was written.
        """
        writes = pack_writes(self._write(change) for change in changes)
        if await self._apply(keys=[self._keys.marker], args=["state", expected, position, writes]) < 0:
            raise ViewBehind(f"the directory view is not at {expected}")

    async def drop(self) -> None:
        """Delete the view; the directory worker builds it again."""
        await self._redis.delete(self._keys.marker, *(self._keys.entries(kind) for kind in KINDS))

    async def entry(self, kind: str, entity_id: str) -> object | None:
        """Return one entity's fields, None where the directory has none of this id."""
        entry = await self._redis.hget(self._keys.entries(kind), entity_id)
        return None if entry is None else read_json(as_text(entry).encode())

    def _write(self, change: DirectoryChange) -> Write:
        key = self._keys.entries(change.kind)
        if change.entity is None:
            return ("HDEL", key, change.id)
        return ("HSET", key, change.id, write_json(change.entity))
