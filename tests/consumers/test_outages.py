"""Redis or the broker goes away in the middle of the work: the worker waits, and goes on where it was."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from ops.embedded import start_kafka, start_valkey
from tests.consumers.places import owners, refusals
from tests.fleet import Fleet, running_worker
from tests.stack import Stack

pytestmark = [pytest.mark.broker, pytest.mark.chaos]


@pytest.fixture
def own_stack(tmp_path: Path) -> Iterator[Stack]:
    """Servers of this test alone, for they are killed: never those that the settings name."""
    with ExitStack() as cleanup:
        kafka = start_kafka(tmp_path)
        cleanup.callback(kafka.stop)
        valkey = start_valkey(tmp_path)
        cleanup.callback(valkey.stop)
        yield Stack(kafka.address, valkey.address, kafka, valkey)


async def open_and_accept(fleet: Fleet, stem: str) -> None:
    """Send work for every partition; the agent has room for three tickets in all."""
    for number in range(20):
        await fleet.send("ticket.open", f"{stem}-{number}", subject="s")
        await fleet.send("ticket.accept", f"{stem}-{number}", agent_id="a")


async def test_the_worker_waits_for_redis_and_for_the_broker(own_stack: Stack) -> None:
    kafka, valkey = own_stack.kafka_server, own_stack.valkey_server
    assert kafka is not None
    assert valkey is not None
    async with running_worker(own_stack, "outage.", partitions=2) as fleet:
        await fleet.enter("agent", "a", max_tickets=3)
        await open_and_accept(fleet, "before")
        await fleet.settled()

        await asyncio.to_thread(valkey.kill)
        await open_and_accept(fleet, "without-redis")
        await asyncio.to_thread(valkey.start)
        # The test's own client; the worker's has to see to itself.
        await fleet.redis.connection_pool.disconnect()
        await fleet.settled()

        await open_and_accept(fleet, "broker-killed")
        await asyncio.to_thread(kafka.kill)
        await asyncio.to_thread(kafka.start)
        await fleet.settled()

        assert not any(worker.done() for worker in fleet.workers)
        owned = [ticket for ticket, owner in (await owners(fleet)).items() if owner == "a"]
        assert len(owned) == 3
        assert len(await owners(fleet)) == 60
        assert [code for _, code in await refusals(fleet)] == ["agent_at_capacity"] * 57
        assert not await fleet.dead_letters()
