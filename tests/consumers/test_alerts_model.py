"""Any commands and ticks in any order, and whatever may go wrong between them: exactly the right alerts are raised.

The alert worker's own evaluation and due index run here on a real Redis, over tickets whose commands come at random;
only Kafka is played: ticks are doubled, late, out of order or piled up, asks come twice, late or never. Owners are
killed at any step, or frozen and thawed when another has gone on without them; Redis is emptied.

A clerk who knows none of the code (see `tests.services.oracle`) looks through all tickets at every tick and says what
has to be asked for; what then is raised, both judge. The same over a whole fleet is in `test_alerts_by_seed.py`.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from redis.asyncio import Redis

from consumers.due_index import DueIndex
from consumers.evaluation import Evaluation
from consumers.view import NOT_BUILT, Change, PartitionView, as_text
from contracts.commands import RaiseAlert
from contracts.events import AlertRaised
from contracts.json_values import write_json
from contracts.ticket import Ticket
from tests.services.cast import MONDAY
from tests.services.oracle.alerts import wanted
from tests.services.proposals import propose
from tests.services.test_stateful import WORLD, Both
from tests.stack import Stack

pytestmark = pytest.mark.broker
STEPS = 80
TICKETS = ("T-1", "T-2", "T-3", "T-4")
Ask = Mapping[str, Any]
Named = tuple[str, str, int, datetime]
"""What an ask names: ticket, condition, level and anchor."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run as many seeds as --alert-seeds says."""
    metafunc.parametrize("seed", range(metafunc.config.getoption("--alert-seeds")))


@pytest.fixture
async def redis(stack: Stack) -> AsyncIterator[Redis]:
    client = stack.redis.client()
    yield client
    await client.aclose()


class Killed(Exception):
    """An owner's process ends here."""


@dataclass
class Owner:
    """One alert worker's hold on the partition; it may end or stand still at any of its steps.

    `frozen_at` is after how many steps it stands still, until `thawed`; `killed_at` after how many it ends. `delivered`
    is what it asked for last.
    """

    redis: Redis
    prefix: str
    on_its_way: list[Ask]
    asked: set[Named]
    chance: Random
    killed_at: int | None = None
    frozen_at: int | None = None
    frozen: asyncio.Event = field(default_factory=asyncio.Event)
    thawed: asyncio.Event = field(default_factory=asyncio.Event)
    steps: int = 0
    delivered: set[Named] = field(default_factory=set)

    def __post_init__(self) -> None:
        index = _SteppedIndex(self.redis, self.prefix, self)
        self.evaluation = Evaluation(index, WORLD, self)

    async def step(self) -> None:
        """End or stand still here, if it is to."""
        self.steps += 1
        if self.steps == self.killed_at:
            raise Killed
        if self.steps == self.frozen_at:
            self.frozen.set()
            await self.thawed.wait()

    async def deliver(self, commands: Sequence[Ask]) -> None:
        """Put asks on their way: each arrives once or twice, or never."""
        await self.step()
        self.delivered = {_named(command) for command in commands}
        self.asked |= self.delivered
        for command in commands:
            self.on_its_way += [command] * self.chance.choice((1, 1, 2, 0))
        await self.step()


class _SteppedIndex(DueIndex):
    """The due index, with a step of its owner after whatever is read and before whatever is written."""

    def __init__(self, redis: Redis, prefix: str, owner: Owner) -> None:
        super().__init__(redis, prefix, 0)
        self._owner = owner

    async def tickets(self, ticket_ids: Sequence[str]) -> Mapping[str, Ticket]:
        found = await super().tickets(ticket_ids)
        await self._owner.step()
        return found

    async def due_by(self, at: datetime) -> Mapping[str, float]:
        found = await super().due_by(at)
        await self._owner.step()
        return found

    async def mark_all(self, rules: str) -> None:
        await super().mark_all(rules)
        await self._owner.step()


