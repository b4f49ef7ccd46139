"""Whether anybody is at work: the members of a consumer group."""

import asyncio

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError, GroupLoadInProgressError, NotCoordinatorForGroupError

from producers.connection import KafkaConnection

_SECONDS = 30.0
"""How long a broker may take to have a coordinator: one that never had a group makes the topic for them first."""
_POLL_SECONDS = 0.1
_NOT_YET = (GroupCoordinatorNotAvailableError, GroupLoadInProgressError, NotCoordinatorForGroupError)


async def group_members(connection: KafkaConnection, group_id: str) -> int:
    """Return how many members a consumer group has; one that was never heard of has none.

    Raises:
        KafkaError: the broker can't be reached, or does not allow it.
    """
    admin = AIOKafkaAdminClient(**connection.client())
    try:
        await admin.start()
        clock = asyncio.get_running_loop()
        until = clock.time() + _SECONDS
        while True:
            try:
                (response,) = await admin.describe_consumer_groups([group_id])
                return len(response.to_object()["groups"][0]["members"])
            except _NOT_YET:
                if clock.time() > until:
                    raise
                await asyncio.sleep(_POLL_SECONDS)
    finally:
        await admin.close()
