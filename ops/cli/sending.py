"""`itilnext send`: commands and directory entries, from a file or built from words."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer

from ops.console import CommandFailed, ExitCode, JsonOption, examples, print_json, print_line, reported_errors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ops.composing import Signature
    from ops.target import Target

_STDIN = "-"
_DIRECTORY = "directory."


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    shown = examples(
        "itilnext send commands.ndjson",
        "connector | itilnext send -",
        'itilnext send ticket.open T-1 subject="Printer on fire" priority=high --wait',
        "itilnext send ticket.accept T-1 agent_id=a1 --wait",
        """itilnext send directory.agent a1 name=Ada role=team_lead team_ids='["network"]' max_tickets=40""",
        "itilnext send directory.agent a1 --delete",
    )
    app.command("send", epilog=shown)(send)


@dataclass(frozen=True, slots=True)
class _Words:
    """What is to be built from the command line."""

    name: str
    id: str
    fields: "Sequence[str]"


def _names(incomplete: str) -> list[str]:
    """Complete the name of a command or directory entry."""
    from ops.composing import known_names

    return [name for name in known_names() if name.startswith(incomplete)]


def _fields(context: typer.Context, incomplete: str) -> list[str]:
    """Complete a field of what is being built, up to its value."""
    from ops.composing import known_fields

    return [f"{name}=" for name in known_fields(context.params["what"]) if name.startswith(incomplete)]


def send(
    what: Annotated[
        str,
        typer.Argument(metavar="FILE|-|NAME", help="A file, - for stdin, or a command's name.", autocompletion=_names),
    ],
    subject: Annotated[
        str | None, typer.Argument(metavar="ID", help="With a name: the ticket, or the directory entry.")
    ] = None,
    fields: Annotated[
        list[str] | None,
        typer.Argument(metavar="FIELD=VALUE", help="Lists, maps and numbers as JSON.", autocompletion=_fields),
    ] = None,
    *,
    command_id: Annotated[
        str | None, typer.Option("--id", help="The command's id: one that was accepted before does nothing.")
    ] = None,
    source: Annotated[str, typer.Option("--source", help="Who sends it.")] = "/itilnext/cli",
    time: Annotated[
        str | None, typer.Option("--time", help="When it happened, e.g. 2026-11-24T09:30:00Z; else when it is sent.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the outcome; exit code 1 unless accepted.")] = False,
    timeout: Annotated[float, typer.Option("--timeout", min=0, help="Seconds to wait for it.")] = 30.0,
    delete: Annotated[bool, typer.Option("--delete", help="Delete the directory entry.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Send commands and directory entries: NDJSON CloudEvents, one a line, or one built from words.

    A file is checked as a whole before anything of it is sent; from stdin each line is sent as it comes.
    """
    with reported_errors():
        from ops.composing import Signature, known_names
        from ops.target import load_target

        only_for = {"--id": command_id, "--time": time, "--wait": wait}
        target = load_target()
        if what in known_names() or what.startswith(_DIRECTORY):
            if subject is None:
                raise _misused(f"{what} needs an id: itilnext send {what} ID FIELD=VALUE ...")
            words = _Words(what, subject, fields or ())
            if what.startswith(_DIRECTORY):
                _refuse("a command's name", only_for)
                _send_entry(target, words, source, delete=delete, as_json=as_json)
            else:
                _refuse("a directory entry's name", {"--delete": delete})
                signature = Signature(str(uuid4()) if command_id is None else command_id, source, time)
                _send_command(target, words, signature, timeout=timeout if wait else None, as_json=as_json)
        else:
            path = _path(what)
            _refuse("a command's or directory entry's name", {**only_for, "--delete": delete, "ID": subject})
            _send_lines(target, path, as_json=as_json)


def _misused(problem: str) -> CommandFailed:
    return CommandFailed(problem, "See `itilnext send --help`.", ExitCode.USAGE)


def _refuse(what_for: str, given: "Mapping[str, object]") -> None:
    wrong = [name for name, value in given.items() if value not in (None, False)]
    if wrong:
        raise _misused(f"{', '.join(wrong)} can only be used with {what_for}")


def _path(what: str) -> Path | None:
    """Return the file that is meant, None for standard input."""
    from ops.composing import unknown_name

    if what == _STDIN:
        return None
    path = Path(what)
    if not path.exists():
        raise unknown_name(what)
    return path


def _send_lines(target: "Target", path: Path | None, *, as_json: bool) -> None:
    from ops.feeding import check_file, feed_file

    if path is not None:
        check_file(path, target.topics)
    fed = asyncio.run(feed_file(target, path))
    if as_json:
        print_json({"sent": fed.commands + fed.entries, "commands": fed.commands, "directory_entries": fed.entries})
    else:
        print_line(f"sent {fed.commands} commands and {fed.entries} directory entries")


def _send_entry(target: "Target", words: _Words, source: str, *, delete: bool, as_json: bool) -> None:
    from ops.composing import compose_entry, kind_of
    from ops.outcome import delete_entry, send_only

    if delete:
        if words.fields:
            raise _misused("an entry that is deleted has no fields")
        delivery = asyncio.run(delete_entry(target, kind_of(words.name), words.id))
    else:
        delivery = asyncio.run(send_only(target, compose_entry(words.name, words.id, words.fields, source)))
    where = {"topic": delivery.topic, "partition": delivery.partition, "offset": delivery.offset}
    if as_json:
        print_json({"key": f"{kind_of(words.name)}:{words.id}", "deleted": delete, **where})
    else:
        done = "deleted" if delete else "sent"
        print_line(f"{done} {words.name} {words.id} in {delivery.topic} {delivery.partition}:{delivery.offset}")


def _send_command(
    target: "Target", words: _Words, signature: "Signature", *, timeout: float | None, as_json: bool
) -> None:
    from ops.composing import compose_command
    from ops.describing import Describer
    from ops.outcome import send_and_wait, send_only

    event = compose_command(words.name, words.id, words.fields, signature)
    if timeout is None:
        outcome = None
        delivery = asyncio.run(send_only(target, event))
    else:
        outcome = asyncio.run(send_and_wait(target, event, timeout))
        delivery = outcome.delivery
    describer = Describer(target.topics)
    if as_json:
        sent = {"id": signature.id, "topic": delivery.topic, "partition": delivery.partition, "offset": delivery.offset}
        records = [describer.document(record) for record in outcome.records] if outcome else []
        print_json(sent | {"outcome": outcome.kind, "records": records} if outcome else sent)
    else:
        print_line(f"sent {signature.id} to {delivery.topic} {delivery.partition}:{delivery.offset}")
        for record in outcome.records if outcome else ():
            print_line(describer.line(record))
    if outcome and outcome.kind == "duplicate" and not as_json:
        print_line("duplicate: this id was accepted before, so nothing was done")
    if outcome and outcome.kind == "none":
        remedy = "Is a ticket worker running, and how far is it behind? See `itilnext lag`."
        raise CommandFailed(f"no outcome within {timeout:g} s", remedy)
    if outcome and outcome.kind in ("rejected", "dead_letter"):
        raise typer.Exit(ExitCode.FOUND_WRONG)
