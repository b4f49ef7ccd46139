"""A stack of stand-ins that runs as a process of its own, for tests that look at it, kill it and stop it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parent.parent.parent.parent
PATIENCE = 180.0  # seconds until a test gives up on a condition; what it proves is not how long that takes


@dataclass(frozen=True)
class RunningUp:
    """An `itilnext up` that was started on this data folder."""

    data: Path
    process: subprocess.Popen[str]

    def ready_line(self) -> Any:  # noqa: ANN401  it is JSON
        """Wait until it is ready; return what it printed."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"it ended with code {self.process.wait()}: {self.told()}"
        return json.loads(line)

    def told(self) -> str:
        """What it has said on standard error."""
        return (self.data / "told").read_text()

    def ended(self) -> int:
        """Wait until it has ended; return its exit code."""
        return self.process.wait(PATIENCE)


@contextmanager
def up(data: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> Iterator[RunningUp]:
    """Run a stack of stand-ins as long as the block lasts."""
    data.mkdir(parents=True, exist_ok=True)
    command = (sys.executable, "-m", "tests.ops.stack.stand_in_up", str(data), *arguments)
    with (data / "told").open("w") as told, _heard(signal.SIGHUP):
        process = subprocess.Popen(  # noqa: S603  made here
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=told, text=True, env=clean(environment or {})
        )
    assert process.stdout is not None
    with process.stdout:
        try:
            yield RunningUp(data, process)
        finally:
            process.terminate()
            process.wait(PATIENCE)


@contextmanager
def _heard(number: signal.Signals) -> Iterator[None]:
    """Have a process that is started now hear a signal that the tests themselves may have been told to ignore."""
    before = signal.signal(number, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(number, before)


def cli(*arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end."""
    command = (sys.executable, "-m", "ops", *arguments)
    return subprocess.run(  # noqa: S603  made here
        command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=PATIENCE, env=clean(environment or {})
    )


def clean(environment: Mapping[str, str]) -> dict[str, str]:
    """Our environment with these settings and no others."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("ITILNEXT_")}
    return ours | dict(environment)


def eventually(condition: Callable[[], bool]) -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "the condition has not come true"
        time.sleep(0.05)


def all_gone(pids: Mapping[str, int]) -> bool:
    """Whether none of these processes is left."""
    return not any(psutil.pid_exists(pid) for pid in pids.values())
