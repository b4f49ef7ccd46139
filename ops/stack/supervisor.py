"""Keeps processes running: whatever dies is started again, after a pause that grows while it keeps dying.

Theory of operation: one task per process starts it, waits for its end, pauses, and starts it again. To stop a process
is to cancel its task, which then ends the process in good order: so nothing is ever started again after it was stopped.
All are started by the thread of the event loop, which has to be the main one: the kernel kills a child when the thread
that started it ends. Nothing here knows what the processes are.
"""

import asyncio
import signal
import time
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ops.embedded.process import Command, signal_group

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 10.0
"""Seconds; what needs a server that is away tries again at least this often."""
STEADY_AFTER = 30.0
"""Seconds of life after which a process is no longer one that keeps dying."""


@dataclass(frozen=True, slots=True)
class Service:
    """A process to keep running, and the seconds it gets to end by itself."""

    name: str
    command: Command
    stop_grace: float


@dataclass(slots=True)
class _Kept:
    """A service and how it fares."""

    service: Service
    process: Process | None = None
    exit_code: int | None = None
    deaths: int = 0
    task: asyncio.Task[None] = field(init=False)


class Supervisor:
    """The processes kept running; `changed` is told after every start and end of one, `log` hears of each end."""

    def __init__(self, changed: Callable[[], None], log: Callable[[str], None]) -> None:
        self._changed = changed
        self._log = log
        self._kept: dict[str, _Kept] = {}
        self.failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the keeping itself fails, e.g. because a program can't be started."""

    @property
    def pids(self) -> dict[str, int | None]:
        """The process id of each service, None while it is down."""
        return {name: kept.process.pid if kept.process else None for name, kept in self._kept.items()}

    def deaths(self, name: str) -> int:
        """How often it has ended by itself without having been steady in between."""
        return self._kept[name].deaths

    def exit_code(self, name: str) -> int | None:
        """How it ended the last time; None while it never has. Negative: the signal that killed it."""
        return self._kept[name].exit_code

    def keep(self, service: Service) -> None:
        """Start a service and keep it running until it is stopped."""
        kept = self._kept[service.name] = _Kept(service)
        kept.task = asyncio.create_task(self._keep_running(kept), name=service.name)
        kept.task.add_done_callback(self._ended)

    async def stop(self, names: Iterable[str]) -> None:
        """End these services, all at the same time, and wait until they have ended."""
        tasks = [self._kept[name].task for name in names]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _ended(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None and not self.failure.done():
            self.failure.set_exception(error)

    async def _keep_running(self, kept: _Kept) -> None:
        while True:
            started = time.monotonic()
            kept.process = await _start(kept.service.command)
            self._changed()
            try:
                kept.exit_code = await kept.process.wait()
            finally:
                await _end(kept.process, kept.service.stop_grace)
                kept.process = None
                self._changed()
            kept.deaths = 1 if time.monotonic() - started > STEADY_AFTER else kept.deaths + 1
            pause = min(FIRST_PAUSE * 2 ** (kept.deaths - 1), LONGEST_PAUSE)
            self._log(f"{kept.service.name} ended with code {kept.exit_code}; starting it again in {pause:.1f} s")
            await asyncio.sleep(pause)


async def _start(command: Command) -> Process:
    command.log.parent.mkdir(parents=True, exist_ok=True)
    with command.log.open("ab") as log:
        return await asyncio.create_subprocess_exec(
            *command.launched,
            stdin=DEVNULL,
            stdout=log,
            stderr=STDOUT,
            env=command.full_environment,
            process_group=0,
        )


async def _end(process: Process, grace: float) -> None:
    """Ask a process to end, and end it after `grace` seconds."""
    if process.returncode is None:
        signal_group(process.pid, signal.SIGTERM)
        signal_group(process.pid, signal.SIGCONT)  # a frozen one would not hear it
        try:
            await asyncio.wait_for(process.wait(), grace)
        except TimeoutError:
            signal_group(process.pid, signal.SIGKILL)
            await process.wait()
