"""What the user that `doctor` runs as may do on the broker: which roles of a fleet it can play."""

from collections.abc import AsyncIterator, Mapping

from aiokafka.client import AIOKafkaClient

from contracts.topics import Topics
from ops.diagnosis.authorized_operations import TopicRightsRequest, allows
from ops.diagnosis.check import Check
from ops.rights.kafka import KAFKA_ROLES, Right
from ops.target import Target

_ROLES = ("connector", "directory-sync", "ticket-worker", "alert-worker", "directory-worker", "ticker")
"""Those that a fleet needs, in the order of what they do."""


async def look_at_rights(target: Target) -> AsyncIterator[Check]:
    """Ask the broker what this user may do with the topics; groups and transactional ids can't be asked for."""
    allowed = await _on_topics(target)
    playable = [name for name in _ROLES if _can_play(name, target.topics, allowed)]
    user = target.settings.kafka.sasl_username or "this user"
    if playable:
        yield Check("rights", "ok", f"on the topics, {user} can be: {', '.join(playable)}")
    else:
        remedy = "Give it the rights of its role: `itilnext acls --role ticket-worker` prints them."
        yield Check("rights", "wrong", f"{user} can play no role of the fleet", remedy)


def _can_play(role: str, topics: Topics, allowed: Mapping[str, int]) -> bool:
    rights = (right for right in KAFKA_ROLES[role].rights(topics) if right.resource == "topic")
    return all(_is_allowed(right, allowed) for right in rights)


def _is_allowed(right: Right, allowed: Mapping[str, int]) -> bool:
    concerned = [name for name in allowed if right.pattern == "prefixed" or name == right.name]
    return bool(concerned) and all(allows(allowed[name], right.operations) for name in concerned)


async def _on_topics(target: Target) -> Mapping[str, int]:
    client = AIOKafkaClient(**target.kafka.client())
    try:
        await client.bootstrap()
        names = [wanted.name for wanted in target.topics.plan(1)]
        response = await client.send(client.get_random_node(), TopicRightsRequest(names))
    finally:
        await client.close()
    return {name: operations for error, name, _, _, operations in response.topics if not error}
