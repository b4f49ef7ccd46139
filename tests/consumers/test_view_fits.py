"""A worker refuses a view that was built with another partition count, of another Kafka, or by another version."""

import asyncio

import pytest

from consumers.errors import Fatal
from consumers.keys import LAYOUT, fleet_key
from consumers.ticket_worker import TicketWorkerConfig, run_ticket_worker
from consumers.view_origin import require_view_fits
from tests.fleet import idle_fleet
from tests.stack import Stack

pytestmark = pytest.mark.broker


@pytest.mark.parametrize(("name", "value"), [("partitions", "7"), ("cluster", "another-kafka"), ("layout", "1")])
async def test_a_view_of_something_else_is_refused_with_what_to_do(
    stack: Stack, prefix: str, name: str, value: str
) -> None:
    async with idle_fleet(stack, prefix, partitions=2) as fleet:
        await fleet.redis.hset(fleet_key(prefix), mapping={"layout": LAYOUT, name: value})
        with pytest.raises(Fatal, match=f"{value}.*itilnext rebuild"):
            await run_ticket_worker(TicketWorkerConfig(stack.kafka, stack.redis, fleet.topics), asyncio.Event())


async def test_a_view_older_than_layouts_is_refused(stack: Stack, prefix: str) -> None:
    async with idle_fleet(stack, prefix, partitions=2) as fleet:
        await fleet.redis.hset(fleet_key(prefix), "partitions", "2")
        with pytest.raises(Fatal, match=r"layout none.*itilnext rebuild"):
            await run_ticket_worker(TicketWorkerConfig(stack.kafka, stack.redis, fleet.topics), asyncio.Event())


async def test_a_view_that_is_lost_meanwhile_is_none_of_another_version(stack: Stack, prefix: str) -> None:
    async with stack.redis.client() as redis:

        async def lose() -> None:
            for _ in range(400):
                await redis.unlink(fleet_key(prefix))

        async def look() -> None:
            for _ in range(200):
                await require_view_fits(redis, prefix, 2, "a-kafka")

        await asyncio.gather(lose(), look(), look())
