"""The topics as the operator's command makes them, and a worker that refuses what it can't run on."""

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from tests.acceptance.conftest import PARTITIONS
from tests.acceptance.processes import Operator, Ran
from tests.acceptance.wire import CO_PARTITIONED, COMMANDS, DIRECTORY, DLQ, EVENTS, REJECTIONS, STATE, TICKS
from tests.stack import Stack

pytestmark = pytest.mark.broker
DAY_MS = 86_400_000
KEPT_MS = {COMMANDS: 7 * DAY_MS, EVENTS: -1, REJECTIONS: 30 * DAY_MS, DLQ: 30 * DAY_MS, TICKS: DAY_MS}


def refused(ran: Ran, code: int) -> str:
    """Return what a command printed that has to end with a line or two, and this exit code."""
    assert ran.code == code, ran.err
    assert 1 <= len(ran.err.splitlines()) <= 2
    assert "Traceback" not in ran.err
    assert ran.out == ""
    return ran.err


async def test_the_topics_have_the_settings_of_the_page(stack: Stack, prefix: str, operator: Operator) -> None:
    assert (await operator.run("topics", "create")).code == 0
    assert (await operator.run("topics", "check")).code == 0
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.bootstrap_servers)
    await admin.start()
    try:
        names = [prefix + topic for topic in (*CO_PARTITIONED, DIRECTORY)]
        described = {topic["topic"]: topic for topic in await admin.describe_topics(names)}
        resources = [ConfigResource(ConfigResourceType.TOPIC, name, {}) for name in names]
        settings = {
            name: {entry[0]: entry[1] for entry in entries}
            for response in await admin.describe_configs(resources)
            for _, _, _, name, entries in response.resources
        }
    finally:
        await admin.close()
    for topic in CO_PARTITIONED:
        assert len(described[prefix + topic]["partitions"]) == PARTITIONS
    assert len(described[prefix + DIRECTORY]["partitions"]) == 1
    for topic, kept in KEPT_MS.items():
        assert settings[prefix + topic]["cleanup.policy"] == "delete"
        assert settings[prefix + topic]["retention.ms"] == str(kept)
    for topic in (STATE, DIRECTORY):
        assert settings[prefix + topic]["cleanup.policy"] == "compact"
    assert int(settings[prefix + DLQ]["max.message.bytes"]) == 2 * 1024 * 1024


async def test_a_worker_refuses_topics_that_are_missing(operator: Operator) -> None:
    said = refused(await operator.run("worker", "ticket"), code=1)
    assert "missing" in said
    assert "itilnext topics create" in said


async def test_a_worker_refuses_topics_that_differ(stack: Stack, prefix: str, operator: Operator) -> None:
    assert (await operator.run("topics", "create")).code == 0
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.bootstrap_servers)
    await admin.start()
    try:
        await admin.create_partitions({prefix + EVENTS: NewPartitions(PARTITIONS + 1)})
    finally:
        await admin.close()
    said = refused(await operator.run("worker", "ticket"), code=1)
    assert f"{PARTITIONS + 1} partitions" in said


@pytest.mark.parametrize(
    ("setting", "value", "server"),
    [
        ("ITILNEXT_KAFKA__BOOTSTRAP_SERVERS", "127.0.0.1:1", "Kafka"),
        ("ITILNEXT_REDIS__URL", "redis://127.0.0.1:1/0", "Redis"),
        ("ITILNEXT_REDIS__URL", "", "Redis"),
    ],
    ids=["kafka away", "redis away", "redis password"],
)
async def test_a_worker_that_reaches_no_server(
    stack: Stack, operator: Operator, setting: str, value: str, server: str
) -> None:
    assert (await operator.run("topics", "create")).code == 0
    wrong = value or stack.redis_url.replace("redis://", "redis://somebody:sesame@")
    said = refused(await operator.run("worker", "ticket", **{setting: wrong}), code=3)
    assert said.startswith(f"itilnext: {server}")
    assert "sesame" not in said


async def test_wrong_settings_are_named(operator: Operator) -> None:
    said = refused(await operator.run("worker", "ticket", ITILNEXT_KAFKA__BOOTSTRAP_SERVER="x:1"), code=2)
    assert "ITILNEXT_KAFKA__BOOTSTRAP_SERVER" in said