class Desk:
    """Some tickets of one partition with its view, and the alert workers that have it one after another."""

    def __init__(self, redis: Redis, prefix: str, seed: int) -> None:
        self.chance = Random(seed)
        self.tickets = {ticket_id: Both() for ticket_id in TICKETS}
        self.now = MONDAY
        self.last: datetime | None = None
        self.on_its_way: list[Ask] = []
        self.asked: set[Named] = set()
        self.zombies: list[tuple[Owner, asyncio.Task[bool]]] = []
        self._redis = redis
        self._prefix = prefix
        self._view = PartitionView(redis, prefix, 0)
        self._at = NOT_BUILT
        self._owner = self._new_owner()

    async def command(self) -> None:
        """Let a command of somebody arrive at some ticket."""
        ticket_id = self.chance.choice(TICKETS)
        desk = self.tickets[ticket_id]
        self.now += timedelta(seconds=self.chance.choice((0, 1, 60, 300, 3_600)))
        before = desk.story.ticket
        desk.deliver(propose(self.chance.choice, desk.book), self.now)
        await self._apply(ticket_id, before)

    async def tick(self) -> None:
        """Let ticks arrive, of which one that is not after the last counts for nothing; sometimes all goes well."""
        self.now += timedelta(minutes=self.chance.choice((1, 5, 30, 240)))
        at = self.now - timedelta(minutes=self.chance.choice((0, 0, 0, 1, 60)))
        for each in self.chance.choice(((at,), (at, at), (at, at - timedelta(minutes=1)), (at, self.now))):
            if self.last is None or each > self.last:
                await self.chance.choice((self._evaluated, self._evaluated, self._killed, self._frozen))(each)
                self.last = each
        await self.answer()

    async def answer(self) -> None:
        """Let asks arrive; now and then they wait for the next occasion."""
        if self.chance.randrange(5) == 0:
            return
        waiting, self.on_its_way[:] = list(self.on_its_way), ()
        for ask in waiting:
            desk, command = self.tickets[ask["subject"]], RaiseAlert.read(dict(ask["data"]))
            before = desk.story.ticket
            desk.deliver(command, command.at, source=ask["source"], command_id=ask["id"])
            await self._apply(ask["subject"], before)

    async def end_leases(self) -> None:
        """Time passes on the machine: nobody answers any more to what was asked."""
        self.asked.clear()
        if leased := await self._redis.zrange(self._view.keys.asked, 0, -1):
            await self._redis.zadd(self._view.keys.asked, {as_text(ticket_id): 0 for ticket_id in leased})

    async def thaw(self) -> None:
        """Let those who stand still go on, with what they knew then."""
        zombies, self.zombies = self.zombies, []
        for owner, task in zombies:
            owner.thawed.set()
            await task
            # What it had asked for it may only now have leased: then it is asked for again when that lease ends.
            self.asked |= owner.delivered

    async def lose_redis(self) -> None:
        """Empty Redis; the view is rebuilt, with all its tickets marked, and what was asked for is forgotten."""
        await self._redis.flushall()
        self._at, self.last = NOT_BUILT, None
        self.asked.clear()
        for ticket_id in TICKETS:
            if self.tickets[ticket_id].story.ticket is not None:
                await self._apply(ticket_id, None)

    async def settle(self) -> None:
        """Tick until nothing is left to ask for: whatever was lost is asked for again."""
        self.now += timedelta(days=1)
        await self.thaw()
        while self.wanted(self.now) or self.on_its_way:
            await self.answer()
            await self.end_leases()
            self.now += timedelta(microseconds=1)
            await self._evaluated(self.now)

    def wanted(self, at: datetime) -> set[Named]:
        """Return what the clerk says has to be asked for."""
        return {(ticket_id, *each) for ticket_id, desk in self.tickets.items() for each in wanted(desk.book, at)}

    async def _evaluated(self, at: datetime) -> None:
        """Evaluate a tick undisturbed: what the clerk wants is asked for, now or under a lease, and nothing else."""
        sent = len(self.on_its_way)
        assert await self._owner.evaluation.evaluate(at)
        assert self.wanted(at) <= self.asked
        assert {_named(ask) for ask in self.on_its_way[sent:]} <= self.wanted(at)

    async def _killed(self, at: datetime) -> None:
        """Kill the owner somewhere on its way; the next one reads the same tick again."""
        self._owner.killed_at = self._owner.steps + self.chance.randrange(1, 6)
        try:
            await self._owner.evaluation.evaluate(at)
        except Killed:
            self._owner = self._new_owner()
            await self._evaluated(at)
        else:
            self._owner.killed_at = None

    async def _frozen(self, at: datetime) -> None:
        """Freeze the owner somewhere on its way; another takes over, reads the same tick again, and goes on."""
        owner = self._owner
        owner.delivered = set()
        owner.frozen_at = owner.steps + self.chance.randrange(1, 6)
        task = asyncio.create_task(owner.evaluation.evaluate(at))
        standing = asyncio.create_task(owner.frozen.wait())
        await asyncio.wait((task, standing), return_when=asyncio.FIRST_COMPLETED)
        standing.cancel()
        self._owner = self._new_owner()
        self.zombies.append((owner, task))
        await self._evaluated(at)

    def _new_owner(self) -> Owner:
        return Owner(self._redis, self._prefix, self.on_its_way, self.asked, self.chance)

    async def _apply(self, ticket_id: str, before: Ticket | None) -> None:
        """Bring the view up to a ticket, as the ticket worker does after a batch."""
        after = self.tickets[ticket_id].story.ticket
        if after is None or after is before:
            return
        writes = self._view.writes_for(Change(ticket_id, before, after, write_json(after)), 0)
        await self._view.apply(self._at, self._at + 1, 0, writes)
        self._at += 1
        self.asked -= {named for named in self.asked if named[0] == ticket_id}


def _named(ask: Ask) -> Named:
    command = RaiseAlert.read(dict(ask["data"]))
    return ask["subject"], command.condition, command.level, command.anchor_at


async def test_exactly_the_right_alerts_are_raised(redis: Redis, prefix: str, seed: int) -> None:
    desk = Desk(redis, prefix, seed)
    steps = [desk.command] * 8 + [desk.tick] * 6 + [desk.answer, desk.end_leases, desk.thaw, desk.lose_redis]
    for _ in range(STEPS):
        await desk.chance.choice(steps)()
    await desk.settle()
    for ticket in desk.tickets.values():
        raised = [one.data for one in ticket.story.events if isinstance(one.data, AlertRaised)]
        counted: dict[tuple[str, datetime], list[int]] = {}
        for alert in raised:
            counted.setdefault((alert.condition, alert.anchor_at), []).extend((alert.level, *alert.superseded_levels))
        # Exactly once in a round, and all the clerk has counted.
        assert all(len(levels) == len(set(levels)) for levels in counted.values())
        assert {key: set(levels) for key, levels in counted.items()} == {
            key: levels for key, levels in ticket.book.rounds.items() if levels
        }
    assert desk.wanted(desk.now) == set()
