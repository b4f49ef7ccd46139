"""What views cost: to read of a long ticket, to store, and to keep while commands are worked off."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from uuid import uuid4

from redis.asyncio import Redis

from consumers.view import NOT_BUILT, Change, PartitionView, as_text
from consumers.view_reader import ViewReader
from contracts.json_values import write_json
from ops.bench.bench import PARTITIONS, Bench
from ops.bench.drain import Drain
from ops.bench.figures import Section, Spread
from ops.bench.latency import percentile
from ops.bench.long_ticket import ENTRIES, ENVELOPES, EXPERT, EXPERTS, LONG_TICKET, OWNER, long_ticket, real_log
from ops.bench.loops import WORKER, Loop, worker, worker_without_views
from ops.bench.servers import REDIS
from ops.bench.throughput import FIRST_COMMANDS, drained
from ops.bench.workload import mix, present
from ops.console import CommandFailed
from services import SYSTEM, CaseViewService, TimelineService

_READS = 100
_PAGE = range(ENTRIES - 99, ENTRIES + 1)
_PERCENTILES = {"p50": 50.0, "p99": 99.0}

Looks = Mapping[str, Callable[[], Awaitable[object]]]


async def measure_views(bench: Bench) -> list[Section]:
    """Measure reading, storing and keeping.

    Raises:
        CommandFailed: a worker ended, or what was compared is not what it says.
        KafkaError, RedisError: a server can't be reached.
    """
    redis = bench.servers.redis.client()
    try:
        reading = await _reading(bench, redis)
        stored = await _stored(bench, redis)
    finally:
        await redis.aclose()
    return [reading, stored, await _keeping(bench)]


async def _reading(bench: Bench, redis: Redis) -> Section:
    tickets, directory = await long_ticket()
    history = await tickets.history(LONG_TICKET)
    assert history is not None, "it was made just now"
    view = PartitionView(redis, f"bench-{uuid4().hex[:12]}.", 0)
    change = Change(LONG_TICKET, None, history.ticket, write_json(history.ticket), history.events)
    reader = ViewReader(redis, view.keys.prefix, 1)
    timelines, cases = TimelineService(reader), CaseViewService(reader, directory)
    looks: Looks = {
        f"timeline, a page of {len(_PAGE)} entries": lambda: timelines.timeline(LONG_TICKET, SYSTEM, _PAGE),
        f"timeline, all {ENTRIES:,} entries": lambda: timelines.timeline(LONG_TICKET, SYSTEM),
        "owner view": lambda: cases.get_owner_view(OWNER, LONG_TICKET),
        "expert view": lambda: cases.get_expert_view(EXPERT, LONG_TICKET),
    }
    rounds: dict[str, list[list[float]]] = {name: [] for name in looks}
    try:
        await view.apply(NOT_BUILT, 0, 0, view.writes_for(change, 0))
        for number in range(bench.sizes.rounds):
            with bench.screen.step(f"views, round {number + 1} of {bench.sizes.rounds}", len(looks)) as advance:
                for done, (name, look) in enumerate(looks.items()):
                    rounds[name].append(await _milliseconds(look))
                    advance(done + 1)
    finally:
        await view.drop()
    return _reading_section(rounds)


async def _milliseconds(look: Callable[[], Awaitable[object]]) -> list[float]:
    await look()  # connected, and all code met once
    found = []
    for _ in range(_READS):
        start = time.perf_counter()
        await look()
        found.append((time.perf_counter() - start) * 1_000)
    return found


def _reading_section(rounds: Mapping[str, Sequence[Sequence[float]]]) -> Section:
    spreads = {
        look: {name: Spread.of([percentile(each, at) for each in found]) for name, at in _PERCENTILES.items()}
        for look, found in rounds.items()
    }
    note = (
        f"{ENTRIES:,} entries, {ENVELOPES} envelopes, {EXPERTS} experts; {_READS} reads of each view, a round "
        "trip to Redis each. The expert takes part in five envelopes."
    )
    return Section(
        name="views",
        title="Reading a long ticket, in milliseconds",
        columns=("view", *_PERCENTILES),
        rows=tuple((look, *(each.told(2) for each in found.values())) for look, found in spreads.items()),
        figures={
            "entries": ENTRIES,
            "envelopes": ENVELOPES,
            "milliseconds": {
                look: {name: each.plain() for name, each in found.items()} for look, found in spreads.items()
            },
        },
        notes=(note,),
    )


async def _stored(bench: Bench, redis: Redis) -> Section:
    """Put the real log into a view, and ask Redis what each kind of key takes, its own overhead included."""
    view = PartitionView(redis, f"bench-{uuid4().hex[:12]}.", 0)
    keys, position = view.keys, NOT_BUILT
    tickets: set[str] = set()
    lists: set[str] = set()
    with bench.screen.step("views: storing the real log", 1):
        try:
            for before, outcome in real_log():
                after = outcome.ticket
                change = Change(after.id, before, after, write_json(after), outcome.events)
                await view.apply(position, position + 1, after.source_offset, view.writes_for(change, 0))
                position += 1
                tickets.add(after.id)
            lists.update(as_text(name) for name in await redis.smembers(keys.indexes))
            sizes = {
                "snapshot": await _bytes(redis, map(keys.ticket, tickets)),
                "timeline": await _bytes(redis, map(keys.timeline, tickets)),
                "lists and queues": await _bytes(
                    redis, [*map(keys.index, lists), keys.indexes, keys.tickets, keys.work]
                ),
            }
        finally:
            await view.drop()
    per_ticket = {kind: size / len(tickets) for kind, size in sizes.items()}
    return Section(
        name="view_bytes",
        title=f"The view of the real log: {len(tickets)} tickets, {position + 1:,} commands",
        columns=("what", "bytes a ticket"),
        rows=(
            *((kind, f"{size:,.0f}") for kind, size in per_ticket.items()),
            ("together", f"{sum(per_ticket.values()):,.0f}"),
        ),
        figures={"tickets": len(tickets), "commands": position + 1, "bytes_per_ticket": per_ticket},
        notes=("As Redis' MEMORY USAGE tells, with all that Redis itself needs for a key.",),
    )


async def _bytes(redis: Redis, names: "Sequence[str] | map[str]") -> int:
    pipeline = redis.pipeline(transaction=False)
    for name in names:
        pipeline.memory_usage(name, samples=0)
    return sum(size or 0 for size in await pipeline.execute())


async def _keeping(bench: Bench) -> Section:
    """Have the worker and one without views work the same log off, taking turns."""
    commands = list(mix(FIRST_COMMANDS + bench.sizes.commands, present()))
    rounds: dict[Loop, list[Drain]] = {worker(): [], worker_without_views(): []}
    for number in range(bench.sizes.rounds):
        for loop, drains in rounds.items():
            text = f"keeping views, round {number + 1} of {bench.sizes.rounds}: {loop.title}"
            async with drained(bench, text, commands, loop) as (fleet, found):
                drains.append(found)
                home = fleet.view.of(0).keys
                kept = await fleet.redis.exists(home.indexes, home.work)
                if bool(kept) is not (loop.name == WORKER):
                    raise CommandFailed(f"{loop.title} keeps {kept} of the views' keys: nothing was compared")
    return _keeping_section(rounds)


def _keeping_section(rounds: Mapping[Loop, Sequence[Drain]]) -> Section:
    kept, without = rounds.values()
    costs: dict[str, Callable[[Drain], float]] = {"worker": lambda drain: drain.cpu_us}
    if REDIS in kept[0].server_cpu_seconds:
        costs["redis"] = lambda drain: drain.server_cpu_us(REDIS)
    columns = {"worker": "CPU us/command", "redis": "Redis' CPU us/command"}

    def row(loop: Loop, drains: Sequence[Drain]) -> tuple[object, ...]:
        spreads = (Spread.of([cost(drain) for drain in drains]) for cost in costs.values())
        return (loop.title, Spread.of([drain.rate for drain in drains]).told(), *(each.told(1) for each in spreads))

    slower = Spread.of([bare.rate / full.rate - 1 for full, bare in zip(kept, without, strict=True)])
    heavier = Spread.of([_cpu_us(full) / _cpu_us(bare) - 1 for full, bare in zip(kept, without, strict=True)])
    note = (
        "Views are timelines, lists and what queues are made of; both keep what decisions and alerts need. With views, "
        f"worker and Redis together take {heavier.median:.0%} more CPU."
    )
    extra = {
        name: Spread.of([cost(full) - cost(bare) for full, bare in zip(kept, without, strict=True)])
        for name, cost in costs.items()
    }
    return Section(
        name="views_kept",
        title=f"Keeping views, one worker, {PARTITIONS} partitions",
        columns=("worker", "commands/s", *(columns[name] for name in costs)),
        rows=(
            *(row(loop, drains) for loop, drains in rounds.items()),
            ("what views cost", f"{slower.median:.0%} longer", *(each.told(1) for each in extra.values())),
        ),
        figures={
            "commands": kept[0].commands,
            "extra_time": slower.plain(),
            "extra_cpu": heavier.plain(),
            "extra_cpu_us_per_command": {name: each.plain() for name, each in extra.items()},
        },
        notes=(note,),
    )


def _cpu_us(drain: Drain) -> float:
    """Return the CPU per command of worker and Redis together; of the worker alone where Redis is not the bench's."""
    return drain.cpu_us + (drain.server_cpu_us(REDIS) if REDIS in drain.server_cpu_seconds else 0.0)
