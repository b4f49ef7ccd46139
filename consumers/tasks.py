"""Ending a background task for certain: the libraries it waits in now and then swallow a cancellation."""

import asyncio

import structlog

_TRY_SECONDS = 6.0
"""Longer than a task's own closing takes: a second cancellation would cut that short."""
_TRIES = 3
log = structlog.get_logger(__name__)


async def end_task(task: asyncio.Task[None]) -> None:
    """Cancel a task until it has ended. One that will not is left behind: what it still writes is fenced or guarded."""
    for _ in range(_TRIES):
        task.cancel()
        await asyncio.wait([task], timeout=_TRY_SECONDS)
        if task.done():
            return
    log.error("a task did not end", task=task.get_name())
