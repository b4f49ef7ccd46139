"""`itilnext bench`: how fast the engine is, and where the time goes."""

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ops.bench.figures import Part
from ops.console import CommandFailed, ExitCode, JsonOption, examples, print_json, print_line, reported_errors

if TYPE_CHECKING:
    from ops.bench.figures import Sizes
    from ops.bench.report import Results


_PARTS = f"What to measure, all of it where nothing is named: {', '.join(Part)}."


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    shown = examples(
        "itilnext bench", "itilnext bench throughput --rounds 5", "itilnext bench --json --report bench-report.md"
    )
    app.command("bench", epilog=shown)(bench)


def bench(
    what: Annotated[Part | None, typer.Argument(metavar="PART", help=_PARTS, show_default=False)] = None,
    *,
    commands: Annotated[int, typer.Option("--commands", min=100, help="Commands in each log worked off.")] = 120_000,
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="How often each measurement is repeated.")] = 3,
    tickets: Annotated[
        int, typer.Option("--tickets", min=100, help="Tickets in the view for memory, rebuild, queue and alerts.")
    ] = 200_000,
    seconds: Annotated[int, typer.Option("--seconds", min=1, help="How long each latency run sends.")] = 15,
    workers: Annotated[int, typer.Option("--workers", min=1, max=12, help="Most workers in the scaling runs.")] = 4,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE.md", help="Write the results there, as Markdown.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure the engine beside the fastest loop of the same kind, in one go on the same servers.

    Runs on an embedded Kafka and Valkey of its own, or on those the settings name, under prefixes of its own that are
    deleted afterwards. Quix Streams and businesstimedelta are compared with where they are installed (`uv sync --group
    bench`). All of it takes some twelve minutes; docs/benchmarks.md tells how to read it.
    """
    from ops.bench.figures import Sizes
    from ops.bench.report import as_json as plain
    from ops.bench.report import as_markdown, print_results
    from ops.stack.interruption import interruptible

    with reported_errors(), interruptible():
        _require_writable(report)
        results = _measured(what, Sizes(commands, rounds, tickets, seconds, workers))
        if report is not None:
            report.write_text(as_markdown(results), encoding="utf-8")
        if as_json:
            print_json(plain(results))
        else:
            print_results(results)
            if report is not None:
                print_line("")
                print_line(f"The report is in {report}.")


def _measured(what: Part | None, sizes: "Sizes") -> "Results":
    from ops.bench.bench import Bench
    from ops.bench.run import run_bench
    from ops.bench.screen import screen
    from ops.bench.servers import bench_servers
    from ops.embedded import EmbeddedServerError
    from ops.settings import load_settings

    parts = tuple(Part) if what is None else (what,)
    try:
        with bench_servers(load_settings()) as servers, screen() as shown:
            return asyncio.run(run_bench(Bench(servers, sizes, shown), parts))
    except EmbeddedServerError as error:
        # The log it names goes with the bench's folder, so its last line is told here.
        last_words = "".join(getattr(error, "__notes__", ())).strip().rpartition("\n")[2]
        raise CommandFailed(str(error), last_words) from error
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise CommandFailed("Stopped before it was done.") from None


def _require_writable(report: Path | None) -> None:
    """Refuse a report that can't be written, before minutes are spent on it."""
    if report is None:
        return
    place = report if report.exists() else report.parent
    if report.is_dir() or not os.access(place, os.W_OK):
        raise CommandFailed(f"{report} can't be written", "Name another file.", ExitCode.USAGE)
