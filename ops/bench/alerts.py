"""Alerts from the tick to the log: an alert worker asks, a ticket worker judges, both as an operator starts them.

Tickets of all priorities are opened on a Monday at nine, and ticked at ten: two alerts for a critical one, one for a
high and a medium one, none yet for a low one. A tick before tells that both workers are up and the due index is made.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ops.bench.bench import FLEET_PARTITIONS, Bench
from ops.bench.calendars import measure_calendars
from ops.bench.drain import until_decided
from ops.bench.figures import Section, Spread
from ops.bench.fleet import BenchFleet, throwaway_fleet
from ops.bench.processes import Measured, require_running
from ops.bench.ticks import measure_ticks
from ops.bench.workload import openings
from ops.bench.written import read_back
from ops.log_reader import LogReader, all_partitions
from producers.ticker import tick_once

_NINE = datetime(2026, 1, 5, 9, tzinfo=UTC)
_TEN = _NINE + timedelta(hours=1)
_COMMANDS_PER_TICKET = 5
"""Of so many commands of the other parts one ticket is opened here, and on the average one alert raised."""
_IDLE_TICKS = 10
_LOOK_EVERY_SECONDS = 0.002
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Raised:
    """One round: seconds from the tick until all is asked for, and until all is decided; CPU of both workers.

    `idle` are the seconds of ticks with nothing due, over all partitions.
    """

    alerts: int
    asked_seconds: float
    seconds: float
    alert_cpu_seconds: float
    ticket_cpu_seconds: float
    idle: Sequence[float]


async def measure_alerts(bench: Bench) -> list[Section]:
    """Measure ticks over the index, the calendar, and alerts raised end to end.

    Raises:
        CommandFailed: a worker ended, or not every ask led to an alert.
        KafkaError, RedisError: a server can't be reached.
    """
    ticks = await measure_ticks(bench)
    calendar = measure_calendars(bench.sizes.rounds)
    rounds = [await _round(bench, number) for number in range(bench.sizes.rounds)]
    return [ticks, _section(rounds), calendar]


async def _round(bench: Bench, number: int) -> Raised:
    tickets, text = bench.sizes.commands // _COMMANDS_PER_TICKET, f"alerts, round {number + 1} of {bench.sizes.rounds}"
    async with AsyncExitStack() as stack:
        fleet = await stack.enter_async_context(throwaway_fleet(bench.servers, FLEET_PARTITIONS))
        ticket_worker = await stack.enter_async_context(fleet.worker())
        alert_worker = await stack.enter_async_context(fleet.alert_worker())
        fleet_at_work = _FleetAtWork(fleet, ticket_worker, alert_worker)
        with bench.screen.step(f"{text}: opening tickets", tickets) as advance:
            log = await fleet.fill(list(openings(tickets, _TEN)), advance)
            await until_decided(fleet, fleet.group_id, log, [ticket_worker, alert_worker], advance)
            await fleet_at_work.evaluate(_NINE)
        with bench.screen.step(text, tickets):
            raised = await fleet_at_work.raise_all()
        await read_back(fleet, tickets + raised.alerts)
        return raised


@dataclass(frozen=True, slots=True)
class _FleetAtWork:
    """A fleet with one worker of each kind."""

    fleet: BenchFleet
    ticket_worker: Measured
    alert_worker: Measured

    async def evaluate(self, at: datetime) -> float:
        """Send a tick to every partition; return the seconds until all are passed."""
        ticks = self.fleet.topics.ticks
        started = time.perf_counter()
        sent = await tick_once(self.fleet.servers.kafka, self.fleet.topics, self.fleet.partitions, at)
        await self._until(self.fleet.topics.alert_group, ticks, {each: last + 1 for each, last in sent.items()})
        return time.perf_counter() - started

    async def raise_all(self) -> Raised:
        """Let the hour pass in which alerts come due, and look on until all are raised; then tick on."""
        before, cpu_before = await self._command_ends(), self._cpu_seconds()
        started = time.perf_counter()
        asked_seconds = await self.evaluate(_TEN)
        asked = {each: end for each, end in (await self._command_ends()).items() if end > before[each]}
        await self._until(self.fleet.group_id, self.fleet.topics.commands, asked)
        seconds = time.perf_counter() - started
        ticket, alert = (now - then for now, then in zip(self._cpu_seconds(), cpu_before, strict=True))
        await self.evaluate(_TEN + _SECOND)  # it takes note of the answers
        idle = [await self.evaluate(_TEN + number * _SECOND) for number in range(2, 2 + _IDLE_TICKS)]
        alerts = sum(end - before[each] for each, end in asked.items())
        return Raised(alerts, asked_seconds, seconds, alert, ticket, idle)

    async def _until(self, group_id: str, topic: str, ends: Mapping[int, int]) -> None:
        while True:
            committed = await self.fleet.committed(group_id, topic)
            if all(committed.get(each, 0) >= end for each, end in ends.items()):
                return
            require_running((self.ticket_worker, self.alert_worker))
            await asyncio.sleep(_LOOK_EVERY_SECONDS)

    async def _command_ends(self) -> dict[int, int]:
        partitions = all_partitions([self.fleet.topics.commands], self.fleet.partitions)
        async with LogReader(self.fleet.servers.kafka, partitions) as reader:
            return {each.partition: end for each, end in (await reader.ends()).items()}

    def _cpu_seconds(self) -> tuple[float, float]:
        return self.ticket_worker.cpu_seconds(), self.alert_worker.cpu_seconds()


def _section(rounds: Sequence[Raised]) -> Section:
    """Return the rounds as one table."""
    rates = Spread.of([each.alerts / each.seconds for each in rounds])
    asked = Spread.of([each.alerts / each.asked_seconds for each in rounds])
    alert_cpu = Spread.of([each.alert_cpu_seconds / each.alerts * 1e6 for each in rounds])
    ticket_cpu = Spread.of([each.ticket_cpu_seconds / each.alerts * 1e6 for each in rounds])
    idle = Spread.of([seconds * 1_000 for each in rounds for seconds in each.idle])
    return Section(
        name="alerts",
        title=f"Alerts end to end, one worker of each kind, {FLEET_PARTITIONS} partitions",
        columns=("", "median (from - to)"),
        rows=(
            ("alerts/s, from the tick until all are raised", rates.told()),
            ("asks/s, from the tick until all are sent", asked.told()),
            ("CPU us of the alert worker per alert", alert_cpu.told(1)),
            ("CPU us of the ticket worker per alert", ticket_cpu.told(1)),
            ("ms, a tick with nothing due, sent to every partition until all have passed it", idle.told(1)),
        ),
        figures={
            "alerts": rounds[0].alerts,
            "alerts_per_second": rates.plain(),
            "asks_per_second": asked.plain(),
            "alert_worker_cpu_us_per_alert": alert_cpu.plain(),
            "ticket_worker_cpu_us_per_alert": ticket_cpu.plain(),
            "idle_milliseconds": idle.plain(),
        },
        notes=(f"{rounds[0].alerts:,} alerts come due at one tick.",),
    )
