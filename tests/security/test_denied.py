"""What a role has no right to is denied, and what it has a right to is not: act by act, on real servers."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    KafkaError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)
from redis.asyncio import Redis
from redis.exceptions import NoPermissionError

from ops.group import has_members
from ops.rights.redis import REDIS_ROLES
from producers.connection import KafkaConnection
from producers.topics_admin import TopicsUnfit, create_topics, require_topics
from tests.security.conftest import NOBODY, Locked

pytestmark = [pytest.mark.broker, pytest.mark.xdist_group("locked")]  # one set of servers
TOPIC, GROUP, TRANSACTION = (
    TopicAuthorizationFailedError,
    GroupAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)
TOPICS = ("commands", "events", "state", "rejections", "dlq", "ticks", "directory")
WRITES = {
    "connector": {"commands"},
    "directory-sync": {"directory"},
    "ticket-worker": {"commands", "events", "state", "rejections", "dlq"},
    "alert-worker": {"commands"},
    "directory-worker": {"dlq"},
    "ticker": {"ticks"},
    "analytics": set(),
    "operator": set(TOPICS),
    NOBODY: set(),
}
READS = {
    "connector": set(),
    "directory-sync": set(),
    "ticket-worker": {"commands", "events", "state", "directory"},
    "alert-worker": {"ticks", "directory"},
    "directory-worker": {"directory"},
    "ticker": set(),
    "analytics": {"events", "state", "rejections"},
    "operator": set(TOPICS),
    NOBODY: set(),
}
GROUPS = {
    "ticket-worker": {"ticket-worker"},
    "alert-worker": {"alert-worker"},
    "directory-worker": {"directory-worker"},
    "analytics": {"analytics-weekly"},
    "operator": {"ticket-worker", "alert-worker", "directory-worker", "analytics-weekly"},
}
"""Written down from docs/security.md's sentences, not from the table under test."""


async def denied(act: Awaitable[None], error: type[KafkaError]) -> bool:
    """Whether the broker refuses the act, for want of this right."""
    try:
        await act
    except error:
        return True
    return False


async def write(connection: KafkaConnection, topic: str) -> None:
    async with AIOKafkaProducer(**connection.client()) as producer:
        await producer.send_and_wait(topic, b"written by a test", b"key", partition=0)


async def read(connection: KafkaConnection, topic: str) -> None:
    consumer = AIOKafkaConsumer(auto_offset_reset="earliest", **connection.client())
    try:
        await consumer.start()
        if topic not in await consumer.topics():
            raise TopicAuthorizationFailedError(topic)  # it can't even be seen, and the client would ask for ever
        consumer.assign([TopicPartition(topic, 0)])
        await consumer.getone()
    finally:
        await consumer.stop()


async def ask_group(connection: KafkaConnection, topic: str, group_id: str) -> None:
    consumer = AIOKafkaConsumer(group_id=group_id, enable_auto_commit=False, **connection.client())
    try:
        await consumer.start()
        consumer.assign([TopicPartition(topic, 0)])
        await consumer.committed(TopicPartition(topic, 0))
    finally:
        await consumer.stop()


async def transact(connection: KafkaConnection, transactional_id: str) -> None:
    producer = AIOKafkaProducer(transactional_id=transactional_id, **connection.client())
    try:
        await producer.start()
    finally:
        await producer.stop()


@pytest.fixture(scope="module", autouse=True)
def _something_to_read(locked: Locked) -> None:
    async def write_all() -> None:
        superuser = KafkaConnection(bootstrap_servers=locked.kafka.superuser)
        for name in TOPICS:
            await write(superuser, getattr(locked.topics, name))

    asyncio.run(write_all())


@pytest.mark.parametrize("role", WRITES)
async def test_a_role_writes_to_its_topics_only(locked: Locked, role: str) -> None:
    connection = locked.kafka_as(role)
    refused = {name for name in TOPICS if await denied(write(connection, getattr(locked.topics, name)), TOPIC)}
    assert refused == set(TOPICS) - WRITES[role]


@pytest.mark.parametrize("role", READS)
async def test_a_role_reads_its_topics_only(locked: Locked, role: str) -> None:
    connection = locked.kafka_as(role)
    refused = {name for name in TOPICS if await denied(read(connection, getattr(locked.topics, name)), TOPIC)}
    assert refused == set(TOPICS) - READS[role]


