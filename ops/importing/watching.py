"""What a person sees of an import while it runs: a live table on a terminal, now and then a line elsewhere.

It goes to standard error, so that the report can be piped.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from ops.console import counted, err
from ops.importing.tally import Tally

LINE_EVERY_SECONDS = 5.0
HINT_AFTER_SECONDS = 15.0
"""Without a decision for this long, the fleet is more likely not running than busy."""


@dataclass(slots=True)
class Progress:
    """How far an import is: `sent` are acknowledged, `lag` counts those of them that wait for a decision."""

    incidents: int
    commands: int
    tally: Tally
    sent: int = 0
    lag: int = 0
    seconds: float = 0.0

    @property
    def opened(self) -> int:
        """Incidents that have become tickets."""
        return self.tally.outcomes["ticket.opened"]

    @property
    def decided(self) -> int:
        """Commands that are sent and do not wait any more."""
        return max(self.sent - self.lag, 0)

    @property
    def speed(self) -> float:
        """Commands decided a second, since the start."""
        return self.decided / self.seconds if self.seconds else 0.0


class Watch(Protocol):
    """Who is shown the progress."""

    def look(self, progress: Progress) -> None:
        """See how far it is."""


class Stalling:
    """Notices that nothing was decided for a while, once each time."""

    def __init__(self) -> None:
        self._decided = 0
        self._since = 0.0
        self._told = False

    def hint(self, progress: Progress) -> str | None:
        """Return what to say about it, None while decisions come or nothing waits."""
        if progress.decided != self._decided or not progress.lag:
            self._decided, self._since, self._told = progress.decided, progress.seconds, False
        if self._told or progress.seconds - self._since < HINT_AFTER_SECONDS:
            return None
        self._told = True
        return "No command was decided for a while. Is a ticket worker running? `itilnext up` starts a fleet."


class LineWatch:
    """Prints a line every few seconds."""

    def __init__(self) -> None:
        self._stalling = Stalling()
        self._next = LINE_EVERY_SECONDS

    def look(self, progress: Progress) -> None:
        """Print a line where it is time for one."""
        if hint := self._stalling.hint(progress):
            err.print(hint)
        if progress.seconds >= self._next:
            self._next = progress.seconds + LINE_EVERY_SECONDS
            err.print(
                f"{progress.decided:,} of {counted(progress.commands, 'command')} decided, "
                f"{counted(progress.tally.events, 'event')}, "
                f"{counted(progress.tally.rejections.total(), 'rejection')}, lag {progress.lag:,}"
            )


class LiveWatch:
    """Keeps a table on the terminal up to date."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._stalling = Stalling()

    def look(self, progress: Progress) -> None:
        """Show the table as of now."""
        if hint := self._stalling.hint(progress):
            self._live.console.print(hint)
        self._live.update(_table(progress))


@contextmanager
def watch_for() -> Iterator[Watch]:
    """Give a watch that suits where standard error goes."""
    if not err.is_terminal:
        yield LineWatch()
        return
    with Live(console=err, refresh_per_second=10, transient=True) as live:
        yield LiveWatch(live)


def _table(progress: Progress) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row("incidents", f"{progress.opened} of {progress.incidents}", _bar(progress.opened, progress.incidents))
    table.add_row("commands", f"{progress.decided} of {progress.commands}", _bar(progress.decided, progress.commands))
    table.add_row("a second", f"{progress.speed:,.0f}")
    table.add_row("events", str(progress.tally.events))
    table.add_row("rejections", str(progress.tally.rejections.total()))
    table.add_row("lag", str(progress.lag))
    return table


def _bar(done: int, total: int) -> ProgressBar:
    return ProgressBar(total=total, completed=done, width=40)
