"""The command line: one Typer app, to which each module listed in `COMMAND_MODULES` adds its commands.

Commands parse arguments, call what does the work and print. No rule of the desk, and no client of Kafka or Redis,
lives here.
"""

from importlib import import_module
from importlib.metadata import version
from inspect import cleandoc
from typing import Annotated

import typer

COMMAND_MODULES = (
    "stack",
    "demo",
    "worker",
    "ticking",
    "auditing",
    "envelopes",
    "alerts",
    "queueing",
    "resolutions",
    "topics",
    "sending",
    "importing",
    "watching",
    "dlq",
    "exporting",
    "doctor",
    "schema",
    "acls",
    "bench",
)
"""The modules with commands, in the order of `--help`; each has a `register(app)`."""


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(version("itilnext-engine"))
        raise typer.Exit


def _root(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """ITIL-NEXT: a service desk on Kafka in which a ticket keeps its owner."""


def build_app() -> typer.Typer:
    """Return the command line with all its commands."""
    app = typer.Typer(name="itilnext", no_args_is_help=True, pretty_exceptions_enable=False)
    app.callback()(_root)
    for name in COMMAND_MODULES:
        import_module(f"ops.cli.{name}").register(app)
    _unwrap_help(app)
    return app


def _unwrap_help(app: typer.Typer) -> None:
    """Join the lines of each paragraph of the docstrings: Typer keeps them apart, however wide the terminal is."""
    for command in app.registered_commands:
        paragraphs = cleandoc(getattr(command.callback, "__doc__", None) or "").split("\n\n")
        command.help = "\n\n".join(" ".join(each.splitlines()) for each in paragraphs)
    for group in app.registered_groups:
        if group.typer_instance is not None:
            _unwrap_help(group.typer_instance)
