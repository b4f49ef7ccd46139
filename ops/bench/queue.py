"""How fast a work queue is made: of an agent and of a team, over a view with many open tickets; and what a score costs.

Only Redis takes part. What keeping the queue costs a command is measured in `ops.bench.queue_writes`.
"""

import gc
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from ops.bench.bench import Bench
from ops.bench.figures import Section, Spread
from ops.bench.latency import percentile
from ops.bench.queue_view import OF_AGENT, OF_TEAM, QueueView, queue_view
from ops.bench.queue_writes import KeepingCost, measure_keeping
from ops.bench.workload import present
from services.priority import Scoring
from services.score_facts import ScoreFacts
from services.work_queue import work_queue

_QUERIES = {OF_AGENT: 500, OF_TEAM: 100}
"""So many queues of this size in each round: enough for a 99th percentile, and a few seconds at most."""
Latencies = dict[int, list[list[float]]]
"""Milliseconds of each query, by round, by the size of the queue."""


async def measure_queue(bench: Bench) -> list[Section]:
    """Measure queues, scores, and what keeping them adds to a command."""
    redis, now, tickets = bench.servers.redis.client(), present(), bench.sizes.tickets
    try:
        with bench.screen.step(f"queue: writing a view of {tickets:,} open tickets", tickets) as advance:
            async with queue_view(redis, tickets, now, advance) as view:
                latencies, scores = await _rounds(bench, view, now)
                bytes_per_ticket = await _bytes_per_ticket(view)
        keeping = await measure_keeping(bench, redis)
    finally:
        await redis.aclose()
    return [_queues(bench, latencies, scores, bytes_per_ticket), _keeping(keeping)]


async def _rounds(bench: Bench, view: QueueView, now: datetime) -> tuple[Latencies, list[float]]:
    latencies: Latencies = {OF_AGENT: [], OF_TEAM: []}
    scores: list[float] = []
    gc.collect()
    gc.freeze()  # What the bench itself holds is no part of a reader's process.
    try:
        for number in range(bench.sizes.rounds):
            text = f"queue, round {number + 1} of {bench.sizes.rounds}"
            with bench.screen.step(text, sum(_QUERIES.values())) as advance:
                of_agents = await _timed(OF_AGENT, lambda each: _of_agent(view, each % view.agents, now))
                advance(len(of_agents))
                of_teams = await _timed(OF_TEAM, lambda each: _of_team(view, each % view.teams, now))
                latencies[OF_AGENT].append(of_agents)
                latencies[OF_TEAM].append(of_teams)
                scores.append(_score_us(await view.reader.work_of_team("team-0", now), now))
    finally:
        gc.unfreeze()
    return latencies, scores


async def _timed(size: int, query: Callable[[int], Awaitable[None]]) -> list[float]:
    taken: list[float] = []
    for number in range(_QUERIES[size]):
        start = time.perf_counter()
        await query(number)
        taken.append((time.perf_counter() - start) * 1_000)
    return taken


async def _of_agent(view: QueueView, number: int, at: datetime) -> None:
    queue = work_queue(await view.reader.work_of_agent(f"agent-{number}", at), at)
    assert not queue.is_empty, "each agent owns something"


async def _of_team(view: QueueView, number: int, at: datetime) -> None:
    queue = work_queue(await view.reader.work_of_team(f"team-{number}", at), at)
    assert not queue.is_empty, "tickets were opened for each team"


def _score_us(facts: Sequence[ScoreFacts], at: datetime) -> float:
    """Return microseconds of CPU per score."""
    start = time.process_time()
    scoring = Scoring(at)
    for each in facts:
        scoring.weigh(each)
    return (time.process_time() - start) / len(facts) * 1_000_000


async def _bytes_per_ticket(view: QueueView) -> float:
    """Return the bytes in Redis of a ticket's facts and of its place on its team's list."""
    used, redis = 0, view.redis
    for each in view.views:
        teams = [each.keys.index(f"open-of-team:team-{number}") for number in range(view.teams)]
        for key in (each.keys.work, *teams):
            used += await redis.memory_usage(key, samples=0) or 0
    return used / view.tickets


def _queues(bench: Bench, latencies: Latencies, scores: Sequence[float], bytes_per_ticket: float) -> Section:
    found = {
        size: {
            name: Spread.of([percentile(each, at) for each in rounds]) for name, at in (("p50", 50.0), ("p99", 99.0))
        }
        for size, rounds in latencies.items()
    }
    titles = {OF_AGENT: f"an agent with {OF_AGENT}", OF_TEAM: f"a team with {min(OF_TEAM, bench.sizes.tickets):,}"}
    score = Spread.of(scores)
    how = (
        f"{_QUERIES[OF_AGENT]} queues of agents and {_QUERIES[OF_TEAM]} of teams in each round: read from Redis, "
        "scored, put into bands and in order."
    )
    costs = (
        f"A score takes {score.told(2)} us of CPU; keeping a ticket for queues {bytes_per_ticket:.0f} bytes of Redis."
    )
    return Section(
        name="queue",
        title=f"Work queues among {bench.sizes.tickets:,} open tickets",
        columns=("queue of", "p50 ms", "p99 ms"),
        rows=tuple((titles[size], *(each.told(1) for each in spreads.values())) for size, spreads in found.items()),
        figures={
            "tickets": bench.sizes.tickets,
            "agent_milliseconds": {name: each.plain() for name, each in found[OF_AGENT].items()},
            "team_milliseconds": {name: each.plain() for name, each in found[OF_TEAM].items()},
            "score_us": score.plain(),
            "redis_bytes_per_ticket": bytes_per_ticket,
        },
        notes=(how, costs),
    )


def _keeping(costs: Sequence[KeepingCost]) -> Section:
    parts = {
        "telling what has changed": Spread.of([each.tell_us for each in costs]),
        "writing it, in the worker": Spread.of([each.write_us for each in costs]),
    }
    of_redis = [each.redis_us for each in costs if each.redis_us is not None]
    if of_redis:
        parts["writing it, in Redis"] = Spread.of(of_redis)
    names = ("tell_us", "write_us", "redis_us")
    note = (
        f"The commands of the other parts, {costs[0].commands:,} of them, with {costs[0].writes:.2f} writes each for "
        "the queues. Compare it with the CPU per command of `bench throughput`."
    )
    return Section(
        name="queue_keeping",
        title="What keeping the work queues adds to a command",
        columns=("", "CPU us/command"),
        rows=tuple((name, spread.told(2)) for name, spread in parts.items()),
        figures={
            "commands": costs[0].commands,
            "writes_per_command": costs[0].writes,
            **{name: spread.plain() for name, spread in zip(names, parts.values(), strict=False)},
        },
        notes=(note,),
    )
