"""Commands a second of one worker and more sharing a log.

The log is withheld until all workers of a run have joined the group: a rebalance is no part of speed.
"""

from contextlib import AsyncExitStack

from ops.bench.bench import FLEET_PARTITIONS, Bench
from ops.bench.drain import Drain, drain
from ops.bench.figures import Section, Spread
from ops.bench.fleet import throwaway_fleet
from ops.bench.workload import Sendable, mix, present


async def measure_scaling(bench: Bench) -> list[Section]:
    """Measure each count of workers, round by round."""
    commands = list(mix(bench.sizes.commands, present()))
    rounds: dict[int, list[Drain]] = {workers: [] for workers in range(1, bench.sizes.workers + 1)}
    for number in range(bench.sizes.rounds):
        for workers, drains in rounds.items():
            text = f"scaling, round {number + 1} of {bench.sizes.rounds}: {workers} workers"
            drains.append(await _shared(bench, text, workers, commands))
    return [_section(rounds)]


async def _shared(bench: Bench, text: str, workers: int, commands: list[Sendable]) -> Drain:
    async with AsyncExitStack() as stack:
        fleet = await stack.enter_async_context(throwaway_fleet(bench.servers, FLEET_PARTITIONS))
        with bench.screen.step(f"{text}: writing the log", len(commands)) as advance:
            log = await stack.enter_async_context(fleet.withheld(commands, advance))
        settled = await stack.enter_async_context(fleet.settled_group(workers))
        processes = [await stack.enter_async_context(fleet.worker()) for _ in range(workers)]
        await settled(processes)
        with bench.screen.step(text, len(commands)) as advance:
            return await drain(fleet, fleet.group_id, log, processes, advance)


def _section(rounds: dict[int, list[Drain]]) -> Section:
    rates = {workers: Spread.of([each.rate for each in drains]) for workers, drains in rounds.items()}
    cpu = {workers: Spread.of([each.cpu_us for each in drains]) for workers, drains in rounds.items()}
    over_one = {
        workers: Spread.of([each.rate / one.rate for each, one in zip(drains, rounds[1], strict=True)])
        for workers, drains in rounds.items()
    }
    return Section(
        name="scaling",
        title=f"More workers, {FLEET_PARTITIONS} partitions",
        columns=("workers", "commands/s", "times one worker", "CPU us/command"),
        rows=tuple((each, rates[each].told(), over_one[each].told(2), cpu[each].told(1)) for each in rounds),
        figures={
            "partitions": FLEET_PARTITIONS,
            "workers": {
                str(each): {
                    "commands_per_second": rates[each].plain(),
                    "cpu_us_per_command": cpu[each].plain(),
                    "speed_over_one": over_one[each].plain(),
                }
                for each in rounds
            },
        },
        notes=("The workers share the machine's cores with the broker, Redis and each other.",),
    )
