"""The least a role needs on Kafka, as allowed operations on its resources; everything else is denied by default.

Each role is run in the tests with exactly these rights, and acts outside of them are seen to be denied.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from contracts.topics import Topics

Resource = Literal["topic", "group", "transactional-id", "cluster"]
Pattern = Literal["literal", "prefixed"]
Operation = Literal["Read", "Write", "Create", "Delete", "Describe", "DescribeConfigs"]
CLUSTER = "kafka-cluster"
"""What Kafka calls the only resource of its kind."""


@dataclass(frozen=True, slots=True)
class Right:
    """Operations that are allowed on a resource; `prefixed`: on all whose names begin so."""

    resource: Resource
    name: str
    operations: tuple[Operation, ...]
    pattern: Pattern = "literal"


@dataclass(frozen=True, slots=True)
class KafkaRole:
    """A kind of client, what it is for, and its rights in a fleet with these topics."""

    name: str
    purpose: str
    rights: Callable[[Topics], tuple[Right, ...]]


def _topics(operations: tuple[Operation, ...], *names: str) -> tuple[Right, ...]:
    return tuple(Right("topic", name, operations) for name in names)


def _seen(topics: Topics) -> tuple[Right, ...]:
    """All topics of the fleet, by name and shape: who can't see one takes it for missing."""
    return (Right("topic", topics.prefix, ("Describe",), "prefixed"),)


def _connector(topics: Topics) -> tuple[Right, ...]:
    return (*_seen(topics), *_topics(("Write",), topics.commands))


def _directory_sync(topics: Topics) -> tuple[Right, ...]:
    return (*_seen(topics), *_topics(("Write",), topics.directory))


def _ticket_worker(topics: Topics) -> tuple[Right, ...]:
    return (
        *_seen(topics),
        # A command that lies on a wrong partition is written again, to its own.
        *_topics(("Read", "Write"), topics.commands, topics.events, topics.state),
        *_topics(("Write",), topics.rejections, topics.dlq),
        *_topics(("Read",), topics.directory),
        Right("group", topics.ticket_group, ("Read",)),
        Right("transactional-id", f"{topics.ticket_group}-", ("Write",), "prefixed"),
    )


def _alert_worker(topics: Topics) -> tuple[Right, ...]:
    return (
        *_seen(topics),
        *_topics(("Read",), topics.ticks, topics.directory),
        *_topics(("Write",), topics.commands),
        Right("group", topics.alert_group, ("Read",)),
    )


def _directory_worker(topics: Topics) -> tuple[Right, ...]:
    return (
        *_seen(topics),
        *_topics(("Read",), topics.directory),
        *_topics(("Write",), topics.dlq),
        Right("group", topics.directory_group, ("Read",)),
        Right("transactional-id", f"{topics.directory_group}-", ("Write",), "prefixed"),
    )


def _ticker(topics: Topics) -> tuple[Right, ...]:
    return (*_seen(topics), *_topics(("Write",), topics.ticks))


def _analytics(topics: Topics) -> tuple[Right, ...]:
    return (
        *_topics(("Read",), topics.events, topics.state, topics.rejections),
        Right("group", f"{topics.prefix}analytics", ("Read",), "prefixed"),
    )


def _operator(topics: Topics) -> tuple[Right, ...]:
    everything: tuple[Operation, ...] = ("Read", "Write", "Create", "Describe", "DescribeConfigs")
    return (
        Right("topic", topics.prefix, everything, "prefixed"),
        # `topics repartition` uses up the first offsets of new commands topics, and deletes what lies there.
        *_topics(("Delete",), topics.commands),
        Right("group", topics.prefix, ("Read", "Describe"), "prefixed"),
        Right("transactional-id", topics.prefix, ("Describe",), "prefixed"),
        Right("cluster", CLUSTER, ("Describe",)),
    )


KAFKA_ROLES: Mapping[str, KafkaRole] = {
    role.name: role
    for role in (
        KafkaRole("connector", "sends commands", _connector),
        KafkaRole("directory-sync", "sends directory entries", _directory_sync),
        KafkaRole("ticket-worker", "decides commands", _ticket_worker),
        KafkaRole("alert-worker", "evaluates ticks, asks for alerts", _alert_worker),
        KafkaRole("directory-worker", "applies the directory to Redis", _directory_worker),
        KafkaRole("ticker", "sends ticks", _ticker),
        KafkaRole("analytics", "reads what happened", _analytics),
        KafkaRole("operator", "runs the commands of `itilnext`", _operator),
    )
}
"""Every role by its name."""
