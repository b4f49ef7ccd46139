"""How long the partitions of a killed worker stand still: from its SIGKILL to their next event, under load."""

import time
from contextlib import AsyncExitStack

from ops.bench.bench import FLEET_PARTITIONS, Bench
from ops.bench.figures import Section, Spread
from ops.bench.fleet import BenchFleet, throwaway_fleet
from ops.bench.processes import Measured
from ops.bench.stream import Stream
from ops.bench.workload import mix, present
from ops.console import CommandFailed
from ops.environment import variable
from ops.group import Groups

RATE = 500
"""Commands a second: some forty to each partition."""
_STEP_SECONDS = 1.0
_COMMANDS = 10_000_000
"""More than a stream can use up; they are made as they are sent."""
_MOST_SESSIONS = 12
"""Session timeouts after which partitions that still stand still are taken to be lost."""


async def measure_takeover(bench: Bench) -> list[Section]:
    """Kill a worker of two in each round; measure each of its partitions."""
    found: list[list[float]] = []
    async with AsyncExitStack() as stack:
        fleet = await stack.enter_async_context(throwaway_fleet(bench.servers, FLEET_PARTITIONS))
        settled = await stack.enter_async_context(fleet.settled_group(2))
        survivor = await stack.enter_async_context(fleet.worker(_called("bench-0")))
        commands = mix(_COMMANDS, present())
        stream = await stack.enter_async_context(Stream(fleet, fleet.topics.events, commands, survivor))
        for number in range(bench.sizes.rounds):
            with bench.screen.step(f"takeover, round {number + 1} of {bench.sizes.rounds}", FLEET_PARTITIONS):
                # The later one each time: it is killed, the one that lives on takes over.
                name = f"bench-{number + 1}"
                victim = await stack.enter_async_context(fleet.worker(_called(name)))
                await settled([survivor, victim])
                await stream.run(RATE, _STEP_SECONDS, lambda _done: None)
                await stream.answered()
                found.append(await _taken_over(bench, fleet, stream, victim, name))
        await stream.answered()
    return [_section(bench, found)]


async def _taken_over(bench: Bench, fleet: BenchFleet, stream: Stream, victim: Measured, client_id: str) -> list[float]:
    """Return how long each partition of the victim stood still, in seconds."""
    orphaned = await _partitions_of(fleet, client_id)
    await stream.run(RATE, _STEP_SECONDS, lambda _done: None)
    killed, seen = time.perf_counter(), len(stream.arrivals)
    victim.kill()
    next_event: dict[int, float] = {}
    deadline = killed + _MOST_SESSIONS * bench.servers.settings.kafka.session_timeout_ms / 1_000
    while not orphaned <= set(next_event):
        await stream.run(RATE, _STEP_SECONDS, lambda _done: None)
        for arrival in stream.arrivals[seen:]:
            # What was sent before may have been decided before.
            if arrival.sent >= killed:
                next_event.setdefault(arrival.partition, arrival.received)
        seen = len(stream.arrivals)
        if time.perf_counter() > deadline:
            raise CommandFailed(
                f"partitions {sorted(orphaned - set(next_event))} of a killed worker were not taken over"
            )
    return [next_event[partition] - killed for partition in orphaned]


def _called(client_id: str) -> dict[str, str]:
    """Return the setting by which the group knows a worker."""
    return {variable("kafka", "client_id"): client_id}


async def _partitions_of(fleet: BenchFleet, client_id: str) -> frozenset[int]:
    async with Groups(fleet.servers.kafka) as groups:
        group = await groups.known(fleet.group_id)
    held = frozenset(
        number for member, partitions in group.held.items() if member.client_id == client_id for _, number in partitions
    )
    if not held:
        raise CommandFailed(f"the worker {client_id} holds no partition, so it can't be taken over from")
    return held


def _section(bench: Bench, found: list[list[float]]) -> Section:
    first = Spread.of([min(each) for each in found])
    last = Spread.of([max(each) for each in found])
    session = bench.servers.settings.kafka.session_timeout_ms / 1_000
    note = (
        f"One of two workers on {FLEET_PARTITIONS} partitions at {RATE} commands/s. {session:g} s of it are the "
        "session timeout after which the broker takes a silent worker for dead (`ITILNEXT_KAFKA__SESSION_TIMEOUT_MS`)."
    )
    return Section(
        name="takeover",
        title="Taking over a killed worker's partitions",
        columns=("from SIGKILL to the next event", "seconds"),
        rows=(("of its first partition", first.told(2)), ("of its last partition", last.told(2))),
        figures={
            "session_timeout_seconds": session,
            "first_partition_seconds": first.plain(),
            "last_partition_seconds": last.plain(),
        },
        notes=(note,),
    )
