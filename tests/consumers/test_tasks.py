"""A background task ends, also where what it waits in swallows a cancellation; one that ends by itself is told of."""

import asyncio
import contextlib
from collections.abc import Coroutine

import pytest

from consumers import tasks
from consumers.errors import Fatal
from consumers.tasks import WatchedTask, end_task, heed_cancellation


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
    task = asyncio.create_task(_done())
    await task
    await end_task(task)
    assert not task.cancelled()


async def _for_ever() -> None:
    await asyncio.Event().wait()


async def _done() -> None:
    """Nothing to do."""


async def _broken() -> None:
    raise KeyError("a defect")


async def _failure_of(work: Coroutine[object, object, None]) -> BaseException:
    failed: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
    task = WatchedTask(work, "T", failed.set_result)
    try:
        return await failed
    finally:
        await task.end()


async def test_work_that_fails_is_told_of_with_its_cause() -> None:
    assert isinstance(await _failure_of(_broken()), KeyError)


async def test_work_that_ends_by_itself_is_a_failure_too() -> None:
    failure = await _failure_of(_done())
    assert isinstance(failure, Fatal)
    assert str(failure) == "the task T ended"


async def test_work_that_was_told_to_end_is_none() -> None:
    failures: list[BaseException] = []
    cancelled, ended = (
        WatchedTask(_for_ever(), "T-1", failures.append),
        WatchedTask(_for_ever(), "T-2", failures.append),
    )
    cancelled.cancel()
    for task in (cancelled, ended):
        await task.end()
    assert failures == []


async def test_a_cancellation_that_a_library_swallowed_is_heeded() -> None:
    went_on: list[bool] = []

    async def work() -> None:
        with contextlib.suppress(asyncio.CancelledError):  # as `asyncio.wait_for` does when its answer comes just then
            await asyncio.sleep(60)
        heed_cancellation()
        went_on.append(True)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert went_on == []


async def test_nothing_is_heeded_where_nobody_cancelled() -> None:
    await asyncio.create_task(_heeding())


async def _heeding() -> None:
    heed_cancellation()
