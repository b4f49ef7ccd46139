"""Who is at work: consumer groups as their coordinators see them.

The first seconds of a broker, in which it has no coordinator yet, are told from a group without members: a fleet at
work must never be taken for one that stands still.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from aiokafka.errors import KafkaError, for_code

from producers.connection import KafkaConnection
from producers.coordinators import READY_WITHIN, once_coordinated

_STABLE = "Stable"


class Member(NamedTuple):
    """A member of a group: its id is the broker's making, and another one each time its client joins."""

    id: str
    client_id: str


@dataclass(frozen=True, slots=True)
class Group:
    """A consumer group: its state in the broker's words, and the partitions that each of its members holds."""

    state: str
    held: Mapping[Member, frozenset[tuple[str, int]]]

    @property
    def members(self) -> frozenset[Member]:
        """Who is in it."""
        return frozenset(self.held)

    @property
    def partitions(self) -> frozenset[tuple[str, int]]:
        """What they hold together."""
        return frozenset().union(*self.held.values())

    @property
    def is_stable(self) -> bool:
        """Whether its members have their partitions, and nobody comes or goes."""
        return self.state == _STABLE


class Groups:
    """Looks at the consumer groups of one Kafka; to be used as an async context."""

    def __init__(self, connection: KafkaConnection) -> None:
        self._admin = AIOKafkaAdminClient(**connection.client())

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            KafkaError: the broker can't be reached.
        """
        try:
            await self._admin.start()
        except BaseException:
            await self._admin.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._admin.close()

    async def now(self, group_id: str) -> Group | None:
        """Return a group as it is now; None while its coordinator is not ready, as in a broker's first seconds.

        Raises:
            KafkaError: waiting does not help, e.g. because this user may not see the group.
        """
        try:
            return await self._described(group_id)
        except KafkaError as error:
            if error.retriable:
                return None
            raise

    async def known(self, group_id: str, within: float = READY_WITHIN) -> Group:
        """Return a group as soon as its coordinator is ready; one that was never heard of has no members.

        Raises:
            KafkaError: the broker can't be reached, does not allow it, or has had no coordinator for so many seconds.
        """
        return await once_coordinated(lambda: self._described(group_id), within)

    async def _described(self, group_id: str) -> Group:
        (response,) = await self._admin.describe_consumer_groups([group_id])
        ((error_code, _, state, _, _, members, *_),) = response.groups
        if error_code:
            raise for_code(error_code)(f"group {group_id}")
        held = {
            Member(member_id, client_id): _partitions_in(assignment) for member_id, client_id, *_, assignment in members
        }
        return Group(state, held)


def _partitions_in(assignment: bytes) -> frozenset[tuple[str, int]]:
    """Read what a member was given; nothing while the group shares out anew."""
    if not assignment:
        return frozenset()
    return frozenset(
        (of.topic, of.partition) for of in ConsumerProtocolMemberAssignment.decode(assignment).partitions()
    )


async def has_members(connection: KafkaConnection, group_id: str) -> bool:
    """Whether anybody is in a consumer group.

    Raises:
        KafkaError: the broker can't be reached, or does not allow it.
    """
    async with Groups(connection) as groups:
        return bool((await groups.known(group_id)).members)
