"""`itilnext send`: commands and directory entries, from a file or built from words."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer

from ops.console import CommandFailed, ExitCode, JsonOption, counted, examples, print_json, print_line, reported_errors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ops.target import Target

_STDIN = "-"
_DIRECTORY = "directory."
_SOURCE = "/itilnext/cli"
_TIMEOUT = 30.0


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


@dataclass(frozen=True, slots=True)
class _Given:
    """The options as they were typed: None or False where they were not."""

    command_id: str | None
    source: str | None
    time: str | None
    wait: bool
    timeout: float | None
    delete: bool

    @property
    def only_for_commands(self) -> "Mapping[str, object]":
        """Those that say something of a command, by name."""
        return {"--id": self.command_id, "--time": self.time, "--wait": self.wait, "--timeout": self.timeout}

    @property
    def options(self) -> "Mapping[str, object]":
        """All of them, by name."""
        return {"--source": self.source, **self.only_for_commands, "--delete": self.delete}

    @property
    def signed_by(self) -> str:
        """Who sends it."""
        return _SOURCE if self.source is None else self.source

    @property
    def patience(self) -> float | None:
        """For how many seconds the outcome is waited for, None where it is not."""
        if not self.wait:
            return None
        return _TIMEOUT if self.timeout is None else self.timeout


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
    source: Annotated[str | None, typer.Option("--source", help="Who sends it.", show_default=_SOURCE)] = None,
    time: Annotated[
        str | None, typer.Option("--time", help="When it happened, e.g. 2026-11-24T09:30:00Z; else when it is sent.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the outcome; exit code 1 unless accepted.")] = False,
    timeout: Annotated[
        float | None,
        typer.Option("--timeout", min=0, help="With --wait: for so many seconds.", show_default=f"{_TIMEOUT:g}"),
    ] = None,
    delete: Annotated[bool, typer.Option("--delete", help="Delete the directory entry.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Send commands and directory entries: NDJSON CloudEvents, one a line, or one built from words.

    A file is checked as a whole before anything of it is sent; from stdin each line is sent as it comes.
    """
    with reported_errors():
        from ops.composing import known_names
        from ops.target import load_target

        given = _Given(command_id, source, time, wait, timeout, delete)
        target = load_target()
        if what in known_names():
            if subject is None:
                raise _misused(f"{what} needs an id: itilnext send {what} ID FIELD=VALUE ...")
            words = _Words(what, subject, fields or ())
            if what.startswith(_DIRECTORY):
                _send_entry(target, words, given, as_json=as_json)
            else:
                _send_command(target, words, given, as_json=as_json)
        else:
            path = _path(what)
            _refuse("a command's or directory entry's name", {**given.options, "ID": subject})
            _send_lines(target, path, as_json=as_json)


def _misused(problem: str) -> CommandFailed:
    return CommandFailed(problem, "See `itilnext send --help`.", ExitCode.USAGE)


def _refuse(what_for: str, given: "Mapping[str, object]") -> None:
    wrong = [name for name, value in given.items() if value is not None and value is not False]
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
        entries = counted(fed.entries, "directory entry", "directory entries")
        print_line(f"sent {counted(fed.commands, 'command')} and {entries}")


def _send_entry(target: "Target", words: _Words, given: _Given, *, as_json: bool) -> None:
    from ops.composing import compose_entry, kind_of
    from ops.outcome import delete_entry, send_only

    _refuse("a command's name", given.only_for_commands)
    if given.delete:
        if words.fields:
            raise _misused("an entry that is deleted has no fields")
        _refuse("an entry that is sent", {"--source": given.source})
        delivery = asyncio.run(delete_entry(target, kind_of(words.name), words.id))
    else:
        delivery = asyncio.run(send_only(target, compose_entry(words.name, words.id, words.fields, given.signed_by)))
    where = {"topic": delivery.topic, "partition": delivery.partition, "offset": delivery.offset}
    if as_json:
        print_json({"key": f"{kind_of(words.name)}:{words.id}", "deleted": given.delete, **where})
    else:
        done = "deleted" if given.delete else "sent"
        print_line(f"{done} {words.name} {words.id} in {delivery.topic} {delivery.partition}:{delivery.offset}")


def _send_command(target: "Target", words: _Words, given: _Given, *, as_json: bool) -> None:
    from ops.composing import Signature, compose_command
    from ops.describing import Describer
    from ops.outcome import send_and_wait, send_only

    _refuse("a directory entry's name", {"--delete": given.delete})
    if not given.wait:
        _refuse("--wait", {"--timeout": given.timeout})
    signature = Signature(str(uuid4()) if given.command_id is None else given.command_id, given.signed_by, given.time)
    event = compose_command(words.name, words.id, words.fields, signature)
    patience = given.patience
    if patience is None:
        outcome = None
        delivery = asyncio.run(send_only(target, event))
    else:
        outcome = asyncio.run(send_and_wait(target, event, patience))
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
        raise CommandFailed(f"no outcome within {patience:g} s", remedy)
    if outcome and outcome.kind in ("rejected", "dead_letter"):
        raise typer.Exit(ExitCode.FOUND_WRONG)
