"""What lies in a stack's data folder: the servers' data, logs, a lock, and the record of what runs.

The lock is held by the supervisor as long as it lives, and the kernel lets go of it however the supervisor ends: it
alone says whether a stack is up. The record says which processes that are; it is replaced as a whole, so that a reader
never sees half of it, nor one after a power cut. Nothing is started or stopped here.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from ops.console import CommandFailed, ExitCode
from ops.embedded.process import ProcessIdentity
from ops.environment import variable

log = structlog.get_logger(__name__)

SETTING_OF = {"kafka": variable("kafka", "bootstrap_servers"), "valkey": variable("redis", "url")}
"""The setting that names each server; where it is set, none is embedded."""

_GLANCE = 0.5
"""Seconds after which a held lock is a supervisor's: who only looks whether a stack is up holds it for an instant."""


class StackRecord(BaseModel):
    """What runs on a data folder: None for a process that is down at the moment."""

    model_config = ConfigDict(frozen=True)

    supervisor: ProcessIdentity
    ready: bool = False
    bootstrap_servers: str = ""
    redis_url: str = ""
    """As it may be shown: without a password."""
    processes: dict[str, ProcessIdentity | None] = {}

    @property
    def ready_line(self) -> dict[str, object]:
        """What `up` prints when the stack is ready, and `status` as of now (SPEC section 10)."""
        return {
            "bootstrap_servers": self.bootstrap_servers,
            "redis_url": self.redis_url,
            "pids": {name: process.pid if process else None for name, process in self.processes.items()},
        }


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The data folder of one stack."""

    path: Path

    @classmethod
    def at(cls, given: Path | None) -> "DataFolder":
        """Return the folder that was asked for, else the user's own."""
        return cls((given or default_folder()).expanduser().resolve())

    @property
    def record_file(self) -> Path:
        """Where the record of what runs is."""
        return self.path / "stack.json"

    @property
    def lock_file(self) -> Path:
        """The file whose lock the supervisor holds."""
        return self.path / "stack.lock"

    def make(self) -> None:
        """Make the folder where it is not there yet.

        Raises:
            CommandFailed: it can't be made, or not be written to.
        """
        try:
            self.log("up").parent.mkdir(parents=True, exist_ok=True)
            self.lock_file.touch()
        except OSError as error:
            raise self._refusal(error) from error

    def log(self, name: str) -> Path:
        """Return the log of the process of that name."""
        return self.path / "logs" / f"{name}.log"

    def write(self, record: StackRecord) -> None:
        """Replace the record, with one that is on the disk by then."""
        new = self.record_file.with_suffix(".new")
        with new.open("w", encoding="utf-8") as file:
            file.write(record.model_dump_json())
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.record_file)

    def read(self) -> StackRecord | None:
        """Return the record, whether the stack is up or not; None where there is none, or none that can be understood.

        Raises:
            CommandFailed: the folder is none, or may not be read.
        """
        try:
            return StackRecord.model_validate_json(self.record_file.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError:
            _tell_of_unreadable(self.record_file)
            return None
        except OSError as error:
            raise self._refusal(error) from error

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Take the lock, and hold it; gives False when a stack is up on this folder."""
        self.make()
        with self.lock_file.open("a") as lock:
            deadline = time.monotonic() + _GLANCE
            while not (taken := _taken(lock, fcntl.LOCK_EX)) and time.monotonic() < deadline:
                time.sleep(_GLANCE / 20)
            yield taken

    @property
    def is_up(self) -> bool:
        """Whether a supervisor runs on this folder now.

        Raises:
            CommandFailed: the folder is none, or may not be read.
        """
        try:
            with self.lock_file.open() as lock:
                return not _taken(lock, fcntl.LOCK_SH)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise self._refusal(error) from error

    def _refusal(self, error: OSError) -> CommandFailed:
        problem = f"{self.path} can't hold the data of a stack: {error.strerror}"
        remedy = f"Name another folder, with --data or {variable('stack', 'data')}."
        return CommandFailed(problem, remedy, ExitCode.USAGE)


@cache
def _tell_of_unreadable(record_file: Path) -> None:
    """Tell of a record that is none, once: who waits for another one reads it again and again."""
    log.warning("what ran is not known: the record of it can't be read", file=str(record_file))


def _taken(lock: IO[str], how: int) -> bool:
    try:
        fcntl.flock(lock, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def default_folder() -> Path:
    """Return the folder in which this user's stack keeps its data when none is named."""
    configured = os.environ.get("XDG_DATA_HOME", "")
    # The XDG specification: a relative path is invalid and is to be ignored.
    home = Path(configured) if configured.startswith("/") else Path.home() / ".local" / "share"
    return home / "itilnext"
