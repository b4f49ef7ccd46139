"""Whether anybody is at work: the members of a consumer group."""

from aiokafka.admin import AIOKafkaAdminClient

from producers.connection import KafkaConnection


async def group_members(connection: KafkaConnection, group_id: str) -> int:
    """Return how many members a consumer group has; one that was never heard of has none.

    Raises:
        KafkaError: the broker can't be reached, or does not allow it.
    """
    admin = AIOKafkaAdminClient(**connection.client())
    try:
        await admin.start()
        (response,) = await admin.describe_consumer_groups([group_id])
    finally:
        await admin.close()
    return len(response.to_object()["groups"][0]["members"])
