"""A dropped view leaves nothing behind but who may write the partition."""

import pytest

from consumers.view import NOT_BUILT, Change, PartitionView
from contracts.json_values import write_json
from contracts.resolution_commands import CreateResolution
from tests.services.samples import SAMPLES
from tests.services.spec import TICKET, Story
from tests.stack import Stack

pytestmark = pytest.mark.broker
REFUND = CreateResolution(
    agent_id="anna", what_went_wrong="w", why_eligible="y", resolution_type="refund", amount="600", resolution_id="r1"
)


async def test_all_lists_and_facts_go_with_the_view(stack: Stack, prefix: str) -> None:
    story = Story().given(SAMPLES["ticket.open"], SAMPLES["ticket.accept"], SAMPLES["envelope.create"], REFUND)
    change = Change(TICKET, None, story.now, write_json(story.now), story.events)
    async with stack.redis.client() as redis:
        view = PartitionView(redis, prefix, 0)
        await view.apply(NOT_BUILT, 1, 1, view.writes_for(change, 1))
        await redis.hset(view.keys.marker, "fence", "1")
        kinds = ("work", "index:open-of-team:desk", "index:approvals:manager", "index:calibrations:2026-W02")
        assert await redis.exists(*(f"{view.keys.tag}:{kind}" for kind in kinds)) == len(kinds)
        await view.drop()
        assert [key async for key in redis.scan_iter(match=f"*{prefix}*")] == [view.keys.marker.encode()]
        assert await redis.hgetall(view.keys.marker) == {b"fence": b"1"}
