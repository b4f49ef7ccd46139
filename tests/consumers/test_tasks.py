"""A background task ends, also where what it waits in swallows a cancellation."""

import asyncio

import pytest

from consumers import tasks
from consumers.tasks import end_task


async def test_a_task_that_swallows_one_cancellation_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "_TRY_SECONDS", 0.01)
    swallowed = 0

    async def stubborn() -> None:
        nonlocal swallowed
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            swallowed += 1
        await asyncio.Event().wait()

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    await end_task(task)
    assert task.cancelled()
    assert swallowed == 1


async def test_a_task_that_has_ended_is_left_as_it_is() -> None:
    async def done() -> None:
        """Nothing to do."""

    task = asyncio.create_task(done())
    await task
    await end_task(task)
    assert not task.cancelled()
