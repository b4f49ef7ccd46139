"""What differs between the topics there are and the plan (SPEC section 2), and what to do about each difference.

Nothing is asked of a broker here. No remedy may cost what can't be had again: only ticks and the directory, which are
sent anew, are deleted for one. Commands are not: those that wait would be lost, and new ones at offsets that snapshots
name would be taken for decided.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from contracts.topics import TopicPlan, Topics, durability
from producers.connection import KafkaConnection

_REPLACE = "Stop the fleet, delete the topic and run `itilnext topics create`: a tick is worth nothing after a day."
_COPY = (
    "Stop the fleet; delete nothing. `itilnext topics repartition --to-prefix PREFIX --partitions {usual}` copies the "
    "history to topics that fit; see docs/runbook.md."
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a topic that is not as planned, and what to do about it."""

    topic: str
    problem: str
    remedy: str


@dataclass(frozen=True, slots=True)
class TopicShape:
    """A topic as the broker has it; `leaderless` are the partitions nobody can write to now."""

    partitions: int
    replication_factor: int
    leaderless: tuple[int, ...]


def unfit(topics: Topics, there: Mapping[str, TopicShape]) -> Iterator[Finding]:
    """Find what no fleet can run on."""
    yield from incomplete(topics, there)
    yield from _unequal(topics, there)


def incomplete(topics: Topics, there: Mapping[str, TopicShape]) -> Iterator[Finding]:
    """Find what keeps a history from being read as a whole: topics that are missing, a directory in several parts."""
    for wanted in topics.plan(1):
        if wanted.name not in there:
            yield Finding(wanted.name, "missing", "Run `itilnext topics create`, or let this user see it.")
    if topics.directory in there and there[topics.directory].partitions != 1:
        yield Finding(
            topics.directory,
            f"{there[topics.directory].partitions} partitions instead of 1",
            "Stop the fleet, delete the topic, run `itilnext topics create` and send the directory again.",
        )


def _unequal(topics: Topics, there: Mapping[str, TopicShape]) -> Iterator[Finding]:
    """Find topics of another count than most."""
    counts = {name: there[name].partitions for name in topics.co_partitioned if name in there}
    usual = Counter(counts.values()).most_common(1)[0][0] if counts else 0
    for name, count in counts.items():
        if count != usual:
            problem = f"{count} partitions, the other co-partitioned topics {usual}"
            yield Finding(name, problem, _REPLACE if name == topics.ticks else _COPY.format(usual=usual))


def other_counts(topics: Topics, there: Mapping[str, TopicShape], partitions: int) -> Iterator[Finding]:
    """Find topics that agree in another count than the settings'."""
    counts = {there[name].partitions for name in topics.co_partitioned if name in there}
    if len(counts) == 1 and counts != {partitions}:
        (count,) = counts
        remedy = f"Set ITILNEXT_TOPICS__PARTITIONS={count}; to have another, `itilnext topics repartition`."
        for name in topics.co_partitioned:
            if name in there:
                yield Finding(name, f"{count} partitions, the settings say {partitions}", remedy)


def shape_findings(
    connection: KafkaConnection, name: str, shape: TopicShape, replication_factor: int
) -> Iterator[Finding]:
    """Find a topic that can't be written to, or has fewer copies than it should."""
    if shape.leaderless:
        problem = f"no leader for partition {', '.join(map(str, shape.leaderless))}"
        yield Finding(name, problem, "Start the brokers that hold it.")
    elif shape.replication_factor < replication_factor:
        problem = f"replication factor {shape.replication_factor}, the settings say {replication_factor}"
        tool = connection.tool("kafka-reassign-partitions.sh")
        remedy = (
            f"Run {tool} --execute --reassignment-json-file FILE, with a FILE that names {replication_factor} brokers "
            f"for each partition; or set ITILNEXT_TOPICS__REPLICATION_FACTOR={shape.replication_factor}."
        )
        yield Finding(name, problem, remedy)


def setting_findings(
    connection: KafkaConnection, wanted: TopicPlan, copies: int, found: Mapping[str, str]
) -> Iterator[Finding]:
    """Find settings of a topic with so many copies that differ from the plan, or that keep less than they could."""
    for setting, value in wanted.config.items():
        if found.get(setting) != value:
            problem = f"{setting} is {found.get(setting)}, not {value}"
            yield Finding(wanted.name, problem, _altered(connection, wanted.name, setting, value))
    for setting, least in durability(copies).items():
        if int(found.get(setting, 0)) < int(least):
            problem = (
                f"{setting} is {found.get(setting)} of {copies} copies: one lost broker can lose what it has taken"
            )
            yield Finding(wanted.name, problem, _altered(connection, wanted.name, setting, least))


def _altered(connection: KafkaConnection, topic: str, setting: str, value: str) -> str:
    tool = connection.tool("kafka-configs.sh")
    return f"Run {tool} --alter --entity-type topics --entity-name {topic} --add-config {setting}={value}"
