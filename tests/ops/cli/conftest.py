"""The command line as an operator types it, within this process, on the Kafka and Redis of the run."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from typer.testing import CliRunner

from ops.cli import build_app
from tests.stack import Stack

PARTITIONS = 4


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command did."""

    exit_code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401  whatever the command printed
        """Return the one document it printed."""
        return json.loads(self.out)

    @property
    def documents(self) -> list[Any]:
        """Return the documents it printed, one a line."""
        return [json.loads(line) for line in self.out.splitlines()]


Itilnext = Callable[..., Ran]


@pytest.fixture
def itilnext() -> Itilnext:
    """Return what runs a command in the environment as it is; an error that is none of the operator's is raised."""

    def run(*words: str) -> Ran:
        result = CliRunner().invoke(build_app(), words)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ran(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
def settings(stack: Stack, prefix: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Name the servers of the run and a fleet of its own in the environment; return what was set."""
    named = stack.environment | {
        "ITILNEXT_TOPICS__PREFIX": prefix,
        "ITILNEXT_TOPICS__PARTITIONS": str(PARTITIONS),
    }
    for name, value in named.items():
        monkeypatch.setenv(name, value)
    return named
