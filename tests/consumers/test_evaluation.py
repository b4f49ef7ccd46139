"""A tick over the due index alone: what is asked for, and how often (SPEC section 6)."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis

from consumers.due_index import DueIndex, score_of
from consumers.evaluation import Evaluation
from consumers.keys import PartitionKeys
from contracts.json_values import write_json
from contracts.ticket import Ticket
from services.directory_state import DirectoryState
from tests.stack import Stack

pytestmark = pytest.mark.broker
MONDAY = datetime(2026, 1, 5, 9, tzinfo=UTC)
OPENED = MONDAY + timedelta(microseconds=500)
DUE_EVERY = timedelta(minutes=5)
"""So long after it was opened a critical ticket that nobody takes comes due, and twice as long after it again."""


@pytest.fixture
async def redis(stack: Stack) -> AsyncIterator[Redis]:
    client = stack.redis.client()
    yield client
    await client.aclose()


class Asked:
    """Takes asks that nobody answers."""

    def __init__(self) -> None:
        self.levels: list[int] = []

    async def deliver(self, commands: Sequence[Mapping[str, Any]]) -> None:
        self.levels += [command["data"]["level"] for command in commands]
        assert len(self.levels) < 10, "it is asked for again and again"


async def test_a_level_due_within_the_tick_s_millisecond_waits_for_the_next_tick(redis: Redis, prefix: str) -> None:
    keys, index, directory, asked = PartitionKeys(prefix, 0), DueIndex(redis, prefix, 0), DirectoryState(), Asked()
    ticket = Ticket(
        id="T-1",
        reference="T-1",
        type="incident",
        subject="s",
        priority="critical",
        opened_at=OPENED,
        updated_at=OPENED,
        due_at=MONDAY + timedelta(hours=1),
        version=1,
        head_hash="",
    )
    await redis.set(keys.ticket("T-1"), write_json(ticket))
    await redis.zadd(keys.due, {"T-1": score_of(OPENED + DUE_EVERY)})
    await index.made_by(directory.clock_rules)

    assert await Evaluation(index, directory, asked).evaluate(MONDAY + 2 * DUE_EVERY)
    assert asked.levels == [1]

    assert await Evaluation(index, directory, asked).evaluate(MONDAY + 2 * DUE_EVERY + timedelta(seconds=1))
    assert asked.levels == [1, 2]
