"""How fast `itilnext audit` reads a whole history, and how much memory it takes: in a process of its own, at rest."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from ops.audit.report import AuditReport
from ops.bench.bench import FLEET_PARTITIONS, Bench
from ops.bench.drain import until_decided
from ops.bench.figures import Section, Spread
from ops.bench.fleet import BenchFleet, throwaway_fleet
from ops.bench.workload import mix, present
from ops.console import CommandFailed, counted

_LOOK_EVERY_SECONDS = 0.05
_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Audited:
    """One audit: its report, its CPU seconds with the start of the process, and the most memory it held, in bytes."""

    report: AuditReport
    cpu_seconds: float
    most_bytes: int


async def measure_audit(bench: Bench) -> list[Section]:
    """Have one worker decide the mix, stop it, and audit what it left, in each round."""
    async with throwaway_fleet(bench.servers, FLEET_PARTITIONS) as fleet:
        commands = list(mix(bench.sizes.commands, present()))
        with bench.screen.step("audit: writing the commands", len(commands)) as advance:
            log = await fleet.fill(commands, advance)
        with bench.screen.step("audit: deciding them", len(commands)) as advance:
            async with fleet.worker() as worker:
                await until_decided(fleet, fleet.group_id, log, [worker], advance)
        rounds = []
        for number in range(bench.sizes.rounds):
            with bench.screen.step(f"audit, round {number + 1} of {bench.sizes.rounds}", len(commands)):
                rounds.append(await _audit(fleet))
    return [_section(rounds)]


async def _audit(fleet: BenchFleet) -> Audited:
    cpu_seconds, most_bytes = 0.0, 0
    async with fleet.process("the audit", "ops", "audit", "--json") as process:
        # Looked at before it is asked whether it has ended: after that there is nothing left to look at.
        while True:
            cpu_seconds, held = process.usage()
            most_bytes = max(most_bytes, held)
            if process.has_ended():
                break
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
        report = AuditReport.model_validate_json(process.said())
    if not report.holds:
        raise CommandFailed(f"the audit found {counted(report.differences_total, 'difference')} in the bench's own log")
    return Audited(report, cpu_seconds, most_bytes)


def _section(rounds: Sequence[Audited]) -> Section:
    report = rounds[0].report
    rates = Spread.of([each.report.events_per_second for each in rounds])
    seconds = Spread.of([each.report.seconds for each in rounds])
    cpu = Spread.of([each.cpu_seconds / each.report.events * 1_000_000 for each in rounds])
    most = Spread.of([each.most_bytes / _MEGABYTE for each in rounds])
    note = (
        "One process; per event it also reads the command and its share of the snapshots, and compares both with what "
        "the events fold to, then the view with both. No worker runs meanwhile."
    )
    return Section(
        name="audit",
        title=f"Auditing {report.events:,} events of {report.tickets:,} tickets, {FLEET_PARTITIONS} partitions",
        columns=("", "median (from - to)"),
        rows=(
            ("events/s", rates.told()),
            ("seconds", seconds.told(1)),
            ("CPU us per event, the start of the process included", cpu.told(1)),
            ("most memory, MB", most.told()),
        ),
        figures={
            "tickets": report.tickets,
            "events": report.events,
            "events_per_second": rates.plain(),
            "seconds": seconds.plain(),
            "cpu_us_per_event": cpu.plain(),
            "most_megabytes": most.plain(),
        },
        notes=(note,),
    )
