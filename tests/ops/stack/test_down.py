"""`down` ends what a killed supervisor has left, and nothing of a stack that comes up meanwhile; it comes to an end."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ops.console import CommandFailed
from ops.embedded.process import ProcessIdentity
from ops.stack import down
from ops.stack.data import DataFolder, StackRecord
from ops.stack.down import stop_stack


@dataclass(frozen=True)
class SoonTaken(DataFolder):
    """A folder on which the next stack comes up as soon as somebody has seen that none is."""

    next_one: ExitStack = field(default_factory=ExitStack)

    @property
    def is_up(self) -> bool:
        was_up = super().is_up
        if not was_up:
            fcntl.flock(self.next_one.enter_context(self.lock_file.open("a")), fcntl.LOCK_EX)
        return was_up


@pytest.fixture
def worker() -> Iterator[subprocess.Popen[bytes]]:
    """A process that runs until it is killed."""
    with subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"]) as process:
        yield process
        process.kill()


def recorded(folder: DataFolder, process: subprocess.Popen[bytes]) -> ProcessIdentity:
    """Leave a record of this process, as a supervisor that is gone has left it."""
    folder.make()
    gone = ProcessIdentity(os.getpid(), started=0.0)
    worker = ProcessIdentity.of(process.pid)
    folder.write(StackRecord(supervisor=gone, processes={"ticket-1": worker}))
    return worker


def test_what_was_left_is_killed(tmp_path: Path, worker: subprocess.Popen[bytes]) -> None:
    folder = DataFolder.at(tmp_path)
    left = recorded(folder, worker)
    assert not stop_stack(folder), "nothing was up"
    assert left.process() is None


def test_what_a_stack_has_that_comes_up_meanwhile_goes_on(tmp_path: Path, worker: subprocess.Popen[bytes]) -> None:
    folder = SoonTaken(tmp_path)
    new = recorded(folder, worker)
    with folder.next_one:
        stop_stack(folder)
    assert new.process() is not None


def test_a_lock_that_nobody_on_record_holds_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(down, "STOPPED_WITHIN", 0.0)
    folder = DataFolder.at(tmp_path)
    with folder.held(), pytest.raises(CommandFailed, match="not on record") as failed:
        stop_stack(folder)
    assert str(folder.lock_file) in failed.value.remedy
