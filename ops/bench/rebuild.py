"""How fast a lost view is rebuilt from Kafka, while the worker it belongs to runs."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from consumers.state_log import LogEnds
from consumers.view import as_text
from ops.bench.bench import FLEET_PARTITIONS, Bench
from ops.bench.figures import Section, Spread
from ops.bench.fleet import BenchFleet
from ops.bench.processes import Measured
from ops.rebuild import drop_view, tickets_are_back, timelines_are_back

_SAMPLED_TICKETS = 500


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """One rebuild: seconds until every ticket is back, until the timelines are too; CPU seconds for the tickets."""

    seconds: float
    timeline_seconds: float
    cpu_seconds: float


async def measure_rebuild(bench: Bench, fleet: BenchFleet, process: Measured) -> Section:
    """Drop the view and wait until it is whole again, in each round."""
    rounds = [await _rebuild(bench, fleet, process, number) for number in range(bench.sizes.rounds)]
    return _section(bench, rounds, await snapshot_bytes_of(fleet))


async def snapshot_bytes_of(fleet: BenchFleet) -> float:
    """Return the mean size of some tickets' snapshots in the view."""
    keys = fleet.view.of(0).keys
    names = await fleet.redis.srandmember(keys.tickets, _SAMPLED_TICKETS) or []
    sizes = [await fleet.redis.strlen(keys.ticket(as_text(name))) for name in names]
    return sum(sizes) / len(sizes) if sizes else 0.0


async def _rebuild(bench: Bench, fleet: BenchFleet, process: Measured, number: int) -> Rebuilt:
    view, tickets = fleet.view, bench.sizes.tickets
    states, events = await _ends(fleet)

    def look(_content: str, _whole: int, _of: int) -> None:
        process.require_running()

    await tickets_are_back(view, states, look)
    await timelines_are_back(view, events, look)
    with bench.screen.step(f"rebuild, round {number + 1} of {bench.sizes.rounds}", tickets) as advance:

        def seen(content: str, whole: int, of: int) -> None:
            process.require_running()
            advance(tickets * whole // of if content == "tickets" else tickets)

        start, cpu = time.perf_counter(), process.cpu_seconds()
        await drop_view(view)
        await tickets_are_back(view, states, seen)
        seconds, cpu_seconds = time.perf_counter() - start, process.cpu_seconds() - cpu
        await timelines_are_back(view, events, seen)
        return Rebuilt(seconds, time.perf_counter() - start, cpu_seconds)


async def _ends(fleet: BenchFleet) -> Sequence[Mapping[int, int]]:
    """Return where the snapshots end and where the events do, by partition; nothing is being written."""
    found: list[Mapping[int, int]] = []
    for topic in (fleet.topics.state, fleet.topics.events):
        async with LogEnds(fleet.servers.kafka, topic, fleet.partitions) as ends:
            found.append(await ends.committed())
    return found


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
