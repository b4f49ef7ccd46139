"""A worker with many tickets in its view: what it holds in memory, and what Redis does.

How fast such a view is rebuilt is measured on the same fleet, as filling it takes longer than measuring.
"""

from collections.abc import Collection, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from ops.bench.bench import FLEET_PARTITIONS, Bench
from ops.bench.drain import until_decided
from ops.bench.figures import Part, Section
from ops.bench.fleet import BenchFleet, throwaway_fleet
from ops.bench.processes import Measured
from ops.bench.rebuild import measure_rebuild, snapshot_bytes_of
from ops.bench.workload import Sendable, openings, present, scattered_notes

_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Held:
    """Memory after one phase, in bytes; of the worker also the most it held in the phase."""

    phase: str
    worker: int
    worker_most: int
    redis: int


@dataclass(slots=True)
class _Watch:
    """Follows what a worker holds while something else is waited for."""

    process: Measured
    most: int = field(default=0)

    def look(self) -> int:
        held = self.process.resident_bytes()
        self.most = max(self.most, held)
        return held


async def measure_large_view(bench: Bench, parts: Collection[Part]) -> list[Section]:
    """Open the tickets, then measure what of MEMORY and REBUILD is asked for."""
    sections: list[Section] = []
    async with AsyncExitStack() as stack:
        fleet = await stack.enter_async_context(throwaway_fleet(bench.servers, FLEET_PARTITIONS))
        settled = await stack.enter_async_context(fleet.settled_group(1))
        process = await stack.enter_async_context(fleet.worker())
        await settled([process])
        held = [await _held(fleet, "started", _Watch(process))]
        now, tickets = present(), bench.sizes.tickets
        opened = list(openings(tickets, now))
        held.append(await _work(bench, fleet, process, f"{tickets:,} tickets opened", opened))
        if Part.MEMORY in parts:
            notes = list(scattered_notes(bench.sizes.commands, tickets, now))
            phase = f"{len(notes):,} notes on any of them"
            held.append(await _work(bench, fleet, process, phase, notes))
            sections.append(await _memory(bench, fleet, held))
        if Part.REBUILD in parts:
            sections.append(await measure_rebuild(bench, fleet, process))
    return sections


async def _work(bench: Bench, fleet: BenchFleet, process: Measured, phase: str, commands: Sequence[Sendable]) -> Held:
    watch = _Watch(process)
    with bench.screen.step(f"large view: writing {phase}", len(commands)) as advance:
        log = await fleet.fill(commands, advance)
    with bench.screen.step(f"large view: {phase}", len(commands)) as advance:

        def seen(done: int) -> None:
            watch.look()
            advance(done)

        await until_decided(fleet, fleet.group_id, log, [process], seen)
    return await _held(fleet, phase, watch)


async def _held(fleet: BenchFleet, phase: str, watch: _Watch) -> Held:
    worker = watch.look()
    redis = int((await fleet.redis.info("memory"))["used_memory"])
    return Held(phase, worker, watch.most, redis)


async def _memory(bench: Bench, fleet: BenchFleet, held: Sequence[Held]) -> Section:
    snapshot_bytes = await snapshot_bytes_of(fleet)
    per_ticket = (held[-1].redis - held[0].redis) / bench.sizes.tickets
    return Section(
        name="memory",
        title=f"Memory with {bench.sizes.tickets:,} tickets in the view, one worker, {FLEET_PARTITIONS} partitions",
        columns=("after", "worker MB", "at most MB", "Redis MB"),
        rows=tuple(
            (each.phase, *(f"{size / _MEGABYTE:.0f}" for size in (each.worker, each.worker_most, each.redis)))
            for each in held
        ),
        figures={
            "tickets": bench.sizes.tickets,
            "redis_bytes_per_ticket": per_ticket,
            "snapshot_bytes": snapshot_bytes,
            "phases": [
                {
                    "phase": each.phase,
                    "worker_bytes": each.worker,
                    "worker_most_bytes": each.worker_most,
                    "redis_bytes": each.redis,
                }
                for each in held
            ],
        },
        notes=(f"Redis takes {per_ticket:,.0f} bytes per ticket, of which its snapshot is {snapshot_bytes:,.0f}.",),
    )
