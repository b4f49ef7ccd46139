"""The processes of a fleet. To add a kind of worker is to add a line to `ROLES`."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter

from contracts.topics import Topics

PROGRAM = (sys.executable, "-P", "-m", "ops")
"""This installation's command line; -P: whatever lies in the current folder is not taken for the engine."""

TICKER = "ticker"


@dataclass(frozen=True, slots=True)
class Role:
    """A kind of process: `PROGRAM` with these arguments.

    `group` is its consumer group, after the fleet's prefix, that has to hold all partitions of the topic `reads` before
    the fleet is ready. `scaled`: as many as `--workers` says; `numbered`: named with a number even where there is one.
    """

    name: str
    arguments: tuple[str, ...]
    group: str | None = None
    reads: Callable[[Topics], str] = attrgetter("commands")
    scaled: bool = False
    numbered: bool = False

    def instances(self, workers: int) -> tuple[str, ...]:
        """The names of its processes in a fleet of that many ticket workers."""
        if self.scaled:
            return tuple(f"{self.name}-{number}" for number in range(1, workers + 1))
        return (f"{self.name}-1",) if self.numbered else (self.name,)


ROLES = (
    Role("ticket", ("worker", "ticket"), group="ticket-worker", scaled=True),
    Role("alert", ("worker", "alert"), group="alert-worker", reads=attrgetter("ticks"), numbered=True),
    Role("directory", ("worker", "directory"), group="directory-worker", reads=attrgetter("directory")),
    Role(TICKER, ("ticker",)),
)


@dataclass(frozen=True, slots=True)
class ExpectedGroup:
    """A consumer group that the fleet forms: how many members it has, and what they hold together."""

    group_id: str
    members: int
    partitions: frozenset[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Fleet:
    """Which roles run, how many workers of the scaled ones, and the program they are arguments of."""

    workers: int = 3
    ticker: bool = True
    roles: Sequence[Role] = ROLES
    program: tuple[str, ...] = PROGRAM

    @property
    def members(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Each process by name, with what is run."""
        return tuple(
            (name, (*self.program, *role.arguments)) for role in self._active for name in role.instances(self.workers)
        )

    def groups(self, topics: Topics, partitions: int) -> tuple[ExpectedGroup, ...]:
        """The consumer groups it forms on these topics, of which the ticket ones have that many partitions."""
        counts = {topic.name: topic.partitions for topic in topics.plan(partitions)}
        return tuple(
            ExpectedGroup(
                group_id=f"{topics.prefix}{role.group}",
                members=len(role.instances(self.workers)),
                partitions=frozenset((topic, number) for number in range(counts[topic])),
            )
            for role in self._active
            if role.group is not None
            for topic in (role.reads(topics),)
        )

    @property
    def _active(self) -> tuple[Role, ...]:
        return tuple(role for role in self.roles if self.ticker or role.name != TICKER)
