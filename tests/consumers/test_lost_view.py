"""A view that is lost between two commands: the worker notices in time, also where it knows the ticket by heart."""

import pytest

from consumers.keys import fleet_key
from ops.audit import audit
from tests.fleet import running_worker
from tests.stack import Stack

pytestmark = pytest.mark.broker


async def test_a_place_asked_for_right_after_the_view_was_lost_is_given(stack: Stack, prefix: str) -> None:
    """Counting places waits for every view; a partition that waited for its own would wait for ever."""
    async with running_worker(stack, prefix, partitions=2) as fleet:
        await fleet.enter("agent", "a1", max_tickets=1)
        await fleet.send("ticket.open", "T-1", subject="in the worker's memory")
        await fleet.settled()
        await fleet.redis.flushall()
        await fleet.send("ticket.accept", "T-1", agent_id="a1")
        await fleet.settled()
        accepted = await fleet.events("T-1")
        report = await audit(stack.kafka, stack.redis, fleet.topics)
        built_with = await fleet.redis.hgetall(fleet_key(prefix))

    assert [event["type"] for event in accepted] == ["org.itilnext.ticket.opened.v1", "org.itilnext.ticket.accepted.v1"]
    assert report.differences == ()
    assert built_with[b"partitions"] == b"2", "a later start with another count has to be refused still"
    assert {b"layout", b"cluster"} < built_with.keys()
