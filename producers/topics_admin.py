"""The topics of a fleet on the broker: made as planned, and checked against the plan (SPEC section 2).

Topics that exist are never altered nor deleted here: what differs becomes a finding that says what to do. Nothing asks
the broker about a topic by name, for a broker may make a topic that it is asked about.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code

from contracts.topics import TopicPlan, Topics, durability
from producers.connection import KafkaConnection
from producers.topic_findings import (
    Finding,
    TopicShape,
    incomplete,
    other_counts,
    setting_findings,
    shape_findings,
    unfit,
)

_VISIBLE_AFTER_SECONDS = 60.0
"""How long brokers may take to learn of topics that the controller has made."""
_POLL_SECONDS = 0.05
_Wrong = Callable[[Topics, Mapping[str, TopicShape]], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Created:
    """What `create_topics` did: the names it made, those that were there, and what is wrong now."""

    made: tuple[str, ...]
    kept: tuple[str, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Seen:
    """The cluster's topics by name, and the settings of those that the fleet has."""

    shapes: Mapping[str, TopicShape]
    configs: Mapping[str, Mapping[str, str]]


class TopicsUnfit(Exception):
    """A fleet can't run on these topics: the message says why, `remedy` what to do."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        topics_of: dict[str, list[str]] = {}
        for finding in findings:
            topics_of.setdefault(finding.problem, []).append(finding.topic)
        super().__init__("; ".join(f"{', '.join(names)}: {problem}" for problem, names in topics_of.items()))
        self.findings = tuple(findings)
        self.remedy = " ".join(dict.fromkeys(finding.remedy for finding in findings))


async def create_topics(
    connection: KafkaConnection, topics: Topics, partitions: int, replication_factor: int
) -> Created:
    """Make the topics that are missing, wait until they can be used, and check them all.

    Where co-partitioned ones exist with another count than is asked for, nothing is made: which count is right is the
    operator's to say.

    Raises:
        KafkaError: the broker can't be reached, or does not allow it.
    """
    async with _admin(connection) as admin:
        there = await _shapes(admin)
        plan = topics.plan(partitions)
        kept = tuple(wanted.name for wanted in plan if wanted.name in there)
        if any(there[name].partitions != partitions for name in topics.co_partitioned if name in there):
            failures: tuple[Finding, ...] = ()
        else:
            missing = tuple(wanted for wanted in plan if wanted.name not in there)
            failures = await _make(admin, missing, replication_factor)
            failed = {finding.topic for finding in failures}
            await _visible(admin, {wanted.name for wanted in missing} - failed)
        seen = await _see(admin, plan)
    made = tuple(wanted.name for wanted in plan if wanted.name in seen.shapes and wanted.name not in kept)
    found = _differing(connection, topics, seen, partitions, replication_factor)
    told = {finding.topic for finding in failures}
    return Created(made, kept, failures + tuple(finding for finding in found if finding.topic not in told))


async def check_topics(
    connection: KafkaConnection, topics: Topics, partitions: int, replication_factor: int
) -> tuple[Finding, ...]:
    """Return all that differs from the plan; nothing when the topics are right.

    Raises:
        KafkaError: the broker can't be reached, or does not allow it.
    """
    async with _admin(connection) as admin:
        seen = await _see(admin, topics.plan(partitions))
    return _differing(connection, topics, seen, partitions, replication_factor)


async def require_topics(connection: KafkaConnection, topics: Topics) -> int:
    """Return the partition count that the co-partitioned topics share.

    Raises:
        TopicsUnfit: a topic is missing, or co-partitioned ones differ.
        KafkaError: the broker can't be reached, or does not allow it.
    """
    there = await _without(unfit, connection, topics)
    return there[topics.commands].partitions


async def partition_counts(connection: KafkaConnection, topics: Topics) -> Mapping[str, int]:
    """Return how many partitions each topic has, co-partitioned ones that differ included.

    Raises:
        TopicsUnfit: a topic is missing, or the directory has several partitions.
        KafkaError: the broker can't be reached, or does not allow it.
    """
    there = await _without(incomplete, connection, topics)
    return {wanted.name: there[wanted.name].partitions for wanted in topics.plan(1)}


async def _without(wrong: _Wrong, connection: KafkaConnection, topics: Topics) -> Mapping[str, TopicShape]:
    """Return the cluster's topics, of which none of the fleet's is wrong in this way."""
    async with _admin(connection) as admin:
        there = await _shapes(admin)
    findings = tuple(wrong(topics, there))
    if findings:
        raise TopicsUnfit(findings)
    return there


async def cluster_id(connection: KafkaConnection) -> str:
    """Return the id Kafka gave itself when it was first formatted: another one is another log, whatever its address.

    Raises:
        KafkaError: the broker can't be reached.
    """
    async with _admin(connection) as admin:
        return str((await admin.describe_cluster())["cluster_id"])


@asynccontextmanager
async def _admin(connection: KafkaConnection) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(**connection.client())
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


async def _see(admin: AIOKafkaAdminClient, plan: Sequence[TopicPlan]) -> _Seen:
    shapes = await _shapes(admin)
    return _Seen(shapes, await _configs(admin, [wanted for wanted in plan if wanted.name in shapes]))


def _differing(
    connection: KafkaConnection, topics: Topics, seen: _Seen, partitions: int, replication_factor: int
) -> tuple[Finding, ...]:
    there = seen.shapes
    plan = [wanted for wanted in topics.plan(partitions) if wanted.name in there]
    findings = [*unfit(topics, there), *other_counts(topics, there, partitions)]
    for wanted in plan:
        findings += shape_findings(connection, wanted.name, there[wanted.name], replication_factor)
    for wanted in plan:
        copies = there[wanted.name].replication_factor
        findings += setting_findings(connection, wanted, copies, seen.configs[wanted.name])
    return tuple(findings)


async def _shapes(admin: AIOKafkaAdminClient) -> dict[str, TopicShape]:
    """Return every topic of the cluster by name."""
    return {
        topic["topic"]: TopicShape(
            partitions=len(topic["partitions"]),
            replication_factor=min((len(each["replicas"]) for each in topic["partitions"]), default=0),
            leaderless=tuple(each["partition"] for each in topic["partitions"] if each["leader"] < 0),
        )
        for topic in await admin.describe_topics()
    }


async def _make(
    admin: AIOKafkaAdminClient, missing: Sequence[TopicPlan], replication_factor: int
) -> tuple[Finding, ...]:
    """Make topics; return those the broker refuses to make. One that somebody else makes meanwhile is fine."""
    if not missing:
        return ()
    safe = durability(replication_factor)
    response = await admin.create_topics(
        [NewTopic(t.name, t.partitions, replication_factor, topic_configs={**t.config, **safe}) for t in missing]
    )
    findings = []
    for name, code, message in response.topic_errors:
        if code not in (0, TopicAlreadyExistsError.errno):
            problem = f"not created: {message or for_code(code).description}"
            remedy = (
                "Mend what the broker names (ITILNEXT_TOPICS__REPLICATION_FACTOR, the user's rights), and try again."
            )
            findings.append(Finding(name, problem, remedy))
    return tuple(findings)


async def _visible(admin: AIOKafkaAdminClient, names: set[str]) -> None:
    """Wait until each of these topics has a leader for every partition.

    Raises:
        TimeoutError: some still have none.
    """
    async with asyncio.timeout(_VISIBLE_AFTER_SECONDS):
        while True:
            there = await _shapes(admin)
            if all(name in there and not there[name].leaderless for name in names):
                return
            await asyncio.sleep(_POLL_SECONDS)


async def _configs(admin: AIOKafkaAdminClient, plan: Sequence[TopicPlan]) -> Mapping[str, Mapping[str, str]]:
    """Return the settings of each topic, the broker's defaults included."""
    if not plan:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, wanted.name) for wanted in plan]
    configs: dict[str, dict[str, str]] = {}
    for response in await admin.describe_configs(resources):
        for code, message, _, name, entries in response.resources:
            if code:
                raise for_code(code)(f"settings of topic {name}: {message}")
            configs[name] = {entry[0]: entry[1] for entry in entries}
    return configs
