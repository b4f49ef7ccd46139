"""`itilnext up --detach`: a supervisor with a session of its own, that outlives the terminal it was started from.

The supervisor is an ordinary `itilnext up`; this waits for its ready line, and passes it on. Interrupted while it
waits, it ends the supervisor, which ends everything else.
"""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from ops.stack.data import DataFolder
from ops.stack.interruption import interruptible


class SupervisorFailed(Exception):
    """The supervisor ended before its stack was ready: `said` is what it told on standard error."""

    def __init__(self, exit_code: int, said: str) -> None:
        super().__init__(f"the supervisor ended with code {exit_code}")
        self.exit_code = exit_code
        self.said = said


@dataclass(frozen=True, slots=True)
class Detached:
    """A supervisor whose stack is ready, and the line it told that with."""

    ready_line: str
    process: subprocess.Popen[bytes]


def start_detached(command: Sequence[str], folder: DataFolder) -> Detached:
    """Start a supervisor, and return when its stack is ready.

    Raises:
        SupervisorFailed: it ended before it was ready.
        CommandFailed: the folder can't be made.
    """
    told = folder.log("up")
    folder.make()
    with told.open("w+b") as errors, interruptible():
        supervisor = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, start_new_session=True
        )
        assert supervisor.stdout is not None, "its output was asked for"
        with supervisor.stdout:
            try:
                line = supervisor.stdout.readline()
            except KeyboardInterrupt:
                supervisor.terminate()
                supervisor.wait()
                raise
        if not line:
            raise SupervisorFailed(supervisor.wait(), told.read_text(encoding="utf-8", errors="replace"))
    return Detached(line.decode(), supervisor)
