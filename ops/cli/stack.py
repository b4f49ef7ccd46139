"""`itilnext up`, `down` and `status`: the local stack."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from ops.console import JsonOption, err, examples, print_json, print_line, print_table, reported_errors

DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        show_default="ITILNEXT_STACK__DATA",
        help="Where the stack keeps its data and its logs.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    elsewhere = "itilnext up --detach --workers 5 --data /tmp/desk"
    app.command("up", epilog=examples("itilnext up", elsewhere, "itilnext up --no-ticker"))(up)
    app.command("down", epilog=examples("itilnext down", "itilnext down --data /tmp/desk"))(down)
    app.command("status", epilog=examples("itilnext status", "itilnext status --json"))(status)


def up(
    data: DataOption = None,
    workers: Annotated[int, typer.Option(min=1, max=100, help="How many ticket workers to run.")] = 3,
    ticker: Annotated[
        bool, typer.Option("--ticker/--no-ticker", help="Whether to run the clock of the alerts.")
    ] = True,
    detach: Annotated[bool, typer.Option("--detach", help="Return when it is ready, and leave it running.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Start Kafka, Redis (each where none is configured) and a fleet, and keep them running.

    Prints one line of JSON when all is ready. Ctrl-C ends it, `itilnext down` ends one that was detached.
    """
    from ops.settings import load_settings
    from ops.stack.data import DataFolder
    from ops.stack.detached import SupervisorFailed, start_detached
    from ops.stack.roles import PROGRAM, Fleet
    from ops.stack.up import UpOptions, already_up, run_stack

    def told(line: str) -> None:
        if not as_json:
            err.print(line)

    with reported_errors():
        settings = load_settings()
        folder = DataFolder.at(data or settings.stack.data)
        if detach:
            if folder.is_up:
                raise already_up(folder)
            command = (*PROGRAM, "up", "--json", "--data", str(folder.path), "--workers", str(workers))
            try:
                supervisor = start_detached((*command, "--ticker" if ticker else "--no-ticker"), folder)
            except SupervisorFailed as error:
                typer.echo(error.said, err=True, nl=False)
                raise typer.Exit(error.exit_code) from error
            typer.echo(supervisor.ready_line, nl=False)
            return
        run_stack(UpOptions(folder, settings, Fleet(workers, ticker), told=told, ready=print_json))


def down(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Stop the stack, and leave nothing of it running; its data is kept."""
    from ops.settings import load_settings
    from ops.stack.data import DataFolder
    from ops.stack.down import stop_stack

    with reported_errors():
        folder = DataFolder.at(data or load_settings().stack.data)
        stopped = stop_stack(folder)
        if as_json:
            print_json({"data": str(folder.path), "stopped": stopped})
            return
        print_line(f"Stopped the stack on {folder.path}." if stopped else f"Nothing is up on {folder.path}.")


def status(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Show what of the stack runs now: a table on a terminal, else the line of JSON that `up` printed."""
    from ops.settings import load_settings
    from ops.stack.data import DataFolder
    from ops.stack.status import current_stack

    with reported_errors():
        stack = current_stack(DataFolder.at(data or load_settings().stack.data))
        if as_json or not sys.stdout.isatty():
            print_json(stack.ready_line)
            return
        print_line(f"Kafka at {stack.bootstrap_servers}, Redis at {stack.redis_url}")
        rows = [(name, process.pid if process else None) for name, process in stack.processes.items()]
        print_table("", ("process", "pid"), rows)
