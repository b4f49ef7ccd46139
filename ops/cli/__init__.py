"""The command line: one Typer app, to which each module of this package adds its commands.

Commands parse arguments, call what does the work and print. No rule of the desk, and no client of Kafka or Redis,
lives here.
"""

from importlib.metadata import version
from typing import Annotated

import typer

app = typer.Typer(name="itilnext", no_args_is_help=True, pretty_exceptions_enable=False)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(version("itilnext-engine"))
        raise typer.Exit


@app.callback()
def root(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """ITIL-NEXT: a service desk on Kafka in which a ticket keeps its owner."""


def main() -> None:
    """Run the command line (the console script, and `python -m ops`); leaves with the exit codes of SPEC section 10."""
    app()
