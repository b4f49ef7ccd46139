"""Limits one can't go by stay out of the directory, with a DLQ record, and the ones before hold (SPEC section 4)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from consumers.directory_view import DirectoryView
from consumers.directory_worker import DirectoryWorkerConfig, run_directory_worker
from contracts.dead_letters import ERROR_CODE_HEADER
from tests.fleet import SETTLE_SECONDS, Fleet, running_worker
from tests.stack import Stack

pytestmark = pytest.mark.broker


@asynccontextmanager
async def directory_worker(fleet: Fleet) -> AsyncIterator[None]:
    """Run one directory worker in this process; leaving stops it, and raises what it died of."""
    stop = asyncio.Event()
    config = DirectoryWorkerConfig(fleet.stack.kafka, fleet.stack.redis, fleet.topics)
    task = asyncio.create_task(run_directory_worker(config, stop), name="directory-worker")
    fleet.workers.append(task)
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait([task])
        fleet.workers.remove(task)
    await task


async def entered(fleet: Fleet, end: int) -> None:
    """Wait until the directory worker has applied all entries before an offset."""
    view = DirectoryView(fleet.redis, fleet.topics.prefix)
    async with asyncio.timeout(SETTLE_SECONDS):
        while await view.position() < end:
            for task in fleet.workers:
                if task.done():
                    task.result()
            await asyncio.sleep(0.05)


async def test_limits_missing_or_reversed_are_set_aside_and_the_ones_before_hold(stack: Stack, prefix: str) -> None:
    async with running_worker(stack, prefix, partitions=1) as fleet, directory_worker(fleet):
        await fleet.enter("team", "desk", tier1_limit="50.00", tier2_limit="60.00")
        await fleet.enter("policy", "default", currencies={"CHF": {"agent": "5.00", "team_lead": "6.00"}})
        await fleet.enter("agent", "ann", team_ids=["desk"])
        view = DirectoryView(fleet.redis, prefix)
        await entered(fleet, 3)
        good = [await view.entry(*named) for named in (("team", "desk"), ("policy", "default"))]

        await fleet.enter("team", "desk", tier1_limit="600.00")
        await fleet.enter("team", "desk", tier1_limit="60.01", tier2_limit="60.00")
        await fleet.enter("team", "desk", tier1_limit=None, tier2_limit="99.99")
        for limits in ({"agent": "5.00"}, {"team_lead": "5.00"}, {"agent": "6.01", "team_lead": "6.00"}):
            await fleet.enter("policy", "default", currencies={"CHF": limits})
        await entered(fleet, 9)

        letters = await fleet.dead_letters()
        assert [letter.key for letter in letters] == [b"team:desk"] * 3 + [b"policy:default"] * 3
        assert {dict(letter.headers)[ERROR_CODE_HEADER] for letter in letters} == {b"invalid_data"}
        assert [await view.entry(*named) for named in (("team", "desk"), ("policy", "default"))] == good

        await fleet.send("ticket.open", "T-1", subject="s")
        await fleet.send("ticket.accept", "T-1", agent_id="ann")
        told = {"agent_id": "ann", "what_went_wrong": "w", "why_eligible": "y", "resolution_type": "refund"}
        for currency, amounts in (("EUR", ("50.00", "0.01", "10.00")), ("CHF", ("5.00", "1.00", "0.01"))):
            for amount in amounts:
                await fleet.send("resolution.create", "T-1", **told, amount=amount, currency=currency)
        await fleet.settled()
        tiers = [one["tier"] for one in (await fleet.snapshots())["T-1"]["resolutions"]]
        assert tiers == ["agent", "team_lead", "manager"] * 2
