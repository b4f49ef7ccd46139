"""The engine's own processes, run as an operator runs them: by command line, with settings in the environment."""

import asyncio
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ops.embedded.process import Command, spawn, stop

STOP_SECONDS = 120.0
COMMAND_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command that has ended printed, and its exit code."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Operator:
    """Runs commands with these settings; the output of workers goes to files in `folder`."""

    environment: Mapping[str, str]
    folder: Path

    async def run(self, *arguments: str, **environment: str) -> Ran:
        """Run a command to its end."""
        command = Command((), self.folder / "unused", {**self.environment, **environment})
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "ops", *arguments),
            env=command.full_environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(COMMAND_SECONDS):
                out, err = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
        return Ran(process.returncode or 0, out.decode(), err.decode())

    def start(self, name: str, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start a worker that ends with this process; its output is added to `<name>.log`."""
        argv = (sys.executable, "-m", "ops", *arguments)
        return spawn(Command(argv, self.log_of(name), {**self.environment, **environment}))

    def log_of(self, name: str) -> Path:
        """Return where a worker's output is."""
        return self.folder / f"{name}.log"


async def stopped(process: subprocess.Popen[bytes]) -> int:
    """Send SIGTERM, wait for the end, and return the exit code; negative where the process had to be killed."""
    await asyncio.to_thread(stop, process, STOP_SECONDS)
    return process.returncode
