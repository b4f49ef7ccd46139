"""A member of the group, while others come: it serves what it has until it is stopped, and nothing after."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiokafka import ConsumerRecord

from consumers.membership import Intake, Membership, PartitionTask, Standing, Subscription
from tests.fleet import SETTLE_SECONDS, Fleet, idle_fleet
from tests.stack import Stack

pytestmark = pytest.mark.broker
_POLL_SECONDS = 0.02


@dataclass
class Served:
    """The partitions a member was given, each served until `may_stop`."""

    numbers: list[int] = field(default_factory=list)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    may_stop: asyncio.Event = field(default_factory=asyncio.Event)

    def serve(self, number: int, _: Intake) -> PartitionTask:
        self.numbers.append(number)
        return _Task(self)


@dataclass
class _Task:
    served: Served

    @property
    def standing(self) -> Standing:
        return Standing(next_offset=0, fed_up_to=0, is_serving=True)

    def feed(self, records: Sequence[ConsumerRecord]) -> None:
        raise AssertionError(f"nothing was sent, nor is anything delivered while paused: {records}")

    async def stop(self) -> None:
        self.served.stopping.set()
        await self.served.may_stop.wait()


@asynccontextmanager
async def member_of(fleet: Fleet, served: Served) -> AsyncIterator[Membership]:
    topics = fleet.topics
    member = Membership(Subscription(fleet.stack.kafka, topics.commands, topics.ticket_group, 6_000), served.serve)
    try:
        await member.join()
        async with asyncio.timeout(SETTLE_SECONDS):
            while not member.has_assignment:  # noqa: ASYNC110 it is told by the library's own task
                await asyncio.sleep(_POLL_SECONDS)
        yield member
    finally:
        served.may_stop.set()
        await member.leave()


async def test_one_that_leaves_serves_nothing_it_is_given_meanwhile(stack: Stack, prefix: str) -> None:
    leaver, comer = Served(), Served()
    comer.may_stop.set()
    async with idle_fleet(stack, prefix, partitions=4) as fleet, member_of(fleet, leaver) as leaving:
        assert leaver.numbers == [0, 1, 2, 3]
        left = asyncio.create_task(leaving.leave())
        await leaver.stopping.wait()
        async with member_of(fleet, comer):
            assert len(comer.numbers) == 2, "the one that leaves is a member still, and gets its share"
            leaver.may_stop.set()
            await left
            assert leaver.numbers == [0, 1, 2, 3]
            assert leaving.assigned == 0
