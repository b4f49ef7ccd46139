"""What a person sees of a bench while it runs: what is measured now and how far it is; to standard error."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ops.console import err


class Screen:
    """Shows the steps of a bench: a bar each on a terminal, a line each elsewhere."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress

    @contextmanager
    def step(self, text: str, total: int) -> Iterator[Callable[[int], None]]:
        """Show a step while it runs; the function given takes how much of `total` is done."""
        if self._progress is None:
            err.print(text)
            yield lambda _done: None
            return
        progress = self._progress
        task = progress.add_task(text, total=total)
        try:
            yield lambda done: progress.update(task, completed=done)
        finally:
            progress.remove_task(task)


@contextmanager
def screen() -> Iterator[Screen]:
    """Give a screen that suits where standard error goes."""
    if not err.is_terminal:
        yield Screen(None)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        yield Screen(progress)
