"""The topics of one fleet: names by prefix, and the settings they are created with (SPEC section 2)."""

from collections.abc import Mapping
from dataclasses import dataclass

_DAY_MS = 86_400_000
FOR_EVER = -1
MAX_RECORD_BYTES = 1_048_588
"""Kafka's own default: what events, snapshots and rejections may take, batch overhead included."""
MAX_COMMAND_BYTES = MAX_RECORD_BYTES + 65_536
"""A value of 1 MiB reaches the commands topic with its key and headers, so that it ends in the DLQ, not nowhere."""
MAX_DLQ_BYTES = 2_097_152
_COPIES_TO_LOSE_ONE_OF = 3
MIN_COMPACTION_LAG_MS = 7 * _DAY_MS
"""How long the directory keeps a replaced entry: time to mend a bad one while the one before is still in the log."""


@dataclass(frozen=True, slots=True)
class TopicPlan:
    """A topic as `itilnext topics create` makes it."""

    name: str
    partitions: int
    config: Mapping[str, str]

    @property
    def compacted(self) -> bool:
        """Whether only the latest record of each key is kept."""
        return self.config["cleanup.policy"] == "compact"


@dataclass(frozen=True, slots=True)
class Topics:
    """Topic names of the fleet with this prefix."""

    prefix: str = "itilnext."

    @property
    def commands(self) -> str:
        """What connectors ask for."""
        return f"{self.prefix}ticket.commands.v1"

    @property
    def events(self) -> str:
        """What happened: the truth."""
        return f"{self.prefix}ticket.events.v1"

    @property
    def state(self) -> str:
        """The latest snapshot of each ticket."""
        return f"{self.prefix}ticket.state.v1"

    @property
    def rejections(self) -> str:
        """What was refused, and why."""
        return f"{self.prefix}ticket.rejections.v1"

    @property
    def dlq(self) -> str:
        """What could not be read as a command."""
        return f"{self.prefix}ticket.commands.v1.dlq"

    @property
    def ticks(self) -> str:
        """Time, one tick for each partition."""
        return f"{self.prefix}ticks.v1"

    @property
    def directory(self) -> str:
        """Agents, teams, customers, calendars and the policy."""
        return f"{self.prefix}directory.v1"

    @property
    def ticket_group(self) -> str:
        """The consumer group of the ticket workers, and the stem of their transactional ids."""
        return f"{self.prefix}ticket-worker"

    @property
    def alert_group(self) -> str:
        """The consumer group of the alert workers."""
        return f"{self.prefix}alert-worker"

    @property
    def directory_group(self) -> str:
        """The consumer group of the directory workers, and the stem of their transactional id."""
        return f"{self.prefix}directory-worker"

    @property
    def co_partitioned(self) -> tuple[str, ...]:
        """The topics that share one partition count."""
        return (
            self.commands,
            self.events,
            self.state,
            self.rejections,
            self.dlq,
            self.ticks,
        )

    def plan(self, partitions: int) -> tuple[TopicPlan, ...]:
        """Return every topic with its partition count and settings."""
        return (
            TopicPlan(self.commands, partitions, _deleted(7 * _DAY_MS, MAX_COMMAND_BYTES)),
            TopicPlan(self.events, partitions, _deleted(FOR_EVER, MAX_RECORD_BYTES)),
            TopicPlan(self.state, partitions, _compacted(0)),
            TopicPlan(self.rejections, partitions, _deleted(30 * _DAY_MS, MAX_RECORD_BYTES)),
            TopicPlan(self.dlq, partitions, _deleted(30 * _DAY_MS, MAX_DLQ_BYTES)),
            TopicPlan(self.ticks, partitions, _deleted(_DAY_MS, MAX_RECORD_BYTES)),
            TopicPlan(self.directory, 1, _compacted(MIN_COMPACTION_LAG_MS)),
        )


def durability(copies: int) -> Mapping[str, str]:
    """Return the settings by which what was acknowledged survives the loss of one of so many copies.

    With three or more, a write is acknowledged once two have it. With fewer the broker's default holds: a topic of two
    copies that asked for both would stand still with either of them away.
    """
    return {"min.insync.replicas": "2"} if copies >= _COPIES_TO_LOSE_ONE_OF else {}


def _deleted(retention_ms: int, max_bytes: int) -> dict[str, str]:
    # Old record times come from senders' clocks and imports; retention.bytes stays unlimited so that only time deletes.
    return {
        "cleanup.policy": "delete",
        "retention.ms": str(retention_ms),
        "retention.bytes": str(FOR_EVER),
        "max.message.bytes": str(max_bytes),
        "message.timestamp.type": "CreateTime",
    }


def _compacted(lag_ms: int) -> dict[str, str]:
    return {
        "cleanup.policy": "compact",
        "min.compaction.lag.ms": str(lag_ms),
        "max.message.bytes": str(MAX_RECORD_BYTES),
        "message.timestamp.type": "CreateTime",
    }
