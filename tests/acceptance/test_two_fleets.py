"""Two fleets on one broker and one Redis do not touch; a worker that is asked to end leaves its group at once."""

import asyncio

import pytest

from tests.acceptance.conftest import PARTITIONS
from tests.acceptance.desk import PATIENCE, Desk
from tests.acceptance.processes import Operator, stopped
from tests.acceptance.wire import EVENTS
from tests.stack import Stack

pytestmark = pytest.mark.broker


async def test_two_fleets_do_not_touch(desk: Desk, stack: Stack, prefix: str, operator: Operator) -> None:
    other = Operator({**operator.environment, "ITILNEXT_TOPICS__PREFIX": f"{prefix}other."}, operator.folder)
    assert (await other.run("topics", "create")).code == 0
    worker = other.start("other", "worker", "ticket")
    try:
        async with Desk(stack.bootstrap_servers, f"{prefix}other.", PARTITIONS) as neighbour:
            for each in (desk, neighbour):
                await each.enter("agent", "ada", name="Ada", max_tickets=1)
                await each.command("ticket.open", "T-1", "c1", subject=each.prefix)
                await each.command("ticket.accept", "T-1", "c2", agent_id="ada")
            for each in (desk, neighbour):
                assert (await each.answer("T-1", "c2"))["data"] == {"agent_id": "ada"}
                assert [record.json["data"].get("subject") for record in each.outputs[EVENTS]] == [each.prefix, None]
    finally:
        assert await stopped(worker) == 0


async def test_a_worker_that_is_asked_to_end_hands_its_partitions_on_at_once(desk: Desk, operator: Operator) -> None:
    """With a session timeout of minutes, only a worker that left its group can be followed by another."""
    for number in range(3):
        worker = operator.start(f"next-{number}", "worker", "ticket", ITILNEXT_KAFKA__SESSION_TIMEOUT_MS="300000")
        for ticket in range(10):
            await desk.command("ticket.open", f"T-{number}-{ticket}", "c1", subject="Fire")
        await joined(operator, f"next-{number}")
        assert await stopped(worker) == 0
    for ticket in range(10):
        await desk.answered("ticket.open", f"T-end-{ticket}", "c1", subject="Fire")


async def joined(operator: Operator, name: str) -> None:
    """Wait until the worker has been given partitions: one that is still starting knows no signal."""
    async with asyncio.timeout(PATIENCE):
        while "partitions assigned" not in operator.log_of(name).read_text():  # noqa: ASYNC110 a file
            await asyncio.sleep(0.1)
