"""`itilnext dlq list` and `dlq replay`: what could not be read as a command."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from ops.console import (
    CommandFailed,
    ExitCode,
    JsonOption,
    counted,
    examples,
    print_json,
    print_line,
    print_table,
    reported_errors,
)

if TYPE_CHECKING:
    from ops.dead_letters import DeadLetter, Replayed, Wanted

CodeOption = Annotated[str | None, typer.Option("--code", help="Those with this error code.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    dlq = typer.Typer(no_args_is_help=True, help="What could not be read as a command: list it, send it again.")
    dlq.command("list", epilog=examples("itilnext dlq list", "itilnext dlq list --code bad_key --json"))(list_letters)
    shown = ("itilnext dlq replay --partition 3 --offset 17", "itilnext dlq replay --code internal_error")
    dlq.command("replay", epilog=examples(*shown, "itilnext dlq replay --all"))(replay)
    app.add_typer(dlq, name="dlq")


def list_letters(
    code: CodeOption = None,
    limit: Annotated[int, typer.Option("--limit", min=1, metavar="N", help="Show the newest so many.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """List what is in the DLQ: where, why, and where it lay when it was received."""
    with reported_errors():
        from ops.dead_letters import newest_dead_letters
        from ops.target import load_target

        summary = asyncio.run(newest_dead_letters(load_target(), _wanted(code=code), limit))
        letters = [_plain(letter) for letter in summary.newest]
        if as_json:
            print_json({"total": summary.codes.total(), "codes": dict(summary.codes), "records": letters})
            return
        columns = ("partition", "offset", "code", "message", "received_at", "key")
        print_table("", columns, [[letter[name] for name in columns] for letter in letters])
        codes = ", ".join(f"{name} {count:,}" for name, count in summary.codes.most_common())
        print_line(f"{summary.codes.total():,} in the DLQ{': ' if codes else ''}{codes}")
        if summary.codes.total() > len(letters):
            print_line(f"shown: the newest {len(letters):,}; --limit shows more")


def replay(
    partition: Annotated[int | None, typer.Option("--partition", min=0, help="With --offset: this one.")] = None,
    offset: Annotated[int | None, typer.Option("--offset", min=0, help="With --partition: this one.")] = None,
    code: CodeOption = None,
    every: Annotated[bool, typer.Option("--all", help="All there are now.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Send records of the DLQ to the commands topic again, as they were received, with a new timestamp.

    The DLQ itself is not changed. What is still bad ends there again; what was accepted meanwhile is a duplicate and
    does nothing.
    """
    with reported_errors():
        from ops.dead_letters import replay as send_again
        from ops.target import load_target

        one = partition is not None and offset is not None
        if [one or partition is not None or offset is not None, code is not None, every].count(True) != 1 or (
            not one and (partition is not None or offset is not None)
        ):
            problem = "say which: --partition and --offset, --code, or --all"
            raise CommandFailed(problem, "`itilnext dlq list` shows what is there.", ExitCode.USAGE)
        done = asyncio.run(send_again(load_target(), _wanted(partition, offset, code)))
        _print_replayed(done, as_json=as_json)
        if done.skipped or (one and not done.sent):
            raise typer.Exit(ExitCode.FOUND_WRONG)


def _wanted(partition: int | None = None, offset: int | None = None, code: str | None = None) -> "Wanted":
    from contracts.dead_letters import DlqCode
    from ops.dead_letters import Wanted

    if code is not None and code not in get_args(DlqCode):
        raise CommandFailed(f"{code!r} is no error code", f"There are: {', '.join(get_args(DlqCode))}.", ExitCode.USAGE)
    return Wanted(partition, offset, code)


def _plain(letter: "DeadLetter") -> dict[str, Any]:
    from ops.describing import shown_key

    return {
        "partition": letter.record.partition,
        "offset": letter.record.offset,
        "code": letter.code,
        "message": letter.message,
        "received_at": f"{letter.received_at.partition}:{letter.received_offset}",
        "key": shown_key(letter.record),
    }


def _print_replayed(done: "Replayed", *, as_json: bool) -> None:
    if as_json:
        skipped = [{"partition": p, "offset": o, "reason": reason} for p, o, reason in done.skipped]
        sent, copies = ([{"partition": p, "offset": o} for p, o in found] for found in (done.sent, done.copies))
        print_json({"replayed": sent, "copies": copies, "skipped": skipped})
        return
    for partition, offset, reason in done.skipped:
        print_line(f"not sent again: {partition}:{offset}: {reason}")
    if done.copies:
        passed_over = counted(len(done.copies), "copy", "copies")
        print_line(f"{passed_over} of those sent: replayed before, and still bad then")
    print_line(f"{len(done.sent):,} sent again, {len(done.skipped):,} not")
