"""The loops that are compared, each as something that can be run on a fleet: ours, the raw one, and Quix Streams'."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from aiokafka.admin import NewTopic

from ops.bench.fleet import BenchFleet
from ops.bench.processes import Measured
from ops.bench.quix_loop import QuixLoop
from ops.bench.raw_loop import RawLoop

RAW, QUIX, WORKER, BARE = "raw", "quix", "worker", "worker-without-views"
RAW_EVENTS, RAW_STATE = "bench.raw-events", "bench.raw-state"
_QUIX_COUNTS = "bench.quix-counts"


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop over a fleet's commands: how it is called, the end of its group's name, and how it is run."""

    name: str
    title: str
    group: str
    start: Callable[[BenchFleet], AbstractAsyncContextManager[Measured]]

    def group_id(self, fleet: BenchFleet) -> str:
        """Return its consumer group."""
        return f"{fleet.topics.prefix}{self.group}"


def worker() -> Loop:
    """Return the ticket worker, as an operator runs it."""
    return Loop(WORKER, "ticket worker", "ticket-worker", lambda fleet: fleet.worker())


def sampled_worker(samples: Path) -> Loop:
    """Return a ticket worker that leaves samples of its CPU time in a file."""

    def start(fleet: BenchFleet) -> AbstractAsyncContextManager[Measured]:
        return fleet.process("the sampled worker", "ops.bench.sampled_worker", str(samples))

    return Loop(WORKER, "ticket worker, sampled", "ticket-worker", start)


def worker_without_views() -> Loop:
    """Return a ticket worker that keeps nothing in Redis but what decisions and alerts need."""

    def start(fleet: BenchFleet) -> AbstractAsyncContextManager[Measured]:
        return fleet.process("the worker without views", "ops.bench.worker_without_views")

    return Loop(BARE, "ticket worker without views", "ticket-worker", start)


def raw_loop(value_bytes: Mapping[str, int]) -> Loop:
    """Return the raw loop, writing values of these sizes to RAW_EVENTS and RAW_STATE."""

    def start(fleet: BenchFleet) -> AbstractAsyncContextManager[Measured]:
        prefix = fleet.topics.prefix
        loop = RawLoop(
            source=fleet.topics.commands,
            partitions=fleet.partitions,
            group_id=f"{prefix}{RAW}",
            outputs={f"{prefix}{name}": size for name, size in value_bytes.items()},
        )
        return fleet.process("the raw loop", "ops.bench.raw_loop", loop.model_dump_json())

    return Loop(RAW, "raw aiokafka loop, exactly once, one input to two outputs", RAW, start)


def quix_loop(records: int) -> Loop:
    """Return Quix Streams' counter over so many commands."""

    def start(fleet: BenchFleet) -> AbstractAsyncContextManager[Measured]:
        prefix = fleet.topics.prefix
        loop = QuixLoop(
            source=fleet.topics.commands,
            output=f"{prefix}{_QUIX_COUNTS}",
            group_id=f"{prefix}{QUIX}",
            state_folder=str(fleet.servers.folder / f"{prefix}quix-state"),
            records=records,
        )
        return fleet.process("Quix Streams", "ops.bench.quix_loop", loop.model_dump_json())

    return Loop(QUIX, "Quix Streams, exactly-once counter per key", QUIX, start)


async def make_outputs(fleet: BenchFleet) -> None:
    """Make the topics that the other loops write to."""
    replication = fleet.servers.settings.topics.replication_factor
    await fleet.admin.create_topics(
        [
            NewTopic(f"{fleet.topics.prefix}{name}", fleet.partitions, replication)
            for name in (RAW_EVENTS, RAW_STATE, _QUIX_COUNTS)
        ]
    )
