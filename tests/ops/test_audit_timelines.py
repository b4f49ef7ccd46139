"""The audit's look at timelines: whatever differs from the log is found, and what is still being filled is not."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from redis.asyncio import Redis

from consumers.view import NOT_BUILT, Change, PartitionView
from contracts import commands as c
from contracts.json_values import write_json
from ops.audit.patience import Patience
from ops.audit.timelines import Problem, Timelines
from tests.services.spec import TICKET, given
from tests.stack import Stack

pytestmark = pytest.mark.broker
STORY = given(c.OpenTicket(subject="s"), c.AcceptTicket(agent_id="anna"), c.AddNote(agent_id="anna", content="n"))
END = 7
"""Where the log ends in these tests."""


@dataclass
class Looked:
    """A view with the story's ticket, all of it said to be there, and the audit's look at it."""

    redis: Redis
    view: PartitionView

    @property
    def key(self) -> str:
        return self.view.keys.timeline(TICKET)

    async def problems(self) -> list[Problem]:
        return await Timelines(self.redis, self.view).problems([TICKET, "T-none"], END, Patience(0))


@pytest.fixture
async def looked(stack: Stack, prefix: str) -> AsyncIterator[Looked]:
    async with stack.redis.client() as redis:
        view = PartitionView(redis, prefix, 0)
        change = Change(TICKET, None, STORY.now, write_json(STORY.now), STORY.events)
        await view.apply(NOT_BUILT, 1, 0, view.writes_for(change, 0))
        await view.fill_timelines(NOT_BUILT, END, ())
        yield Looked(redis, view)


async def test_the_log_s_events_are_all_right(looked: Looked) -> None:
    assert await looked.problems() == []


async def test_a_missing_event_is_found_once_all_are_said_to_be_there(looked: Looked) -> None:
    await looked.redis.hdel(looked.key, "2")
    [(ticket_id, check, expected, found, where)] = await looked.problems()
    assert (ticket_id, check, found, where) == (TICKET, "timeline", "missing", looked.key)
    assert expected == f"event 2 with hash {STORY.events[1].head_hash}"
    await looked.redis.hset(looked.view.keys.marker, "events", END - 1)
    assert await looked.problems() == [], "it is being filled, which readers are told"


@pytest.mark.parametrize("version", [1, 2, 3])
async def test_other_bytes_are_found_also_while_timelines_are_filled(looked: Looked, version: int) -> None:
    await looked.redis.hset(looked.key, str(version), STORY.events[version - 1].value + b" ")
    await looked.redis.hdel(looked.view.keys.marker, "events")
    [(_, check, expected, _, _)] = await looked.problems()
    assert (check, expected.split(" with")[0]) == ("timeline", f"event {version}")


async def test_a_snapshot_that_is_none_is_judged_elsewhere(looked: Looked) -> None:
    for snapshot in (b"no json", b"[]", b"{}"):
        await looked.redis.set(looked.view.keys.ticket(TICKET), snapshot)
        assert await looked.problems() == []
