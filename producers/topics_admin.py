"""The topics of a fleet on the broker: made as planned, and checked against the plan (SPEC section 2).

Topics that exist are never altered nor deleted here: what differs becomes a finding that says what to do. Nothing asks
the broker about a topic by name, for a broker may make a topic that it is asked about.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code

from contracts.topics import TopicPlan, Topics, durability
from producers.connection import KafkaConnection

_VISIBLE_AFTER_SECONDS = 60.0
"""How long brokers may take to learn of topics that the controller has made."""
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a topic that is not as planned, and what to do about it."""

    topic: str
    problem: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Created:
    """What `create_topics` did: the names it made, those that were there, and what is wrong now."""

    made: tuple[str, ...]
    kept: tuple[str, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class TopicShape:
    """A topic as the broker has it; `leaderless` are the partitions nobody can write to now."""

    partitions: int
    replication_factor: int
    leaderless: tuple[int, ...]


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
        there_now = await _shapes(admin)
        found = await _checked(admin, topics, there_now, partitions, replication_factor)
        made = tuple(wanted.name for wanted in plan if wanted.name in there_now and wanted.name not in kept)
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
        return await _checked(admin, topics, await _shapes(admin), partitions, replication_factor)


async def require_topics(connection: KafkaConnection, topics: Topics) -> int:
    """Return the partition count that the co-partitioned topics share.

    Raises:
        TopicsUnfit: a topic is missing, or co-partitioned ones differ.
        KafkaError: the broker can't be reached, or does not allow it.
    """
    async with _admin(connection) as admin:
        there = await _shapes(admin)
    unfit = tuple(_unfit(topics, there))
    if unfit:
        raise TopicsUnfit(unfit)
    return there[topics.commands].partitions


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


def _unfit(topics: Topics, there: Mapping[str, TopicShape]) -> Iterator[Finding]:
    """Find what no fleet can run on."""
    for wanted in topics.plan(1):
        if wanted.name not in there:
            yield Finding(wanted.name, "missing", "Run `itilnext topics create`, or let this user see it.")
    counts = {name: there[name].partitions for name in topics.co_partitioned if name in there}
    usual = Counter(counts.values()).most_common(1)[0][0] if counts else 0
    for name, count in counts.items():
        if count != usual:
            yield Finding(
                name,
                f"{count} partitions, the other co-partitioned topics {usual}",
                f"Stop the fleet, add partitions or delete and create the topic so that it has {usual}; "
                "or start anew under another ITILNEXT_TOPICS__PREFIX.",
            )
    if topics.directory in there and there[topics.directory].partitions != 1:
        yield Finding(
            topics.directory,
            f"{there[topics.directory].partitions} partitions instead of 1",
            "Stop the fleet, delete the topic, run `itilnext topics create` and send the directory again.",
        )


async def _checked(
    admin: AIOKafkaAdminClient,
    topics: Topics,
    there: Mapping[str, TopicShape],
    partitions: int,
    replication_factor: int,
) -> tuple[Finding, ...]:
    plan = [wanted for wanted in topics.plan(partitions) if wanted.name in there]
    findings = list(_unfit(topics, there))
    counts = {there[name].partitions for name in topics.co_partitioned if name in there}
    if len(counts) == 1 and counts != {partitions}:
        (count,) = counts
        remedy = f"Set ITILNEXT_TOPICS__PARTITIONS={count}; to have another, `itilnext topics repartition`."
        findings += [
            Finding(name, f"{count} partitions, the settings say {partitions}", remedy)
            for name in topics.co_partitioned
            if name in there
        ]
    for wanted in plan:
        findings += _shape_findings(wanted.name, there[wanted.name], replication_factor)
    configs = await _configs(admin, plan)
    for wanted in plan:
        findings += setting_findings(wanted, there[wanted.name].replication_factor, configs[wanted.name])
    return tuple(findings)


def _shape_findings(name: str, shape: TopicShape, replication_factor: int) -> Iterator[Finding]:
    if shape.leaderless:
        problem = f"no leader for partition {', '.join(map(str, shape.leaderless))}"
        yield Finding(name, problem, "Start the brokers that hold it.")
    elif shape.replication_factor < replication_factor:
        problem = f"replication factor {shape.replication_factor}, the settings say {replication_factor}"
        remedy = "Raise it with kafka-reassign-partitions.sh, or set ITILNEXT_TOPICS__REPLICATION_FACTOR."
        yield Finding(name, problem, remedy)


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


def setting_findings(wanted: TopicPlan, copies: int, found: Mapping[str, str]) -> Iterator[Finding]:
    """Find settings of a topic with so many copies that differ from the plan, or that keep less than they could."""
    for setting, value in wanted.config.items():
        if found.get(setting) != value:
            yield _setting_finding(wanted.name, f"{setting} is {found.get(setting)}, not {value}", setting, value)
    for setting, least in durability(copies).items():
        if int(found.get(setting, 0)) < int(least):
            problem = (
                f"{setting} is {found.get(setting)} of {copies} copies: one lost broker can lose what it has taken"
            )
            yield _setting_finding(wanted.name, problem, setting, least)


def _setting_finding(topic: str, problem: str, setting: str, value: str) -> Finding:
    return Finding(topic, problem, f"Run kafka-configs.sh --alter --topic {topic} --add-config {setting}={value}.")
