"""Commands a second and CPU per command of one worker, beside the raw loop and Quix Streams, on the same commands.

In each round the loops work off such a log one after the other. A loop is up and has handled some first commands before
it is given the log, so that starting is no part of its speed. A pass before the rounds, which is not timed, samples the
worker's CPU time by stage and tells the sizes of what it writes, for the raw loop to write as much.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from ops.bench.bench import PARTITIONS, Bench
from ops.bench.drain import Drain, drain, until_decided
from ops.bench.figures import Section
from ops.bench.fleet import BenchFleet, throwaway_fleet
from ops.bench.loops import RAW_EVENTS, RAW_STATE, Loop, make_outputs, quix_loop, raw_loop, sampled_worker, worker
from ops.bench.quix_loop import is_installed
from ops.bench.sampler import Samples
from ops.bench.throughput_tables import Compared, comparison, functions, stages
from ops.bench.workload import Sendable, mix, present
from ops.bench.written import Written, read_back

FIRST_COMMANDS = 300
"""What a loop works off before its clock runs: it is up then."""


async def measure_throughput(bench: Bench) -> list[Section]:
    """Measure all loops, and return their comparison, the worker's stages, and its most expensive functions."""
    commands = list(mix(FIRST_COMMANDS + bench.sizes.commands, present()))
    samples, written = await _sampled(bench, commands)
    values = {RAW_EVENTS: round(written.event_bytes), RAW_STATE: round(written.state_bytes_per_command)}
    others = [raw_loop(values), *([quix_loop(len(commands))] if is_installed() else [])]
    compared: Compared = {loop: [] for loop in (*others, worker())}
    for number in range(bench.sizes.rounds):
        for loop, drains in compared.items():
            text = f"throughput, round {number + 1} of {bench.sizes.rounds}: {loop.title}"
            async with drained(bench, text, commands, loop) as (_, found):
                drains.append(found)
    return [
        comparison(compared, bench.sizes.commands, written),
        stages(compared, samples),
        functions(compared, samples),
    ]


async def _sampled(bench: Bench, commands: Sequence[Sendable]) -> tuple[Samples, Written]:
    file = bench.servers.folder / "samples.json"
    loop = sampled_worker(file)
    async with drained(bench, f"throughput, sampling: {loop.title}", commands, loop) as (fleet, _):
        return Samples.model_validate_json(file.read_bytes()), await read_back(fleet, len(commands))


@asynccontextmanager
async def drained(
    bench: Bench, text: str, commands: Sequence[Sendable], loop: Loop
) -> AsyncIterator[tuple[BenchFleet, Drain]]:
    """Have a loop work the commands off, and give the fleet as it has left it."""
    first_commands, rest = commands[:FIRST_COMMANDS], commands[FIRST_COMMANDS:]
    async with throwaway_fleet(bench.servers, PARTITIONS) as fleet:
        await make_outputs(fleet)
        group_id = loop.group_id(fleet)
        async with AsyncExitStack() as stack:
            first = await fleet.fill(first_commands, _unseen)
            with bench.screen.step(f"{text}: writing the log", len(rest)) as advance:
                log = await stack.enter_async_context(fleet.withheld(rest, advance))
            with bench.screen.step(text, len(rest)) as advance:
                process = await stack.enter_async_context(loop.start(fleet))
                await until_decided(fleet, group_id, first, [process], _unseen)
                found = await drain(fleet, group_id, log, [process], advance)
        yield fleet, found


def _unseen(_done: int) -> None:
    """Show nothing of what takes no time."""
