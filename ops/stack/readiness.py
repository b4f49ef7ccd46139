"""Whether a fleet works: its consumer groups are settled, have all their members, and hold every partition."""

import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from math import inf
from typing import Self

from ops.group import Groups, Member
from ops.stack.roles import ExpectedGroup
from producers.connection import KafkaConnection

_SESSIONS = 1.5
"""Session timeouts after which no dead member is left: a broker that has just started begins them anew."""


class FleetGroups:
    """The consumer groups of one fleet, as they are to be.

    Who is in them beforehand may be a worker of a killed fleet, that holds its partitions until its session ends. Who
    is still there after that is alive: a fleet on another machine that shares the work.
    """

    def __init__(self, connection: KafkaConnection, expected: Sequence[ExpectedGroup], session_seconds: float) -> None:
        self._groups = Groups(connection)
        self._leaving = AsyncExitStack()
        self._expected = expected
        self._session_seconds = session_seconds
        self._strangers: frozenset[Member] = frozenset()
        self._alive_after = 0.0

    async def __aenter__(self) -> Self:
        """Connect, and note who is in the groups already.

        Raises:
            KafkaError: the broker can't be reached.
        """
        async with AsyncExitStack() as leaving:
            await leaving.enter_async_context(self._groups)
            for group in self._expected:
                # How long a fleet may take is for its starter to say.
                self._strangers |= (await self._groups.known(group.group_id, within=inf)).members
            self._leaving = leaving.pop_all()
        self._alive_after = time.monotonic() + _SESSIONS * self._session_seconds
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._leaving.aclose()

    async def all_assigned(self) -> bool:
        """Whether every group is settled, with all its members, none of them dead, and every partition."""
        dead = self._strangers if time.monotonic() < self._alive_after else frozenset[Member]()
        for group in self._expected:
            now = await self._groups.now(group.group_id)
            if now is None or not now.is_stable or not now.partitions >= group.partitions:
                return False
            # More members than partitions: some have none and stand by, but they are in the group.
            if len(now.members - self._strangers) < group.members or now.members & dead:
                return False
        return True
