"""A process under measurement: started so that it can't outlive the bench, and asked for its CPU time and memory."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import psutil

from ops.console import CommandFailed
from ops.embedded.errors import last_words
from ops.embedded.process import Command, spawn, stop

_STOP_SECONDS = 30.0
"""Longer than a worker takes to drain."""


class Measured:
    """One running process."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self._name = name
        self._process = process
        self._log = log
        self._figures = psutil.Process(process.pid)

    def cpu_seconds(self) -> float:
        """Return the CPU time it has used so far, in user mode and in the kernel; also right after it has ended."""
        times = self._figures.cpu_times()
        return times.user + times.system

    def usage(self) -> tuple[float, int]:
        """Return its CPU seconds so far and the memory it holds now; until `has_ended` says so."""
        return self.cpu_seconds(), int(self._figures.memory_info().rss)

    def has_ended(self) -> bool:
        """Tell whether it has ended by itself; from then on there is nothing left to ask it for but what it said."""
        return self._process.poll() is not None

    def said(self) -> str:
        """Return all that it has printed."""
        return self._log.read_text(encoding="utf-8")

    def resident_bytes(self) -> int:
        """Return the memory it holds now.

        Raises:
            CommandFailed: it has ended.
        """
        self.require_running()
        return int(self._figures.memory_info().rss)

    def require_running(self) -> None:
        """Make sure that it is still there.

        Raises:
            CommandFailed: it has ended; says with which last words, as its log goes with the bench.
        """
        code = self._process.poll()
        if code is not None:
            said = last_words(self._log).strip().rpartition("\n")[2]
            raise CommandFailed(f"{self._name} ended with code {code} while it was measured: {said}")

    def kill(self) -> None:
        """End it as a power cut does."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        stop(self._process, _STOP_SECONDS)


def require_running(processes: Iterable[Measured]) -> None:
    """Make sure that all of them are still there.

    Raises:
        CommandFailed: one has ended.
    """
    for process in processes:
        process.require_running()


@asynccontextmanager
async def measured(
    name: str, arguments: tuple[str, ...], environment: Mapping[str, str], log: Path
) -> AsyncIterator[Measured]:
    """Run `python -m <arguments>` while entered; its output goes to the log."""
    # -P: whatever lies in the current folder is not taken for the engine.
    process = Measured(name, spawn(Command((sys.executable, "-P", "-m", *arguments), log, environment)), log)
    try:
        yield process
    finally:
        await asyncio.to_thread(process.stop)
