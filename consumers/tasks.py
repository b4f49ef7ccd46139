"""Background tasks: one that ends by itself is told of, and one that is to end ends for certain.

The libraries a task waits in now and then swallow a cancellation.
"""

import asyncio
from collections.abc import Callable, Coroutine

import structlog

from consumers.errors import Fatal
from producers.partition_output import CLOSING_SECONDS

_TRY_SECONDS = CLOSING_SECONDS + 1.0
"""Longer than a task's own closing takes: a second cancellation would cut that short."""
_TRIES = 2
log = structlog.get_logger(__name__)


async def end_task(task: asyncio.Task[object]) -> None:
    """Cancel a task until it has ended. One that will not is left behind: what it still writes is fenced or guarded."""
    for _ in range(_TRIES):
        if task.done():  # at once, for a batch ends its loading this way
            return
        task.cancel()
        await asyncio.wait([task], timeout=_TRY_SECONDS)
    if not task.done():
        log.error("a task did not end", task=task.get_name())


def heed_cancellation() -> None:
    """Raise what the running task was cancelled with, where a library it waited in has swallowed that.

    Redis' client waits by `asyncio.wait_for`, which gives back an answer that comes at the same moment instead; Kafka's
    takes it, while it closes, for that of a task of its own.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


class WatchedTask:
    """Work that goes on until it is told to end. Where it ends by itself, `fail` is called with the cause.

    A partition that nobody serves must not look alive.
    """

    def __init__(self, work: Coroutine[object, object, None], name: str, fail: Callable[[BaseException], None]) -> None:
        self._fail = fail
        self._ending = False
        self._task = asyncio.create_task(work, name=name)
        self._task.add_done_callback(self._ended)

    def cancel(self) -> None:
        """Tell the work to end, without waiting for it."""
        self._ending = True
        self._task.cancel()

    async def end(self) -> None:
        """Return when the work has ended."""
        self._ending = True
        await end_task(self._task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not self._ending:
            cause = None if task.cancelled() else task.exception()
            self._fail(cause or Fatal(f"the task {task.get_name()} ended"))
