"""What metrics and logs cost: the ticket worker with its port open and scraped, beside one that tells nothing."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException

from prometheus_client.parser import text_string_to_metric_families

from ops.bench.bench import PARTITIONS, Bench
from ops.bench.drain import Drain
from ops.bench.figures import Section, Spread
from ops.bench.fleet import BenchFleet
from ops.bench.loops import Loop
from ops.bench.processes import Measured
from ops.bench.throughput import FIRST_COMMANDS, drained
from ops.bench.workload import mix, present
from ops.console import CommandFailed
from ops.embedded.ports import LOOPBACK, choose
from ops.environment import variable
from ops.observability.metrics import BATCH_SIZE

_SCRAPE_SECONDS = 1.0
"""Fifteen times as often as Prometheus usually asks."""
_ANSWER_SECONDS = 30.0
_POLL_SECONDS = 0.05
_SILENT: Mapping[str, str] = {variable("log", "level"): "CRITICAL"}


@dataclass(slots=True)
class _Scrapes:
    """How many records the worker has told of when it was last asked."""

    told: float = 0.0

    async def keep_asking(self, port: int) -> None:
        await _listening(port)
        while True:
            await asyncio.sleep(_SCRAPE_SECONDS)
            await self.ask(port)

    async def ask_for_all(self, port: int, records: int) -> None:
        """Ask until it has told of so many, or for long: it tells of a batch just after others can see its commit."""
        clock = asyncio.get_running_loop()
        until = clock.time() + _ANSWER_SECONDS
        await self.ask(port)
        while self.told < records and clock.time() < until:
            await asyncio.sleep(_POLL_SECONDS)
            await self.ask(port)

    async def ask(self, port: int) -> None:
        """Ask once.

        Raises:
            CommandFailed: it does not answer, or not as it should.
        """
        try:
            self.told = await asyncio.to_thread(_records_told, port)
        except (OSError, HTTPException) as error:
            raise CommandFailed(f"/metrics of the observed worker does not answer: {error!r}") from error


async def _listening(port: int) -> None:
    """Return once the worker, which has just been started, has opened its port."""
    while True:
        try:
            _, writer = await asyncio.open_connection(LOOPBACK, port)
        except ConnectionRefusedError:
            await asyncio.sleep(_POLL_SECONDS)
        else:
            writer.close()
            return


def _records_told(port: int) -> float:
    connection = HTTPConnection(LOOPBACK, port, timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", "/metrics")
        response = connection.getresponse()
        if response.status != HTTPStatus.OK:
            raise CommandFailed(f"/metrics answers {response.status}")
        families = text_string_to_metric_families(response.read().decode())
    finally:
        connection.close()
    name = f"{BATCH_SIZE.name}_sum"
    return next(sample.value for family in families for sample in family.samples if sample.name == name)


async def measure_observing(bench: Bench) -> list[Section]:
    """Have an observed worker and a silent one work the same log off, taking turns.

    Raises:
        CommandFailed: a worker ended, or the observed one did not tell of what it did.
        KafkaError, RedisError: a server can't be reached.
    """
    commands = list(mix(FIRST_COMMANDS + bench.sizes.commands, present()))
    scrapes = _Scrapes()
    observed, silent = _observed_worker(scrapes, len(commands)), _silent_worker()
    rounds: dict[Loop, list[Drain]] = {observed: [], silent: []}
    for number in range(bench.sizes.rounds):
        # Who goes first takes turns too: what comes second finds the servers warmer.
        for loop in (observed, silent) if number % 2 == 0 else (silent, observed):
            text = f"metrics, round {number + 1} of {bench.sizes.rounds}: {loop.title}"
            async with drained(bench, text, commands, loop) as (_, found):
                rounds[loop].append(found)
        if scrapes.told != len(commands):
            raise CommandFailed(f"the worker told of {scrapes.told:.0f} of {len(commands)} commands")
    return [_section(rounds[observed], rounds[silent])]


def _observed_worker(scrapes: _Scrapes, records: int) -> Loop:
    @asynccontextmanager
    async def start(fleet: BenchFleet) -> AsyncIterator[Measured]:
        (port,) = choose(1)
        settings = {variable("health", "port"): str(port), variable("log", "format"): "json"}
        async with fleet.worker(settings=settings) as process:
            asking = asyncio.create_task(scrapes.keep_asking(port))
            try:
                yield process
            finally:
                asking.cancel()
                (outcome,) = await asyncio.gather(asking, return_exceptions=True)
            if isinstance(outcome, Exception):
                # What was not observed says nothing of what observing costs.
                raise outcome
            await scrapes.ask_for_all(port, records)

    return Loop("observed", "ticket worker, port open, scraped every second", "ticket-worker", start)


def _silent_worker() -> Loop:
    return Loop(
        "silent", "ticket worker that tells nothing", "ticket-worker", lambda fleet: fleet.worker(settings=_SILENT)
    )


def _section(observed: Sequence[Drain], silent: Sequence[Drain]) -> Section:
    pairs = list(zip(observed, silent, strict=True))
    slower = Spread.of([1 - with_it.rate / without.rate for with_it, without in pairs])
    extra = Spread.of([with_it.cpu_us - without.cpu_us for with_it, without in pairs])

    def row(title: str, drains: Sequence[Drain]) -> tuple[object, ...]:
        rate, cpu = Spread.of([drain.rate for drain in drains]), Spread.of([drain.cpu_us for drain in drains])
        return title, rate.told(), cpu.told(1)

    return Section(
        name="metrics",
        title=f"Metrics and logs, one worker, {PARTITIONS} partitions",
        columns=("worker", "commands/s", "CPU us/command"),
        rows=(
            row("observed", observed),
            row("silent", silent),
            ("what being observed costs", f"{slower.median:.1%} of throughput", extra.told(1)),
        ),
        figures={
            "commands": observed[0].commands,
            "share_of_throughput": slower.plain(),
            "extra_cpu_us_per_command": extra.plain(),
        },
        notes=(
            "Observed: health and metrics on, scraped every second, logging as by default. Silent: no port, no log.",
            "A share within what the same worker differs by from round to round may come out below 0.",
        ),
    )
