"""How fast a lost view is rebuilt from Kafka, while the worker it belongs to runs."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from consumers.view import PartitionView, as_text
from ops.bench.bench import FLEET_PARTITIONS, Bench
from ops.bench.figures import Section, Spread
from ops.bench.fleet import BenchFleet
from ops.bench.processes import Measured
from ops.log_reader import LogReader, all_partitions

_LOOK_EVERY_SECONDS = 0.05
_SAMPLED_TICKETS = 500


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """One rebuild: seconds until every ticket is back, until the timelines are too; CPU seconds for the tickets."""

    seconds: float
    timeline_seconds: float
    cpu_seconds: float


@dataclass(frozen=True, slots=True)
class _Positions:
    """By partition, up to where something is in the view, or where its log ends: snapshots and events."""

    states: tuple[int, ...]
    events: tuple[int, ...]

    def has_tickets(self, ends: "_Positions") -> bool:
        return all(at >= end for at, end in zip(self.states, ends.states, strict=True))

    def has_timelines(self, ends: "_Positions") -> bool:
        return all(at >= end for at, end in zip(self.events, ends.events, strict=True))


async def measure_rebuild(bench: Bench, fleet: BenchFleet, process: Measured) -> Section:
    """Drop the view and wait until it is whole again, in each round."""
    rounds = [await _rebuild(bench, fleet, process, number) for number in range(bench.sizes.rounds)]
    return _section(bench, rounds, await snapshot_bytes_of(fleet))


async def snapshot_bytes_of(fleet: BenchFleet) -> float:
    """Return the mean size of some tickets' snapshots in the view."""
    keys = PartitionView(fleet.redis, fleet.topics.prefix, 0).keys
    names = await fleet.redis.srandmember(keys.tickets, _SAMPLED_TICKETS) or []
    sizes = [await fleet.redis.strlen(keys.ticket(as_text(name))) for name in names]
    return sum(sizes) / len(sizes) if sizes else 0.0


async def _rebuild(bench: Bench, fleet: BenchFleet, process: Measured, number: int) -> Rebuilt:
    views = [PartitionView(fleet.redis, fleet.topics.prefix, partition) for partition in range(fleet.partitions)]
    ends = await _ends(fleet)
    await _until(process, views, lambda at: at.has_tickets(ends) and at.has_timelines(ends), _unseen)
    tickets = bench.sizes.tickets

    with bench.screen.step(f"rebuild, round {number + 1} of {bench.sizes.rounds}", tickets) as advance:

        def seen(at: _Positions) -> None:
            advance(round(tickets * sum(at.states) / max(sum(ends.states), 1)))

        start, cpu = time.perf_counter(), process.cpu_seconds()
        # As `itilnext rebuild` does; whatever of it the worker finds gone first, it drops the rest itself.
        for view in views:
            await view.drop()
        await _until(process, views, lambda at: at.has_tickets(ends), seen)
        seconds, cpu_seconds = time.perf_counter() - start, process.cpu_seconds() - cpu
        await _until(process, views, lambda at: at.has_timelines(ends), seen)
        return Rebuilt(seconds, time.perf_counter() - start, cpu_seconds)


def _unseen(_at: _Positions) -> None:
    """Show nothing of a wait that is no part of the measurement."""


async def _ends(fleet: BenchFleet) -> _Positions:
    topics = fleet.topics.state, fleet.topics.events
    partitions = all_partitions(topics, fleet.partitions)
    # The marks that end transactions count too: the view's positions are after them.
    async with LogReader(fleet.servers.kafka, partitions, isolation_level="read_uncommitted") as reader:
        ends = await reader.ends()
    states, events = (tuple(ends[each] for each in all_partitions([topic], fleet.partitions)) for topic in topics)
    return _Positions(states, events)


async def _until(
    process: Measured,
    views: Sequence[PartitionView],
    is_whole: Callable[[_Positions], bool],
    seen: Callable[[_Positions], None],
) -> None:
    while True:
        process.require_running()
        markers = await asyncio.gather(*(view.marker() for view in views))
        at = _Positions(tuple(each.state for each in markers), tuple(each.events for each in markers))
        seen(at)
        if is_whole(at):
            return
        await asyncio.sleep(_LOOK_EVERY_SECONDS)


def _section(bench: Bench, rounds: Sequence[Rebuilt], snapshot_bytes: float) -> Section:
    tickets = bench.sizes.tickets
    seconds = Spread.of([each.seconds for each in rounds])
    timelines = Spread.of([each.timeline_seconds for each in rounds])
    rates = Spread.of([tickets / each.seconds for each in rounds])
    cpu = Spread.of([each.cpu_seconds / tickets * 1_000_000 for each in rounds])
    note = (
        "From dropping the view, over the worker's noticing it (up to a second), until every ticket is back; decisions "
        f"go on then, and timelines are filled alongside. Snapshots of {snapshot_bytes:,.0f} bytes."
    )
    return Section(
        name="rebuild",
        title=f"Rebuilding a view of {tickets:,} tickets, one worker, {FLEET_PARTITIONS} partitions",
        columns=("", "median (from - to)"),
        rows=(
            ("tickets/s", rates.told()),
            ("seconds until every ticket is back", seconds.told(1)),
            ("seconds until the timelines are too", timelines.told(1)),
            ("CPU us of the worker per ticket", cpu.told(1)),
        ),
        figures={
            "tickets": tickets,
            "snapshot_bytes": snapshot_bytes,
            "tickets_per_second": rates.plain(),
            "seconds": seconds.plain(),
            "seconds_with_timelines": timelines.plain(),
            "cpu_us_per_ticket": cpu.plain(),
        },
        notes=(note,),
    )
