"""What was found about one process' throughput, as sections of the report. Nothing is measured here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ops.bench.bench import PARTITIONS
from ops.bench.drain import Drain
from ops.bench.figures import Section, Spread
from ops.bench.loops import QUIX, RAW, WORKER, Loop
from ops.bench.sampler import Samples
from ops.bench.servers import KAFKA, REDIS
from ops.bench.stages import MEANING, Stage
from ops.bench.workload import IN_PROGRESS
from ops.bench.written import Written

Compared = Mapping[Loop, list[Drain]]
"""The rounds of each loop, in the order they were measured in."""
_NO_QUIX = "Quix Streams is left out: it is not installed (`uv sync --group bench`, or `make bench`)."
_TOP_FUNCTIONS = 15
_SERVERS = {KAFKA: "Kafka's CPU us/command", REDIS: "Redis' CPU us/command"}
_OTHERS = {RAW: "times the raw loop", QUIX: "times Quix Streams"}


@dataclass(frozen=True, slots=True)
class _Told:
    """One loop's spreads; `servers` are microseconds of CPU per command of the bench's own servers, `over` ratios."""

    title: str
    rate: Spread
    cpu_us: Spread
    servers: Mapping[str, Spread]
    over: Mapping[str, Spread]

    @property
    def row(self) -> tuple[object, ...]:
        servers = (used.told(1) for used in self.servers.values())
        return (
            self.title,
            self.rate.told(),
            self.cpu_us.told(1),
            *servers,
            *(each.told(2) for each in self.over.values()),
        )

    @property
    def figures(self) -> dict[str, object]:
        return {
            "commands_per_second": self.rate.plain(),
            "cpu_us_per_command": self.cpu_us.plain(),
            "server_cpu_us_per_command": {server: used.plain() for server, used in self.servers.items()},
            "times": {other: ratio.plain() for other, ratio in self.over.items()},
        }


def comparison(compared: Compared, commands: int, written: Written) -> Section:
    """Return the loops side by side, with what each is in terms of the others."""
    rounds = {loop.name: drains for loop, drains in compared.items()}
    told = {loop.name: _told(loop, drains, rounds) for loop, drains in compared.items()}
    worker = told[WORKER]
    columns = ("loop", "commands/s", "CPU us/command", *(_SERVERS[each] for each in worker.servers))
    return Section(
        name="throughput",
        title=f"One process, {PARTITIONS} partitions",
        columns=(*columns, *(_OTHERS[each] for each in worker.over)),
        rows=tuple(each.row for each in told.values()),
        figures={
            "partitions": PARTITIONS,
            "commands": commands,
            "loops": {name: each.figures for name, each in told.items()},
        },
        notes=(*_workload(commands, written), *(() if QUIX in rounds else (_NO_QUIX,))),
    )


def stages(compared: Compared, samples: Samples) -> Section:
    """Return the worker's CPU time by stage."""
    cpu_us = _worker_cpu_us(compared)
    shares = {stage: samples.share(samples.stages[stage]) for stage in Stage}
    note = (
        f"A profiling timer sampled the stack of a worker in a pass of its own, {samples.total:,} times; shares are "
        "those of the samples, microseconds are shares of the worker's median above."
    )
    return Section(
        name="stages",
        title="Where the worker's CPU goes, by stage",
        columns=("stage", "CPU us/command", "share", "which is"),
        rows=tuple((stage, f"{part * cpu_us:.1f}", f"{part:.0%}", MEANING[stage]) for stage, part in shares.items()),
        figures={
            "samples": samples.total,
            "cpu_us_per_command": {stage.value: share * cpu_us for stage, share in shares.items()},
        },
        notes=(note,),
    )


def functions(compared: Compared, samples: Samples) -> Section:
    """Return the functions of the worker that take most CPU time themselves."""
    cpu_us = _worker_cpu_us(compared)
    top = [(each, samples.share(each.samples)) for each in samples.functions[:_TOP_FUNCTIONS]]
    return Section(
        name="functions",
        title="Where the worker's CPU goes, by function",
        columns=("function", "stage", "CPU us/command", "share"),
        rows=tuple((each.function, each.stage, f"{part * cpu_us:.1f}", f"{part:.1%}") for each, part in top),
        figures={
            "self": [
                {"function": each.function, "stage": each.stage.value, "cpu_us_per_command": share * cpu_us}
                for each, share in top
            ]
        },
        notes=("Without the functions it calls, but with what it calls in C.",),
    )


def _workload(commands: int, written: Written) -> tuple[str, ...]:
    mix = (
        f"{commands:,} commands of {written.command_bytes:.0f} bytes, {IN_PROGRESS:,} tickets in progress at a time; "
        "per ticket: open, accept, 6 notes, 4 messages, an envelope created and cancelled, resolve. All are accepted."
    )
    output = (
        f"The worker writes an event of {written.event_bytes:.0f} bytes per command and "
        f"{written.snapshots_per_command:.2f} snapshots, {written.state_bytes_per_command:.0f} bytes per command; the "
        "raw loop writes two values of these sizes per command."
    )
    return mix, output, "From the moment the log can be read to the commit of its last command, by a loop that is up."


def _cpu_us(drains: Sequence[Drain]) -> Spread:
    return Spread.of([each.cpu_us for each in drains])


def _told(loop: Loop, drains: Sequence[Drain], rounds: Mapping[str, Sequence[Drain]]) -> _Told:
    servers = drains[0].server_cpu_seconds
    return _Told(
        title=loop.title,
        rate=Spread.of([each.rate for each in drains]),
        cpu_us=_cpu_us(drains),
        servers={server: Spread.of([each.server_cpu_us(server) for each in drains]) for server in servers},
        over={other: _ratio(drains, rounds[other]) for other in _OTHERS if other in rounds},
    )


def _worker_cpu_us(compared: Compared) -> float:
    (drains,) = (drains for loop, drains in compared.items() if loop.name == WORKER)
    return _cpu_us(drains).median


def _ratio(drains: Sequence[Drain], others: Sequence[Drain]) -> Spread:
    return Spread.of([each.rate / other.rate for each, other in zip(drains, others, strict=True)])
