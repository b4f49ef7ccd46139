"""Measuring how fast processes work a log off, by the offsets their group commits: nothing is read alongside."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ops.bench.fleet import Advance, BenchFleet, WithheldLog
from ops.bench.processes import Measured, require_running

_LOOK_EVERY_SECONDS = 0.01
"""A hundredth of the shortest run worth measuring; a look costs the broker next to nothing."""


@dataclass(frozen=True, slots=True)
class Drain:
    """What was worked off, in how much time and CPU time of the processes, and of the bench's own servers by name."""

    commands: int
    seconds: float
    cpu_seconds: float
    server_cpu_seconds: Mapping[str, float]

    @property
    def rate(self) -> float:
        """Commands a second."""
        return self.commands / self.seconds

    @property
    def cpu_us(self) -> float:
        """Microseconds of CPU per command."""
        return self.cpu_seconds / self.commands * 1_000_000

    def server_cpu_us(self, server: str) -> float:
        """Microseconds of CPU per command of one of the bench's own servers."""
        return self.server_cpu_seconds[server] / self.commands * 1_000_000


async def drain(
    fleet: BenchFleet, group_id: str, log: WithheldLog, processes: Sequence[Measured], advance: Advance
) -> Drain:
    """Release the log, and look on until its last command is committed. The processes are to be up before.

    Raises:
        CommandFailed: a process ended.
    """
    cpu_before, servers_before = _cpu_seconds(processes), fleet.servers.cpu_seconds()
    start = time.perf_counter()
    await log.release()
    await until_decided(fleet, group_id, log, processes, advance)
    seconds = time.perf_counter() - start
    servers = {name: used - servers_before[name] for name, used in fleet.servers.cpu_seconds().items()}
    return Drain(log.commands, seconds, _cpu_seconds(processes) - cpu_before, servers)


async def until_decided(
    fleet: BenchFleet, group_id: str, log: WithheldLog, processes: Sequence[Measured], advance: Advance
) -> None:
    """Look on until the last command of a log is committed.

    Raises:
        CommandFailed: a process ended.
    """
    while (decided := await fleet.decided(group_id)) < log.end:
        require_running(processes)
        advance(log.commands - log.end + decided)
        await asyncio.sleep(_LOOK_EVERY_SECONDS)


def _cpu_seconds(processes: Sequence[Measured]) -> float:
    return sum(process.cpu_seconds() for process in processes)
