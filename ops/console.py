"""What every command prints with: tables and lines for people, JSON for programs, and errors of one or two lines.

A command does its work inside `reported_errors()`, so that an outage, a wrong password or a wrong setting ends in a
sentence with what to do and an exit code of SPEC section 10. A defect of the engine is no such error: it keeps its
traceback. Nothing here connects to anything.
"""

import logging
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import IntEnum
from typing import Annotated

import structlog
import typer
from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from contracts.json_values import write_json

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, one document a line, for programs to read.")]
"""The `--json` of whatever reports."""

_PIPED_COLUMNS = 1000
"""Wide enough that a table in a pipe keeps each row on one line."""

_WRAPS_BEYOND = 20
"""A column is as wide as its cells, and broken at spaces only where some are sentences, to no less than this."""

# What is printed comes from topics and senders: it must not be read as markup, nor steer the terminal.
out = Console(markup=False, highlight=False, emoji=False, soft_wrap=True)
_piped = Console(width=_PIPED_COLUMNS, markup=False, highlight=False, emoji=False)
err = Console(stderr=True, markup=False, highlight=False, emoji=False, soft_wrap=True)


def examples(*lines: str) -> str:
    """Return the end of a command's --help: commands to copy."""
    return "\n\n".join(("Examples:", *lines))  # Typer joins single lines


class ExitCode(IntEnum):
    """How a command ended (SPEC section 10)."""

    DONE = 0
    FOUND_WRONG = 1
    USAGE = 2
    UNREACHABLE = 3


class CommandFailed(Exception):
    """A command that can't go on: `problem` says what is wrong, `remedy` what to do, both in a sentence."""

    def __init__(self, problem: str, remedy: str = "", exit_code: ExitCode = ExitCode.FOUND_WRONG) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy
        self.exit_code = exit_code


class ClientLog(logging.Handler):
    """Keeps what Kafka's client logs instead of raising: the reason why a broker could not be reached is only there."""

    def __init__(self) -> None:
        super().__init__(level=logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the latest records; a few are enough to explain an error."""
        self.records = [*self.records[-9:], record]


@contextmanager
def client_log() -> Iterator[ClientLog]:
    """Keep what Kafka's client logs meanwhile; unless logging was set up, it goes nowhere else."""
    log = ClientLog()
    clients = logging.getLogger("aiokafka")
    clients.addHandler(log)
    try:
        yield log
    finally:
        clients.removeHandler(log)


@contextmanager
def reported_errors() -> Iterator[None]:
    """Print the errors an operator can do something about, and leave with their exit code; let all others through.

    Until a process sets up its own log, only warnings are logged, and to standard error: the output is for the answer.

    Raises:
        typer.Exit: after an error was printed.
    """
    if not structlog.is_configured():
        structlog.configure(
            wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
            logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        )
    with client_log() as log:
        try:
            yield
        except Exception as error:
            # Imported here because it imports the clients, which --help need not wait for.
            from ops.outages import explain  # noqa: PLC0415

            failed = explain(error, log.records)
            if failed is None:
                raise
            print_error(failed.problem, failed.remedy)
            raise typer.Exit(failed.exit_code) from error


def print_error(problem: str, remedy: str = "") -> None:
    """Print one line for what is wrong and, where there is one, a second for what to do; to standard error."""
    err.print(f"itilnext: {readable(problem)}")
    if remedy:
        err.print(f"  {readable(remedy)}")


def print_json(value: object) -> None:
    """Print one JSON document on one line."""
    sys.stdout.write(write_json(value).decode() + "\n")
    sys.stdout.flush()


def print_line(text: str) -> None:
    """Print one line of text for people, at once: what follows a topic is read as it comes."""
    sys.stdout.write(readable(text) + "\n")
    sys.stdout.flush()


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], style: str = "") -> None:
    """Print a table; numbers are set to the right, None is left blank. `style` colours title and first column.

    Where the terminal is too narrow for it without breaking words, each row is a paragraph, with a line a column.
    Without rows there is the title alone.
    """
    rows = list(rows)
    if title:
        out.print(readable(title), style=style or "italic")
    if not rows:
        return
    shown = [["" if cell is None else readable(str(cell)) for cell in row] for row in rows]
    table = Table()
    for index, name in enumerate(columns):
        numbers = all(isinstance(row[index], int | float | None) for row in rows)
        cells = [cells[index] for cells in shown]
        wraps = any(" " in cell and cell_len(cell) > _WRAPS_BEYOND for cell in cells)
        table.add_column(
            name,
            justify="right" if numbers else "left",
            overflow="fold",
            no_wrap=not wraps,
            min_width=_WRAPS_BEYOND if wraps else max(map(cell_len, (name, *cells))),
            style=style if index == 0 else None,
        )
    for cells in shown:
        table.add_row(*cells)
    if not out.is_terminal:
        _piped.print(table)
    elif _fits(table):
        out.print(table)
    else:
        for cells in shown:
            _print_paragraph(columns, cells, style)


def _fits(table: Table) -> bool:
    return Measurement.get(_piped, _piped.options, table).minimum <= out.width


def _print_paragraph(columns: Sequence[str], cells: Sequence[str], style: str) -> None:
    paragraph = Table.grid(padding=(0, 2))
    paragraph.add_column(style="bold", no_wrap=True)
    paragraph.add_column(overflow="fold")
    for index, (name, cell) in enumerate(zip(columns, cells, strict=True)):
        if cell:
            paragraph.add_row(name, cell, style=style if index == 0 else None)
    out.print(paragraph)
    print_line("")


def local(instant: datetime) -> str:
    """Return an instant as people read it, in the local zone and to the minute; what programs read is in UTC."""
    return f"{instant.astimezone():%Y-%m-%d %H:%M}"


def counted(count: int, one: str, many: str = "") -> str:
    """Return a count with what is counted, as it stands in a sentence; `many` where it is not `one` with an s."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def readable(text: str) -> str:
    """Return the text with its control characters escaped: it comes from senders, and may not steer a terminal."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