@pytest.mark.parametrize("role", READS)
async def test_a_role_asks_after_its_groups_only(locked: Locked, role: str) -> None:
    connection, topic = locked.kafka_as(role), locked.topics.events
    names = GROUPS["operator"]
    asked = {name: ask_group(connection, topic, f"{locked.topics.prefix}{name}") for name in names}
    assert {name for name, act in asked.items() if await denied(act, GROUP)} == names - GROUPS.get(role, set())


@pytest.mark.parametrize("role", READS)
async def test_only_its_worker_takes_a_partitions_output_over(locked: Locked, role: str) -> None:
    connection = locked.kafka_as(role)
    groups = {"ticket-worker": locked.topics.ticket_group, "directory-worker": locked.topics.directory_group}
    refused = {name for name, group in groups.items() if await denied(transact(connection, f"{group}-9"), TRANSACTION)}
    assert refused == groups.keys() - {role}


async def test_a_group_one_may_not_see_is_not_taken_for_an_empty_one(locked: Locked) -> None:
    group = locked.topics.ticket_group
    assert not await has_members(locked.kafka_as("operator"), group)
    with pytest.raises(GROUP):
        await has_members(locked.kafka_as(NOBODY), group)


async def delete_up_to_the_start(connection: KafkaConnection, topic: str) -> None:
    admin = AIOKafkaAdminClient(**connection.client())
    try:
        await admin.start()
        await admin.delete_records({TopicPartition(topic, 0): RecordsToDelete(before_offset=0)})
    finally:
        await admin.close()


async def test_an_operator_deletes_records_of_the_commands_alone(locked: Locked) -> None:
    operator = locked.kafka_as("operator")
    refused = {
        name for name in TOPICS if await denied(delete_up_to_the_start(operator, getattr(locked.topics, name)), TOPIC)
    }
    assert refused == set(TOPICS) - {"commands"}


async def test_an_operator_has_no_say_beyond_the_fleet(locked: Locked) -> None:
    other = type(locked.topics)("other.")
    created = await create_topics(locked.kafka_as("operator"), other, 1, 1)
    assert {finding.topic for finding in created.findings} == {plan.name for plan in other.plan(1)}
    assert all("uthoriz" in finding.problem for finding in created.findings if "created" in finding.problem)


async def test_who_has_no_rights_sees_no_topics(locked: Locked) -> None:
    with pytest.raises(TopicsUnfit, match="missing"):
        await require_topics(locked.kafka_as(NOBODY), locked.topics)


Act = Callable[[Redis], Awaitable[object]]
BEYOND: dict[str, Act] = {
    "another fleet's key": lambda redis: redis.get("{other.p0}:marker"),
    "FLUSHALL": lambda redis: redis.flushall(),
    "KEYS": lambda redis: redis.keys("*"),
    "CONFIG": lambda redis: redis.config_get("*"),
    "ACL": lambda redis: redis.acl_list(),
    "a script on another fleet's key": lambda redis: redis.eval("return redis.call('GET', KEYS[1])", 1, "{other.p0}"),
}
KEYS: dict[str, str] = {
    "partition": "p0}:marker",
    "agent": "agent:ann}:open",
    "fleet": "fleet}:view",
    "directory": "directory}:agent",
}
USES = {
    "ticket-worker": {"partition", "agent", "fleet"},
    "alert-worker": {"partition"},
    "directory-worker": {"directory"},
    "operator": set(KEYS),
}


@pytest.mark.parametrize("act", BEYOND)
@pytest.mark.parametrize("role", REDIS_ROLES)
async def test_nobody_reaches_beyond_the_fleets_keys(locked: Locked, role: str, act: str) -> None:
    async with locked.redis_as(role) as redis:
        with pytest.raises(NoPermissionError):
            await BEYOND[act](redis)


@pytest.mark.parametrize("role", REDIS_ROLES)
async def test_a_role_uses_its_keys_only(locked: Locked, role: str) -> None:
    used = set()
    async with locked.redis_as(role) as redis:
        for name, rest in KEYS.items():
            try:
                await redis.exists(f"{{{locked.working.prefix}{rest}")
            except NoPermissionError:
                continue
            used.add(name)
    assert used == USES[role]
