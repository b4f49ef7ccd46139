"""`itilnext demo`: the main job on a real incident log, start to verdict."""

from datetime import timedelta

import typer

from ops.console import ExitCode, JsonOption, err, examples, print_json, print_line, reported_errors

TICKS = timedelta(hours=6)
"""Steps of the log's time. It spans ten months: at every hour its alerts would take some minutes longer."""


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("demo", epilog=examples("itilnext demo", "itilnext demo --json"))(demo)


def demo(as_json: JsonOption = False) -> None:
    """Run 250 real incidents through a fleet of three workers, alerts and all, and report what became of them.

    Kafka and Redis are started for it where none are named. Everything it started or wrote is gone when it ends, also
    after Ctrl-C. Exit code 1: a ticket lost its owner, a command came to nothing, or the audit found something wrong.
    """
    import asyncio

    from ops.cases import find_case
    from ops.demo.printing import helped_incident, print_demo
    from ops.demo.stack import StackDidNotStart, demo_stack
    from ops.importing import Import, import_audited, watch_for
    from ops.sample import INCIDENT_LOG
    from ops.settings import load_settings

    with reported_errors():
        settings, log = load_settings(), Import.of(INCIDENT_LOG)
        try:
            with demo_stack(settings, quiet=as_json) as target:
                with watch_for() as watch:
                    report = asyncio.run(import_audited(target, log, watch, TICKS))
                if as_json:
                    print_json(report.model_dump(mode="json"))
                else:
                    print_demo(report, log, asyncio.run(find_case(target, helped_incident(log.commands))))
                    print_line("")
                    err.print("Stopping the demo's fleet, and removing all it has written.")
        except StackDidNotStart as error:
            raise typer.Exit(error.exit_code) from error
        except KeyboardInterrupt:
            err.print("Stopped; nothing of the demo is left.")
            raise typer.Exit(ExitCode.FOUND_WRONG) from None
    if not report.keeps_the_promise:
        raise typer.Exit(ExitCode.FOUND_WRONG)
