"""`itilnext tail` and `lag`: what happens on the topics, and how far the workers are behind."""

import asyncio
from contextlib import suppress
from typing import Annotated, cast, get_args

import typer

from ops.console import (
    CommandFailed,
    ExitCode,
    JsonOption,
    examples,
    print_json,
    print_line,
    print_table,
    reported_errors,
)


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    one_ticket = "itilnext tail events --ticket INC-2026-03-000017 --from-start --until-end"
    app.command("tail", epilog=examples("itilnext tail", one_ticket, "itilnext tail rejections dlq --json"))(tail)
    app.command("lag", epilog=examples("itilnext lag", "itilnext lag --json"))(lag)


def tail(
    topics: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TOPIC", help="Any of events, rejections, dlq, commands.", show_default="events rejections"
        ),
    ] = None,
    *,
    ticket: Annotated[
        str | None, typer.Option("--ticket", metavar="ID", help="Only what is about this ticket.")
    ] = None,
    from_start: Annotated[
        bool, typer.Option("--from-start", help="Begin with the oldest, not with what comes.")
    ] = False,
    until_end: Annotated[bool, typer.Option("--until-end", help="Stop at what is the end now.")] = False,
    limit: Annotated[int | None, typer.Option("--limit", min=0, metavar="N", help="Stop after so many.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Follow topics, one line a record; Ctrl-C ends it.

    Only what is committed is shown, as every consumer should read it. Order holds within a ticket.
    A line has the time, partition and offset, the ticket, its version, what happened, and the fields.
    """
    from ops.describing import Describer
    from ops.following import Shown, TopicName, follow
    from ops.target import load_target

    names = tuple(dict.fromkeys(topics or ("events", "rejections")))

    async def show() -> None:
        unknown = [name for name in names if name not in get_args(TopicName)]
        if unknown:
            known = ", ".join(get_args(TopicName))
            raise CommandFailed(f"{unknown[0]!r} can't be followed", f"There are: {known}.", ExitCode.USAGE)
        target = load_target()
        describer = Describer(target.topics)
        shown = Shown(cast("tuple[TopicName, ...]", names), ticket, from_start, until_end, limit)
        async for record in follow(target, shown):
            if as_json:
                print_json(describer.document(record))
            else:
                print_line(describer.line(record))

    with reported_errors(), suppress(KeyboardInterrupt):
        asyncio.run(show())


def lag(as_json: JsonOption = False) -> None:
    """Show how many commands wait to be decided, by partition.

    `committed` is the offset up to which the ticket workers have decided, `end` where the log ends.
    A lag that grows means too few workers, or none: see `itilnext doctor`.
    """
    from ops.lag import measure_lag
    from ops.target import load_target

    with reported_errors():
        found = asyncio.run(measure_lag(load_target()))
        rows = [(each.partition, each.committed, each.end, each.lag) for each in found.partitions]
        columns = ("partition", "committed", "end", "lag")
        if as_json:
            partitions = [dict(zip(columns, row, strict=True)) for row in rows]
            print_json({"group": found.group, "total": found.total, "partitions": partitions})
            return
        print_table(f"Lag of {found.group}", columns, rows)
        print_line(f"total {found.total}")
