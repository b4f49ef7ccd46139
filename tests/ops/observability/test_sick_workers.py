"""A worker that can't do its work any more says so within its bound: each sickness is caused for real.

The bound is the setting's, shortened. Before and after, the worker is one that works.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from consumers.errors import Fatal
from ops.observability.observation import Observation
from tests.fleet import Fleet, idle_fleet
from tests.ops.observability.probing import Answer, Probe, observation
from tests.stack import Stack

pytestmark = pytest.mark.broker


@pytest.fixture
async def fleet(stack: Stack, prefix: str) -> AsyncIterator[Fleet]:
    async with idle_fleet(stack, prefix, partitions=2) as fleet:
        yield fleet


def is_well(answer: Answer) -> bool:
    return answer.status == 200


def is_sick_as(reason: str) -> Callable[[Answer], bool]:
    """Wait for this reason: a loop that was late for a moment, on a busy machine, is one too."""
    return lambda answer: answer.status == 503 and any(line.startswith(reason) for line in answer.text.splitlines())


def end_tasks(method: str, of: Callable[[Any], bool]) -> None:
    """End the tasks of this process that run this method of such objects, as a defect in it would."""
    found = [
        task
        for task in asyncio.all_tasks()
        if getattr(coroutine := task.get_coro(), "__qualname__", "") == method and of(owner_of(coroutine))
    ]
    assert found, f"no task runs {method}"
    for task in found:
        task.cancel()


def owner_of(coroutine: Any) -> Any:  # noqa: ANN401 a client's object
    return coroutine.cr_frame.f_locals["self"]


async def a_working_worker(fleet: Fleet, probe: Probe) -> None:
    await probe.until("/readyz", is_well)
    await fleet.send("ticket.open", "T-1", subject="printer on fire")
    await fleet.settled()
    await probe.until("/livez", lambda answer: answer == Answer(200, "ok\n"))


async def test_a_worker_whose_fetching_has_ended_is_not_live(fleet: Fleet) -> None:
    async with observation() as (watched, probe), fleet.worker(observer=watched.observer):
        await a_working_worker(fleet, probe)
        end_tasks("Fetcher._fetch_requests_routine", is_of_the_group)
        has_ended = is_sick_as("the loop that fetches records has ended")
        await probe.until("/livez", has_ended)
        assert has_ended(await probe.get("/readyz"))


async def test_a_worker_that_hands_nothing_on_is_not_live(fleet: Fleet) -> None:
    async with observation() as (watched, probe), fleet.worker(observer=watched.observer):
        await a_working_worker(fleet, probe)
        end_tasks("LogicSubscriber._run_consume_loop", lambda _: True)
        await probe.until("/livez", is_sick_as("the loop that hands records on has ended"))


async def test_a_worker_with_a_partition_that_stays_stuck_is_not_live(fleet: Fleet) -> None:
    async with observation() as (watched, probe), fleet.worker(observer=watched.observer):
        await a_working_worker(fleet, probe)
        stuck = fleet.partition_of("T-1")
        marker = fleet.view(stuck).keys.marker
        await fleet.redis.delete(marker)
        await fleet.redis.set(marker, "of another type")
        await fleet.send("ticket.open", "T-1", subject="printer on fire", command_id="again")
        await probe.until("/livez", is_sick_as(f"partition {stuck} has had something to do and not moved"))
        await fleet.redis.delete(marker)
        await probe.until("/livez", is_well)
        await fleet.settled()


async def test_a_worker_whose_commit_hangs_is_not_live(fleet: Fleet) -> None:
    async with observation() as (watched, probe):
        # Draining would wait for the commit, so the worker is ended as by a defect.
        with pytest.raises(Fatal, match="ended"):
            await see_a_commit_hang(fleet, watched, probe)


async def see_a_commit_hang(fleet: Fleet, watched: Observation, probe: Probe) -> None:
    async with fleet.worker(observer=watched.observer):
        await a_working_worker(fleet, probe)
        end_tasks("Sender._sender_routine", is_transactional)
        await fleet.send("ticket.open", "T-2", subject="the mail is down")
        stuck = fleet.partition_of("T-2")
        await probe.until("/livez", is_sick_as(f"partition {stuck} has had something to do and not moved"))
        end_tasks("Partition._run", lambda _: True)
        await asyncio.wait(fleet.workers)


def is_transactional(sender: Any) -> bool:  # noqa: ANN401 a client's object
    return sender._txn_manager is not None  # noqa: SLF001 the client has no public name for it


def is_of_the_group(fetcher: Any) -> bool:  # noqa: ANN401 a client's object
    return bool(fetcher._subscriptions.partitions_auto_assigned())  # noqa: SLF001 the client has no public name for it
