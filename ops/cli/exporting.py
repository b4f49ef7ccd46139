"""`itilnext export`: the history as files for questions in SQL."""

from pathlib import Path
from typing import Annotated

import typer

from ops.console import (
    CommandFailed,
    ExitCode,
    JsonOption,
    counted,
    err,
    examples,
    print_json,
    print_line,
    reported_errors,
)

_EXTRA = "pip install 'itilnext-engine[analytics]', or `make setup` in a clone."
_MEGABYTE = 1_000_000


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("export", epilog=examples("itilnext export --to history", "itilnext export --to history --json"))(
        export
    )


def export(
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="A new folder, or an empty one.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Write the whole history into a folder as Parquet: `events.parquet` and `resolutions.parquet`.

    DuckDB, Spark and the like ask SQL of them; docs/analytics.md has the columns and examples. The fleet may be at
    work: what was committed when the export began is in it. An export that was broken off leaves no file that looks
    whole.
    """
    import asyncio

    from ops.stack.interruption import interruptible
    from ops.target import load_target

    with reported_errors(), interruptible():
        try:
            from ops.exporting import export as run_export
        except ModuleNotFoundError as error:
            if error.name != "pyarrow":
                raise
            raise CommandFailed(
                "writing Parquet needs pyarrow, which is not installed", _EXTRA, ExitCode.USAGE
            ) from error

        def tell(behind: int, total: int) -> None:
            status.update(f"read {behind:,} of {counted(total, 'offset')} of the events topic")

        target = load_target()
        try:
            with err.status("reading the log") as status:
                exported = asyncio.run(run_export(target, to, tell))
        except KeyboardInterrupt:
            raise CommandFailed("Stopped; nothing of this export is left.") from None
        if as_json:
            print_json(exported.model_dump())
        else:
            print_line(
                f"{counted(exported.events, 'event')} and {counted(exported.resolutions, 'resolution')} are in "
                f"{exported.folder} ({exported.bytes / _MEGABYTE:.1f} MB, {exported.seconds:.1f} s)."
            )
