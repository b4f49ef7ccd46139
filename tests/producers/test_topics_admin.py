"""Topics are made as planned, what differs is found with what to do, and workers refuse what they can't run on."""

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaConnectionError

from contracts.topics import Topics
from producers.connection import KafkaConnection
from producers.topics_admin import TopicsUnfit, check_topics, create_topics, partition_counts, require_topics
from tests.stack import Stack

pytestmark = pytest.mark.broker
NOWHERE = "127.0.0.1:1"
"""A port below those that programs are given: nobody listens there."""


async def make(stack: Stack, *topics: NewTopic) -> None:
    """Make topics as somebody else would, and wait until the broker knows them."""
    admin = AIOKafkaAdminClient(**stack.kafka.client())
    await admin.start()
    try:
        response = await admin.create_topics(list(topics))
        assert [error[1] for error in response.topic_errors] == [0] * len(topics)
        known: set[str] = set()
        while not {topic.name for topic in topics} <= known:
            known = set(await admin.list_topics())
    finally:
        await admin.close()


async def settings_of(stack: Stack, topic: str) -> dict[str, str]:
    """Ask the broker how a topic is set."""
    admin = AIOKafkaAdminClient(**stack.kafka.client())
    await admin.start()
    try:
        (response,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
        return {entry[0]: entry[1] for entry in response.resources[0][4]}
    finally:
        await admin.close()


async def test_all_topics_are_made_with_the_settings_of_the_plan(stack: Stack, prefix: str) -> None:
    topics = Topics(prefix)
    created = await create_topics(stack.kafka, topics, 3, 1)
    assert created.made == tuple(wanted.name for wanted in topics.plan(3))
    assert created.kept == ()
    assert created.findings == ()
    for wanted in topics.plan(3):
        assert (await settings_of(stack, wanted.name)).items() >= wanted.config.items()


async def test_the_events_are_kept_for_ever_and_the_dlq_takes_two_mebibytes(stack: Stack, prefix: str) -> None:
    topics = Topics(prefix)
    await create_topics(stack.kafka, topics, 1, 1)
    assert (await settings_of(stack, topics.events))["retention.ms"] == "-1"
    assert (await settings_of(stack, topics.state))["cleanup.policy"] == "compact"
    assert (await settings_of(stack, topics.dlq))["max.message.bytes"] == "2097152"


async def test_created_topics_are_found_right_and_shared_count_is_told(stack: Stack, prefix: str) -> None:
    await create_topics(stack.kafka, Topics(prefix), 3, 1)
    assert await check_topics(stack.kafka, Topics(prefix), 3, 1) == ()
    assert await require_topics(stack.kafka, Topics(prefix)) == 3


async def test_creating_again_leaves_all_as_it_is(stack: Stack, prefix: str) -> None:
    first = await create_topics(stack.kafka, Topics(prefix), 3, 1)
    again = await create_topics(stack.kafka, Topics(prefix), 3, 1)
    assert again.made == ()
    assert again.kept == first.made
    assert again.findings == ()


async def test_only_the_missing_ones_are_made(stack: Stack, prefix: str) -> None:
    topics = Topics(prefix)
    events = topics.plan(3)[1]
    await make(stack, NewTopic(events.name, 3, 1, topic_configs=dict(events.config)))
    created = await create_topics(stack.kafka, topics, 3, 1)
    assert created.kept == (topics.events,)
    assert len(created.made) == 6
    assert created.findings == ()


async def test_missing_topics_are_named_and_nothing_is_made_by_asking(stack: Stack, prefix: str) -> None:
    for _ in range(2):
        findings = await check_topics(stack.kafka, Topics(prefix), 3, 1)
        assert {finding.topic for finding in findings} == {wanted.name for wanted in Topics(prefix).plan(3)}
        assert {finding.problem for finding in findings} == {"missing"}


async def test_a_worker_refuses_missing_topics_and_says_what_to_do(stack: Stack, prefix: str) -> None:
    with pytest.raises(TopicsUnfit, match="missing") as refused:
        await require_topics(stack.kafka, Topics(prefix))
    assert "itilnext topics create" in refused.value.remedy


async def test_nothing_is_made_beside_topics_of_another_count(stack: Stack, prefix: str) -> None:
    topics = Topics(prefix)
    await make(stack, NewTopic(topics.ticks, 2, 1))
    created = await create_topics(stack.kafka, topics, 3, 1)
    assert created.made == (), "which count is right is the operator's to say"
    assert {finding.problem for finding in created.findings} >= {"2 partitions, the settings say 3", "missing"}


async def test_a_worker_refuses_co_partitioned_topics_that_differ(stack: Stack, prefix: str) -> None:
    topics = Topics(prefix)
    sizes = dict.fromkeys(topics.co_partitioned, 3) | {topics.state: 4, topics.directory: 1}
    await make(stack, *(NewTopic(name, count, 1) for name, count in sizes.items()))
    with pytest.raises(TopicsUnfit) as refused:
        await require_topics(stack.kafka, topics)
    assert str(refused.value) == f"{topics.state}: 4 partitions, the other co-partitioned topics 3"
    assert "--partitions 3" in refused.value.remedy


async def test_a_directory_of_several_partitions_is_refused(stack: Stack, prefix: str) -> None:
    topics = Topics(prefix)
    sizes = dict.fromkeys(topics.co_partitioned, 2) | {topics.directory: 2}
    await make(stack, *(NewTopic(name, count, 1) for name, count in sizes.items()))
    for ask in (require_topics, partition_counts):
        with pytest.raises(TopicsUnfit, match="2 partitions instead of 1"):
            await ask(stack.kafka, topics)


async def test_another_count_than_the_settings_say_is_told_but_runs(stack: Stack, prefix: str) -> None:
    await create_topics(stack.kafka, Topics(prefix), 3, 1)
    findings = await check_topics(stack.kafka, Topics(prefix), 12, 1)
    assert {finding.problem for finding in findings} == {"3 partitions, the settings say 12"}
    assert {finding.remedy for finding in findings} == {
        "Set ITILNEXT_TOPICS__PARTITIONS=3; to have another, `itilnext topics repartition`."
    }
    assert await require_topics(stack.kafka, Topics(prefix)) == 3


async def test_settings_that_differ_are_named_with_the_command_that_mends_them(stack: Stack, prefix: str) -> None:
    topics = Topics(prefix)
    await make(stack, NewTopic(topics.events, 3, 1, topic_configs={"cleanup.policy": "compact"}))
    findings = (await create_topics(stack.kafka, topics, 3, 1)).findings
    assert {finding.topic for finding in findings} == {topics.events}
    policy = next(finding for finding in findings if finding.problem.startswith("cleanup.policy"))
    assert policy.problem == "cleanup.policy is compact, not delete"
    assert policy.remedy == (
        f"Run kafka-configs.sh --bootstrap-server {stack.bootstrap_servers} --alter --entity-type topics "
        f"--entity-name {topics.events} --add-config cleanup.policy=delete"
    )


async def test_what_the_broker_refuses_to_make_is_told_with_its_reason(stack: Stack, prefix: str) -> None:
    created = await create_topics(stack.kafka, Topics(prefix), 1, 99)
    assert created.made == ()
    assert len(created.findings) == 7
    assert all("replication" in finding.problem for finding in created.findings)
    assert all("ITILNEXT_TOPICS__REPLICATION_FACTOR" in finding.remedy for finding in created.findings)


async def test_fewer_replicas_than_wanted_are_found(stack: Stack, prefix: str) -> None:
    await create_topics(stack.kafka, Topics(prefix), 1, 1)
    findings = await check_topics(stack.kafka, Topics(prefix), 1, 3)
    assert {finding.problem for finding in findings} == {"replication factor 1, the settings say 3"}
    tool = f"kafka-reassign-partitions.sh --bootstrap-server {stack.bootstrap_servers} --execute"
    assert all(tool in finding.remedy for finding in findings)


async def test_fleets_with_different_prefixes_do_not_see_each_other(stack: Stack, prefix: str) -> None:
    await create_topics(stack.kafka, Topics(f"{prefix}a."), 1, 1)
    with pytest.raises(TopicsUnfit, match="missing"):
        await require_topics(stack.kafka, Topics(f"{prefix}b."))


async def test_a_broker_out_of_reach_is_an_error_of_its_own() -> None:
    with pytest.raises(KafkaConnectionError):
        await require_topics(KafkaConnection(bootstrap_servers=NOWHERE), Topics())
