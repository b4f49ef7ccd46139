"""What alert tests add to a fleet: alert workers, ticks of any kind, and the alerts that came of them.

    async with running_worker(stack, prefix, 2) as fleet, alert_worker(fleet):
        await tick(fleet, at)
        await evaluated(fleet)
        assert await raised(fleet) == [...]

`evaluated()` returns when the alert workers have passed all ticks sent before, and what they asked for is decided.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime

from aiokafka import TopicPartition

from consumers.alert_worker import AlertWorkerConfig, run_alert_worker
from consumers.observing import UNOBSERVED, Observer
from contracts.instants import parse_instant
from contracts.ticks import write_tick
from ops.log_reader import LogReader, all_partitions, written_ends
from tests.fleet import SESSION_TIMEOUT_MS, SETTLE_SECONDS, Fleet

_POLL_SECONDS = 0.02
Raised = tuple[str, str, int, tuple[int, ...], datetime]
"""Ticket, condition, level, superseded levels, anchor."""


@asynccontextmanager
async def alert_worker(fleet: Fleet, observer: Observer = UNOBSERVED) -> AsyncIterator[None]:
    """Run one alert worker in this process; leaving stops it, and raises what it died of."""
    config = AlertWorkerConfig(
        fleet.stack.kafka, fleet.stack.redis, fleet.topics, session_timeout_ms=SESSION_TIMEOUT_MS
    )
    async with fleet.running("alert-worker", lambda stop: run_alert_worker(config, stop, observer)):
        yield


async def tick(fleet: Fleet, *instants: datetime) -> None:
    """Send ticks to every partition, one after the other."""
    for at in instants:
        await send_ticks(fleet, (write_tick(at, partition) for partition in range(fleet.partitions)))


async def send_ticks(fleet: Fleet, values: Iterable[bytes | None], timestamp: int | None = None) -> None:
    """Send something to each partition of the ticks topic in turn, whatever it is."""
    for number, value in enumerate(values):
        await fleet.publish(
            fleet.topics.ticks, value, str(number).encode(), number % fleet.partitions, timestamp=timestamp
        )


async def evaluated(fleet: Fleet) -> None:
    """Wait until all ticks are evaluated, and all that was asked for is decided and in the view."""
    partitions = all_partitions([fleet.topics.ticks], fleet.partitions)
    ends = await written_ends(fleet.stack.kafka, partitions)
    async with (
        asyncio.timeout(SETTLE_SECONDS),
        LogReader(fleet.stack.kafka, partitions, group_id=f"{fleet.topics.prefix}alert-worker") as reader,
    ):
        while not _passed(await reader.committed(), ends):
            for task in fleet.workers:
                if task.done():
                    task.result()
            await asyncio.sleep(_POLL_SECONDS)
    await fleet.settled()


async def raised(fleet: Fleet, ticket_id: str | None = None) -> list[Raised]:
    """Return the alerts in the event log, of one ticket or of all, in the order of the log."""
    return [
        (
            event["subject"],
            event["data"]["condition"],
            event["data"]["level"],
            tuple(event["data"]["superseded_levels"]),
            parse_instant(event["data"]["anchor_at"]),
        )
        for event in await fleet.events(ticket_id)
        if event["type"] == "org.itilnext.alert.raised.v1"
    ]


def _passed(committed: Mapping[TopicPartition, int | None], ends: Mapping[TopicPartition, int]) -> bool:
    return all((committed[each] or 0) >= end for each, end in ends.items())
