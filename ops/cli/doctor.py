"""`itilnext doctor`: can a fleet work here, and if not, what to do."""

import asyncio

import typer

from ops.console import ExitCode, JsonOption, examples, print_json, print_line, reported_errors

_MARKS = {"ok": "ok   ", "note": "note ", "wrong": "WRONG"}


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command("doctor", epilog=examples("itilnext doctor", "itilnext doctor --json"))(doctor)


def doctor(as_json: JsonOption = False) -> None:
    """Look at settings, broker, topics, rights, transactions, workers, ticks, Redis, view, clocks; name what is wrong.

    Each finding says what to do about it. Nothing is changed.

    Exit codes: 0 nothing is wrong, 1 something is, 2 a setting is wrong, 3 Kafka or Redis can't be reached.
    """
    from ops.diagnosis import diagnose
    from ops.target import load_target

    async def look() -> ExitCode:
        worst, documents = ExitCode.DONE, []
        async for check in diagnose(load_target()):
            if check.verdict == "wrong":
                worst = max(worst, check.exit_code)
            documents.append(
                {"check": check.name, "verdict": check.verdict, "detail": check.detail, "remedy": check.remedy}
            )
            if not as_json:
                print_line(f"{_MARKS[check.verdict]} {check.name}: {check.detail}")
                if check.remedy:
                    print_line(f"      {check.remedy}")
        if as_json:
            print_json({"ok": worst is ExitCode.DONE, "checks": documents})
        return worst

    with reported_errors():
        worst = asyncio.run(look())
        if worst is not ExitCode.DONE:
            raise typer.Exit(worst)
