"""`itilnext import ...`: incident logs of other tools."""

from pathlib import Path
from typing import Annotated

import typer

from ops.console import ExitCode, JsonOption, examples, print_json, reported_errors

import_app = typer.Typer(name="import", no_args_is_help=True, help="Import the incident log of another tool.")


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(import_app)


@import_app.command("servicenow", epilog=examples("itilnext import servicenow incidents.csv"))
def servicenow(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An incident log as CSV: one row per change.")],
    ticks: Annotated[
        str | None,
        typer.Option(
            "--ticks",
            metavar="DURATION",
            help="Let the log's time pass in such steps, 1h say, and raise its alerts. Wants a fleet without a ticker.",
            show_default="no alerts",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Import a ServiceNow incident log into the fleet that runs, and wait for every outcome.

    An owner keeps the ticket: where the log hands it on, an envelope asks the next one in. Importing a file again
    changes nothing. Exit code 1: the audit of the whole log found something wrong.
    """
    import asyncio

    from ops.durations import parse_interval
    from ops.importing import Import, import_audited, watch_for
    from ops.importing.printing import print_report
    from ops.target import load_target

    with reported_errors():
        every = None if ticks is None else parse_interval(ticks, "--ticks")
        target = load_target()
        log = Import.of(file)
        with watch_for() as watch:
            report = asyncio.run(import_audited(target, log, watch, every))
        if as_json:
            print_json(report.model_dump(mode="json"))
        else:
            print_report(report)
    if report.audit is None or not report.audit.holds:
        raise typer.Exit(ExitCode.FOUND_WRONG)
