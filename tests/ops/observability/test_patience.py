"""What a restart does not cure is not held against a worker: it is not ready, and stays live.

Both workers here have something to do all the while, for several times as long as a stall is given.
"""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contracts.instants import format_instant
from ops.embedded import start_valkey
from tests.alert_fleet import alert_worker, evaluated, tick
from tests.fleet import idle_fleet
from tests.ops.observability.probing import STALLED_AFTER, Probe, observation, read_samples
from tests.stack import Stack

pytestmark = pytest.mark.broker


async def stays_live(probe: Probe) -> None:
    """See a worker live for twice as long as a stall is given: here it is time itself that is waited for.

    A loop that was late says how busy the machine is: it is this process' own, and the worker is as well as before.
    """
    for _ in range(4):
        reasons = (await probe.get("/livez")).text.splitlines()
        assert [each for each in reasons if each != "ok" and not each.startswith("the event loop has not turned")] == []
        await asyncio.sleep(STALLED_AFTER / 2)
    await probe.until("/livez", lambda answer: answer.status == 200)


async def test_a_worker_without_redis_is_live_and_not_ready(stack: Stack, prefix: str, tmp_path: Path) -> None:
    redis = start_valkey(tmp_path)
    try:
        own = replace(stack, redis_url=redis.address, valkey_server=redis)
        async with (
            idle_fleet(own, prefix, partitions=2) as fleet,
            observation() as (watched, probe),
            fleet.worker(observer=watched.observer),
        ):
            await probe.until("/readyz", lambda answer: answer.status == 200)
            redis.kill()
            await fleet.send("ticket.open", "T-1", subject="printer on fire")
            answer = await probe.until("/readyz", lambda answer: "Redis does not answer" in answer.text)
            assert answer.status == 503
            await stays_live(probe)
            redis.start()
            await probe.until("/readyz", lambda answer: answer.status == 200)
            await fleet.settled()
    finally:
        redis.stop()


async def test_an_alert_worker_that_waits_for_a_ticket_worker_is_live(stack: Stack, prefix: str) -> None:
    now = datetime.now(UTC)
    async with idle_fleet(stack, prefix, partitions=1) as fleet, observation("alert") as (watched, probe):
        opened = format_instant(now - timedelta(hours=1))
        await fleet.send("ticket.open", "T-1", subject="printer on fire", priority="critical", time=opened)
        waiting = {f"itilnext_lag_records{{partition=0,topic={fleet.topics.ticks}}}": 1.0}
        async with alert_worker(fleet, watched.observer):
            await probe.until("/readyz", lambda answer: answer.status == 200)
            await tick(fleet, now)
            await probe.until("/metrics", lambda answer: read_samples(answer.text).items() >= waiting.items())
            await stays_live(probe)
            async with observation() as (other, other_probe), fleet.worker(observer=other.observer):
                await tick(fleet, now)
                await probe.until("/metrics", lambda answer: read_samples(answer.text).items() >= ONCE.items())
                await fleet.settled()
                await tick(fleet, now + timedelta(seconds=1))
                await evaluated(fleet)
                await probe.until("/metrics", lambda answer: read_samples(answer.text).items() >= NOTHING_DUE.items())
                raised = await other_probe.samples()
        assert raised["itilnext_alerts_raised_total{condition=not_assigned,level=3}"] == 1


ONCE = {
    "itilnext_ticks_evaluated_total{partition=0}": 1.0,
    "itilnext_ticks_ignored_total{reason=same_as_last}": 1.0,
}
NOTHING_DUE = {"itilnext_due_tickets{partition=0}": 0.0}
