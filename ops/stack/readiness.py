"""Whether a fleet works: its consumer groups are settled, have all their members, and hold every partition."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from aiokafka.errors import KafkaError, for_code

from ops.stack.roles import ExpectedGroup
from producers.connection import KafkaConnection

_STABLE = "Stable"
_POLL_SECONDS = 0.1
_SESSIONS = 1.5
"""Session timeouts after which no dead member is left: a broker that has just started begins them anew."""


@dataclass(frozen=True, slots=True)
class GroupState:
    """A consumer group as its coordinator sees it: who is in it, and the partitions they hold together."""

    stable: bool
    members: frozenset[str]
    partitions: frozenset[tuple[str, int]]


class FleetGroups:
    """The consumer groups of one fleet, as they are to be.

    Who is in them beforehand may be a worker of a killed fleet, that holds its partitions until its session ends. Who
    is still there after that is alive: a fleet on another machine that shares the work.
    """

    def __init__(self, connection: KafkaConnection, expected: Sequence[ExpectedGroup], session_seconds: float) -> None:
        self._admin = AIOKafkaAdminClient(**connection.client())
        self._expected = expected
        self._session_seconds = session_seconds
        self._strangers: frozenset[str] = frozenset()
        self._alive_after = 0.0

    async def __aenter__(self) -> Self:
        """Connect, and note who is in the groups already.

        Raises:
            KafkaError: the broker can't be reached.
        """
        await self._admin.start()
        try:
            for group in self._expected:
                self._strangers |= (await self._once_known(group.group_id)).members
        except BaseException:
            await self._admin.close()
            raise
        self._alive_after = time.monotonic() + _SESSIONS * self._session_seconds
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._admin.close()

    async def all_assigned(self) -> bool:
        """Whether every group is settled, with all its members, none of them dead, and every partition."""
        dead = self._strangers if time.monotonic() < self._alive_after else frozenset[str]()
        for group in self._expected:
            state = await self._described(group.group_id)
            if state is None or not state.stable or not state.partitions >= group.partitions:
                return False
            # More members than partitions: some have none and stand by, but they are in the group.
            if len(state.members - self._strangers) < group.members or state.members & dead:
                return False
        return True

    async def _once_known(self, group_id: str) -> GroupState:
        while True:
            state = await self._described(group_id)
            if state is not None:
                return state
            await asyncio.sleep(_POLL_SECONDS)

    async def _described(self, group_id: str) -> GroupState | None:
        """Return the group's state; None while its coordinator is not ready, as in a broker's first seconds.

        Raises:
            KafkaError: waiting does not help, e.g. because we may not see the group.
        """
        try:
            (response,) = await self._admin.describe_consumer_groups([group_id])
        except KafkaError as error:
            if error.retriable:
                return None
            raise
        (described,) = response.groups
        error_code, _, state, _, _, members, *_ = described
        if error_code:
            refusal = for_code(error_code)
            if refusal.retriable:
                return None
            raise refusal(f"group {group_id}")
        assignments = [ConsumerProtocolMemberAssignment.decode(assignment) for *_, assignment in members if assignment]
        return GroupState(
            stable=state == _STABLE,
            members=frozenset(member_id for member_id, *_ in members),
            partitions=frozenset((topic, number) for each in assignments for topic, number in each.partitions()),
        )
