"""From sending a command to having its event in a read_committed reader, at a steady rate; beside the raw loop's."""

from collections.abc import Sequence
from math import ceil

from ops.bench.bench import PARTITIONS, Bench
from ops.bench.figures import Section, Spread
from ops.bench.fleet import BenchFleet, throwaway_fleet
from ops.bench.loops import RAW_EVENTS, RAW_STATE, WORKER, Loop, make_outputs, raw_loop, worker
from ops.bench.stream import Stream
from ops.bench.workload import COMMANDS_PER_TICKET, mix, present

RATE = 200
"""Commands a second."""
_WARM_UP_SECONDS = 2
_PERCENTILES = {"p50": 50.0, "p99": 99.0, "max": 100.0}
_RAW_SIZES = {RAW_EVENTS: 800, RAW_STATE: 3_000}
"""Values as large as events and snapshots are; at this rate nearly every command has a snapshot of its own."""


async def measure_latency(bench: Bench) -> list[Section]:
    """Measure both, one after the other, round by round."""
    rounds: dict[Loop, list[list[float]]] = {raw_loop(_RAW_SIZES): [], worker(): []}
    for number in range(bench.sizes.rounds):
        for loop, found in rounds.items():
            text = f"latency, round {number + 1} of {bench.sizes.rounds}: {loop.title}"
            async with throwaway_fleet(bench.servers, PARTITIONS) as fleet:
                await make_outputs(fleet)
                found.append(await _latencies(bench, text, fleet, loop))
    return [_section(bench, rounds)]


async def _latencies(bench: Bench, text: str, fleet: BenchFleet, loop: Loop) -> list[float]:
    """Return milliseconds, those of the warm-up left out."""
    sent = RATE * (bench.sizes.seconds + _WARM_UP_SECONDS)
    commands = mix(ceil(sent / COMMANDS_PER_TICKET) * COMMANDS_PER_TICKET, present())
    answers = fleet.topics.events if loop.name == WORKER else f"{fleet.topics.prefix}{RAW_EVENTS}"
    with bench.screen.step(text, RATE * bench.sizes.seconds) as advance:
        async with loop.start(fleet) as process, Stream(fleet, answers, commands, process) as stream:
            await stream.run(RATE, _WARM_UP_SECONDS, lambda _done: None)
            await stream.answered()
            warm = len(stream.arrivals)
            await stream.run(RATE, bench.sizes.seconds, advance)
            await stream.answered()
            return [arrival.seconds * 1_000 for arrival in stream.arrivals[warm:]]


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that is at least as large as so many percent of all (nearest rank)."""
    ranked = sorted(values)
    return ranked[max(ceil(percent / 100 * len(ranked)), 1) - 1]


def _section(bench: Bench, rounds: dict[Loop, list[list[float]]]) -> Section:
    spreads = {
        loop: {name: Spread.of([percentile(each, at) for each in found]) for name, at in _PERCENTILES.items()}
        for loop, found in rounds.items()
    }
    measured = sum(len(each) for found in rounds.values() for each in found) // len(rounds)
    note = f"{measured:,} commands each; from the sender's call to the record in the hands of a read_committed reader."
    return Section(
        name="latency",
        title=f"Latency at {RATE} commands/s, {PARTITIONS} partitions",
        columns=("loop", *(f"{name} ms" for name in _PERCENTILES)),
        rows=tuple((loop.title, *(each.told(1) for each in found.values())) for loop, found in spreads.items()),
        figures={
            "commands_per_second": RATE,
            "seconds_per_round": bench.sizes.seconds,
            "milliseconds": {
                loop.name: {name: each.plain() for name, each in found.items()} for loop, found in spreads.items()
            },
        },
        notes=(note,),
    )
