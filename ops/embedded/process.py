"""Child processes that never outlive this one: how they are started, asked to stop, and recognised later.

Each child leads a process group of its own, so that Ctrl-C reaches this process alone, which then stops its children
in order. Nothing here knows what the children are.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from ops.embedded.errors import ServerFailed

LAUNCHER = Path(__file__).with_name("launcher.py")
CLOCK_STEP = 10.0
"""Seconds by which one process's start may seem to move: it is counted from boot, and the wall clock gets corrected."""

# The kernel ties a child to the *thread* that started it. A test, or a program, may start a server from a thread that
# ends soon; so all are started by this one, which ends when the interpreter does.
_starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="starts-servers")


@dataclass(frozen=True, slots=True)
class Command:
    """A program to run: its arguments, what its environment has beside ours, and the file its output is added to."""

    argv: tuple[str, ...]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def launched(self) -> tuple[str, ...]:
        """The arguments that run it tied to this process's life."""
        return (sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), *self.argv)

    @property
    def full_environment(self) -> dict[str, str]:
        """Our environment with the command's own variables in it."""
        return {**os.environ, **self.environment}


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """A process id together with when it started: ids are used again, the pair is not."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> "ProcessIdentity":
        """Identify a process that runs now.

        Raises:
            psutil.NoSuchProcess: when it does not.
        """
        return cls(pid, psutil.Process(pid).create_time())

    def process(self) -> psutil.Process | None:
        """Return the process while it runs, None once it is gone or is a zombie."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < CLOCK_STEP
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


def spawn(command: Command) -> subprocess.Popen[bytes]:
    """Start a child tied to the life of this process, in a group of its own, its output added to its log."""
    command.log.parent.mkdir(parents=True, exist_ok=True)
    with command.log.open("ab") as log:
        return _starter.submit(
            subprocess.Popen,
            command.launched,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=command.full_environment,
            process_group=0,
        ).result()


def run_to_end(command: Command, purpose: str) -> None:
    """Run a tool and wait for it; it is killed when this is interrupted.

    Raises:
        ServerFailed: when it does not exit with 0.
    """
    command.log.parent.mkdir(parents=True, exist_ok=True)
    with command.log.open("wb") as log:
        done = subprocess.run(
            command.launched,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=command.full_environment,
            check=False,
        )
    if done.returncode != 0:
        raise ServerFailed(f"{purpose} failed with exit code {done.returncode}", command.log)


def signal_group(pid: int, number: signal.Signals) -> None:
    """Send a signal to a child and all that it has started; a group that is gone already needs none."""
    with suppress(ProcessLookupError):
        os.killpg(pid, number)


def stop(process: subprocess.Popen[bytes], grace: float) -> None:
    """Ask a child to end, and end it after `grace` seconds."""
    if process.poll() is None:
        signal_group(process.pid, signal.SIGTERM)
        try:
            process.wait(grace)
        except subprocess.TimeoutExpired:
            signal_group(process.pid, signal.SIGKILL)
            process.wait()
