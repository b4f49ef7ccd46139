"""`itilnext schema asyncapi` and `schema json [TYPE]`: the contract of the topics, for programs to read."""

import json
from difflib import get_close_matches
from typing import Annotated

import typer

from ops.console import CommandFailed, ExitCode, examples, reported_errors

_NEAR = 3


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    schema = typer.Typer(no_args_is_help=True, help="Print the contract of the topics: AsyncAPI 3, JSON Schema.")
    schema.command("asyncapi", epilog=examples("itilnext schema asyncapi > asyncapi.json"))(asyncapi)
    one = ("itilnext schema json ticket.open", "itilnext schema json org.itilnext.ticket.opened.v1")
    schema.command("json", epilog=examples(*one, "itilnext schema json > schemas.json"))(json_schema)
    app.add_typer(schema, name="schema")


def asyncapi() -> None:
    """Print the AsyncAPI 3.0 document: topics and their settings, messages with their schemas and examples.

    Topics are named as the settings say (ITILNEXT_TOPICS__PREFIX, ..._PARTITIONS). Needs no server.
    """
    from ops.schemas.asyncapi import asyncapi_document
    from ops.settings import load_settings

    with reported_errors():
        topics = load_settings().topics
        _print(asyncapi_document(topics.names, topics.partitions))


def json_schema(
    name: Annotated[
        str | None,
        typer.Argument(metavar="TYPE", help="As in the message's type: ticket.open, or org.itilnext.ticket.open.v1."),
    ] = None,
) -> None:
    """Print the JSON Schema (2020-12) of a message type, an example in it; of all types by name without TYPE.

    Commands, events, `command.rejected`, `directory.<kind>`, `tick`, and `ticket.state`, the snapshot. Needs no server.
    """
    from contracts.cloudevents import TYPE_PREFIX, TYPE_SUFFIX
    from ops.schemas.documents import json_schemas

    with reported_errors():
        schemas = json_schemas()
        if name is None:
            _print(schemas)
            return
        short = name.removeprefix(TYPE_PREFIX).removesuffix(TYPE_SUFFIX)
        if short not in schemas:
            near = get_close_matches(short, schemas, n=_NEAR)
            hint = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(schemas)}."
            raise CommandFailed(f"there is no message type {name!r}", hint, ExitCode.USAGE)
        _print(schemas[short])


def _print(document: object) -> None:
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
