"""A rolling restart under load: each worker of a fleet is drained and replaced by a new one, one after the other."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from ops.bench.bench import FLEET_PARTITIONS, Bench
from ops.bench.figures import Section, Spread
from ops.bench.fleet import Advance, BenchFleet, throwaway_fleet
from ops.bench.latency import percentile
from ops.bench.processes import Measured, require_running
from ops.bench.stream import Stream
from ops.bench.workload import mix, present
from ops.console import CommandFailed, counted

WORKERS = 3
RATE = 500
"""Commands a second."""
_COMMANDS = 10_000_000
"""More than a stream can use up; they are made as they are sent."""
_STEP_SECONDS = 0.5
_BEFORE_SECONDS = 2
"""The fleet is at work for so long before the first restart: what comes late then is not the restart's doing."""
_ANSWERED_WITHIN = 60.0
"""Seconds after the last restart until a command without its event is taken to be lost."""
_PERCENTILES = {"p50": 50.0, "p99": 99.0, "max": 100.0}


@dataclass(frozen=True, slots=True)
class Restart:
    """What one rolling restart came to: how long it took, and the seconds each command sent meanwhile waited."""

    seconds: float
    waits: Sequence[float]


class Crew:
    """The workers of a fleet as they are now; entered, so that whatever happens none is left."""

    def __init__(self, fleet: BenchFleet, settled: Callable[[Sequence[Measured]], Awaitable[None]]) -> None:
        self._fleet = fleet
        self._settled = settled
        self._stacks: list[AsyncExitStack] = []
        self._workers: list[Measured] = []

    def require_running(self) -> None:
        """Make sure that all of them are still there.

        Raises:
            CommandFailed: one has ended by itself.
        """
        require_running(self._workers)

    async def hire(self) -> None:
        """Start all of them, and wait until they share all partitions."""
        for _ in range(WORKERS):
            await self._start()
        await self._settled(self._workers)

    async def replace_each(self, advance: Advance) -> None:
        """Drain one, start another, wait until all partitions are served again; and so on."""
        for number in range(WORKERS):
            self._workers.pop(0)
            await self._stacks.pop(0).aclose()
            await self._start()
            await self._settled(self._workers)
            advance(number + 1)

    async def dismiss(self) -> None:
        """Drain all that are left."""
        async with AsyncExitStack() as leaving:
            for stack in self._stacks:
                leaving.push_async_callback(stack.aclose)

    async def _start(self) -> None:
        stack = AsyncExitStack()
        self._workers.append(await stack.enter_async_context(self._fleet.worker()))
        self._stacks.append(stack)


async def measure_rolling(bench: Bench) -> list[Section]:
    """Restart a fleet in each round, while commands go on coming."""
    found: list[Restart] = []
    for number in range(bench.sizes.rounds):
        text = f"rolling restart, round {number + 1} of {bench.sizes.rounds}"
        with bench.screen.step(text, WORKERS) as advance:
            async with _crew(bench) as (fleet, crew):
                commands = mix(_COMMANDS, present())
                async with Stream(fleet, fleet.topics.events, commands, crew) as stream:
                    found.append(await _restarted(stream, crew, advance))
    return [_section(found)]


@asynccontextmanager
async def _crew(bench: Bench) -> AsyncIterator[tuple[BenchFleet, Crew]]:
    async with throwaway_fleet(bench.servers, FLEET_PARTITIONS) as fleet, fleet.settled_group(WORKERS) as settled:
        crew = Crew(fleet, settled)
        try:
            await crew.hire()
            yield fleet, crew
        finally:
            await crew.dismiss()


async def _restarted(stream: Stream, crew: Crew, advance: Advance) -> Restart:
    await stream.run(RATE, _BEFORE_SECONDS, lambda _done: None)
    await stream.answered()
    seen, began = len(stream.arrivals), time.perf_counter()
    restarting = asyncio.create_task(crew.replace_each(advance))
    try:
        while not restarting.done():
            await stream.run(RATE, _STEP_SECONDS, lambda _done: None)
        restarting.result()
    finally:
        restarting.cancel()
        await asyncio.wait([restarting])
    seconds = time.perf_counter() - began
    try:
        async with asyncio.timeout(_ANSWERED_WITHIN):
            await stream.answered()
    except TimeoutError:
        raise CommandFailed(
            f"{counted(stream.waiting, 'command')} had no event since the fleet was restarted"
        ) from None
    return Restart(seconds, [arrival.seconds for arrival in stream.arrivals[seen:]])


def _section(found: Sequence[Restart]) -> Section:
    waits = {
        name: Spread.of([percentile(each.waits, at) * 1_000 for each in found]) for name, at in _PERCENTILES.items()
    }
    took = Spread.of([each.seconds for each in found])
    commands = sum(len(each.waits) for each in found)
    note = (
        f"{commands:,} commands were sent meanwhile, {RATE} a second over {FLEET_PARTITIONS} partitions; "
        "each had its one event, none two."
    )
    return Section(
        name="rolling",
        title=f"Rolling restart of {WORKERS} workers",
        columns=("restart s", *(f"{name} ms" for name in _PERCENTILES), "lost"),
        rows=((took.told(1), *(each.told(0) for each in waits.values()), 0),),
        figures={
            "commands_per_second": RATE,
            "commands": commands,
            "lost": 0,
            "restart_seconds": took.plain(),
            "milliseconds": {name: each.plain() for name, each in waits.items()},
        },
        notes=(note,),
    )
