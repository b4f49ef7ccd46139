"""`itilnext demo`: the main job on a real incident log, start to verdict."""

import typer

from ops.console import ExitCode, JsonOption, err, examples, print_json, print_line, reported_errors


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("demo", epilog=examples("itilnext demo", "itilnext demo --json"))(demo)


def demo(as_json: JsonOption = False) -> None:
    """Run 250 real incidents through a fleet of three workers, alerts and all, and report what became of them.

    On the morning after, customers come back and are compensated: at once, with a team lead's or a manager's approval.
    Kafka and Redis are started for it where none are named. Everything it started or wrote is gone when it ends, also
    after Ctrl-C. Exit code 1: a ticket lost its owner, a command came to nothing, a rule was not kept, or the audit
    found something wrong.
    """
    import asyncio

    from ops.cases import find_case
    from ops.demo.printing import helped_incident, print_demo
    from ops.demo.run import demonstrate
    from ops.demo.stack import StackDidNotStart, demo_stack
    from ops.importing import Import, watch_for
    from ops.sample import INCIDENT_LOG
    from ops.settings import load_settings

    with reported_errors():
        settings, log = load_settings(), Import.of(INCIDENT_LOG)
        try:
            with demo_stack(settings, quiet=as_json) as target:
                with watch_for() as watch:
                    done = asyncio.run(demonstrate(target, log, watch))
                if as_json:
                    print_json(done.document)
                else:
                    print_demo(done, log, asyncio.run(find_case(target, helped_incident(log.commands))))
                    print_line("")
                    err.print("Stopping the demo's fleet, and removing all it has written.")
        except StackDidNotStart as error:
            raise typer.Exit(error.exit_code) from error
        except KeyboardInterrupt:
            err.print("Stopped; nothing of the demo is left.")
            raise typer.Exit(ExitCode.FOUND_WRONG) from None
    if not done.keeps_the_promise:
        raise typer.Exit(ExitCode.FOUND_WRONG)
