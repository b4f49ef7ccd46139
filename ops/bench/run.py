"""Runs the parts of a bench that are asked for, one after the other, on the same servers."""

import asyncio
from collections.abc import Awaitable, Callable, Collection

from ops.bench.alerts import measure_alerts
from ops.bench.auditing import measure_audit
from ops.bench.bench import Bench
from ops.bench.figures import Part, Section
from ops.bench.large_view import measure_large_view
from ops.bench.latency import measure_latency
from ops.bench.machine import describe_machine
from ops.bench.observing import measure_observing
from ops.bench.queue import measure_queue
from ops.bench.report import Results
from ops.bench.rolling import measure_rolling
from ops.bench.scaling import measure_scaling
from ops.bench.takeover import measure_takeover
from ops.bench.throughput import measure_throughput
from ops.bench.views import measure_views
from ops.stack.interruption import heeded

_PARTS: tuple[tuple[Part, Callable[[Bench], Awaitable[list[Section]]]], ...] = (
    (Part.THROUGHPUT, measure_throughput),
    (Part.SCALING, measure_scaling),
    (Part.LATENCY, measure_latency),
    (Part.TAKEOVER, measure_takeover),
    (Part.ROLLING, measure_rolling),
    (Part.ALERTS, measure_alerts),
    (Part.VIEWS, measure_views),
    (Part.AUDIT, measure_audit),
    (Part.QUEUE, measure_queue),
    (Part.METRICS, measure_observing),
)


async def run_bench(bench: Bench, parts: Collection[Part]) -> Results:
    """Measure these parts; a signal to stop cancels it, so that what was made on the servers is deleted first.

    Raises:
        CancelledError: it was asked to stop.
        CommandFailed: a measured process ended by itself, or what was measured was not the workload.
        KafkaError, RedisError: a server can't be reached.
    """
    measuring = asyncio.current_task()
    assert measuring is not None, "a coroutine runs in a task"
    for number in heeded():
        asyncio.get_running_loop().add_signal_handler(number, measuring.cancel)
    machine = await describe_machine(bench.servers)
    sections: list[Section] = []
    for part, measure in _PARTS:
        if part in parts:
            sections.extend(await measure(bench))
    if {Part.MEMORY, Part.REBUILD} & set(parts):
        sections.extend(await measure_large_view(bench, parts))
    return Results(machine, bench.sizes, sections)
