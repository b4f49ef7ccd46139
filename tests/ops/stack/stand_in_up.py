"""`itilnext up` with stand-ins for the workers: `python -m tests.ops.stack.stand_in_up DATA [GROUP or "broken"]`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from ops.console import err, print_json, reported_errors
from ops.settings import load_settings
from ops.stack.data import DataFolder
from ops.stack.roles import Fleet, Role
from ops.stack.up import UpOptions, run_stack

WORKERS = 2
STAND_IN = (sys.executable, "-m", "tests.ops.stack.stand_in_worker")


def roles(kind: str) -> tuple[Role, ...]:
    """A role with a group and one without; `kind` is the group, and what the stand-in is told."""
    return Role("ticket", (kind,), group=kind, scaled=True), Role("directory", ())


def up(data: Path, kind: Annotated[str, typer.Argument()] = "stand-in") -> None:
    with reported_errors():
        fleet = Fleet(WORKERS, roles=roles(kind), program=STAND_IN)
        run_stack(UpOptions(DataFolder.at(data), load_settings(), fleet, told=err.print, ready=print_json))


if __name__ == "__main__":
    typer.run(up)
