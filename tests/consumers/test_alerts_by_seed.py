"""Random tickets, commands and ticks on real servers, and what may befall a fleet: the log holds the right alerts.

A clerk who knows none of the code (`tests.services.oracle`) keeps the same tickets, and says at every tick what has to
be raised. The same by many more seeds, without Kafka, is in `test_alerts_model.py`.
"""

import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from contracts import commands as c
from contracts.commands import Command, RaiseAlert
from contracts.events import AlertRaised
from contracts.instants import format_instant
from services.alerts import ALERT_SOURCE
from tests.acceptance.processes import Operator, stopped
from tests.alert_fleet import Raised, alert_worker, evaluated, raised, tick
from tests.fleet import SOURCE, Fleet, running_worker
from tests.services.cast import AGENTS, MONDAY, TEAMS
from tests.services.oracle.alerts import wanted
from tests.services.test_stateful import NAMES, WORLD, Both
from tests.stack import Stack

if TYPE_CHECKING:
    from subprocess import Popen

pytestmark = pytest.mark.broker
TICKETS = ("T-1", "T-2", "T-3", "T-4")
STEPS = 40
SESSION_TIMEOUT_MS = 3_000
"""What a killed or frozen owner's partitions wait for."""
COMMANDS: tuple[Command, ...] = (
    *(c.OpenTicket(subject="s", priority=priority) for priority in ("critical", "high", "medium")),
    *(c.AcceptTicket(agent_id="anna"),) * 3,
    c.AddNote(agent_id="ben", content="n"),
    c.ChangePriority(agent_id="lea", priority="critical"),
    c.AwaitCustomer(agent_id="anna"),
    c.ResumeTicket(agent_id="anna"),
    c.ResolveTicket(agent_id="anna"),
    c.ReopenTicket(),
)
Disturbance = Callable[[], Awaitable[None]]


@asynccontextmanager
async def at_work(stack: Stack, prefix: str) -> AsyncIterator[Fleet]:
    """Run a ticket worker, with the clerk's people and policy in the directory."""
    async with running_worker(stack, prefix, 2) as fleet:
        await fleet.enter("policy", "default", **WORLD.policy.model_dump(mode="json", exclude={"id"}))
        for kind, entries in (("agent", AGENTS), ("team", TEAMS)):
            for entry in entries:
                await fleet.enter(kind, entry.id, **entry.model_dump(mode="json", exclude={"id"}))
        yield fleet


class Story:
    """What happens to the tickets of a fleet, and what the clerk makes of it."""

    def __init__(self, fleet: Fleet, seed: int) -> None:
        self.fleet = fleet
        self.chance = Random(seed)
        self.now = MONDAY
        self.desks = {ticket_id: Both() for ticket_id in TICKETS}
        self._ids = (f"s{number}" for number in count())

    async def command(self) -> None:
        """Send a command of somebody, to the fleet and to the clerk."""
        self.now += timedelta(minutes=self.chance.choice((0, 1, 5, 20)))
        ticket_id, command, command_id = self.chance.choice(TICKETS), self.chance.choice(COMMANDS), next(self._ids)
        self.desks[ticket_id].deliver(command, self.now, command_id=command_id)
        await self.fleet.send(
            NAMES[type(command)],
            ticket_id,
            command_id=command_id,
            source=SOURCE,
            time=format_instant(self.now),
            **command.model_dump(mode="json"),
        )

    async def tick(self, before: Disturbance, meanwhile: Disturbance) -> None:
        """Send a tick, twice or followed by a late one; let the clerk ask for what it finds due."""
        self.now += timedelta(minutes=self.chance.choice((1, 5, 20)), microseconds=1)
        now = self.now
        await self.fleet.settled()
        await before()
        await tick(self.fleet, *self.chance.choice(((now,), (now, now), (now, now - timedelta(minutes=1)))))
        await meanwhile()
        await evaluated(self.fleet)
        for desk in self.desks.values():
            for condition, level, anchor_at in list(wanted(desk.book, now)):
                ask = RaiseAlert(condition=condition, level=level, anchor_at=anchor_at, at=now)  # type: ignore[arg-type]
                desk.deliver(ask, now, source=ALERT_SOURCE, command_id=f"{condition}:{level}:{anchor_at}")

    async def agrees(self) -> None:
        """The log holds exactly the clerk's alerts, and there are some."""
        found = await raised(self.fleet)
        assert found
        assert sorted(found) == sorted(
            _as_raised(ticket_id, one.data)
            for ticket_id, desk in self.desks.items()
            for one in desk.story.events
            if isinstance(one.data, AlertRaised)
        )


@pytest.mark.parametrize("seed", range(2))
async def test_restarts_and_a_lost_redis_change_no_alert(stack: Stack, prefix: str, seed: int) -> None:
    async with at_work(stack, prefix) as fleet, AsyncExitStack() as working:
        story = Story(fleet, seed)

        async def restart() -> None:
            await working.aclose()
            await working.enter_async_context(alert_worker(fleet))

        async def flush() -> None:
            await fleet.redis.flushall()

        await restart()
        for _ in range(STEPS):
            if story.chance.random() < 0.6:
                await story.command()
            else:
                await story.tick(story.chance.choice((_nothing, _nothing, flush, restart)), _nothing)
        await story.agrees()


async def test_owners_that_die_freeze_and_come_back_change_no_alert(stack: Stack, prefix: str, tmp_path: Path) -> None:
    settings = {"ITILNEXT_TOPICS__PREFIX": prefix, "ITILNEXT_KAFKA__SESSION_TIMEOUT_MS": str(SESSION_TIMEOUT_MS)}
    async with at_work(stack, prefix) as fleet:
        owners = Owners(Operator(stack.environment | settings, tmp_path))
        story = Story(fleet, 7)
        try:
            for _ in range(2):
                await owners.start()
            disturbances = (_nothing, owners.kill, owners.start, owners.freeze, _nothing, owners.thaw, owners.leave)
            for disturbance in disturbances:
                for _ in range(5):
                    await story.command()
                # While it is evaluated: in the middle of it, as it comes.
                await story.tick(_nothing, disturbance)
            await story.agrees()
        finally:
            await owners.end()


@dataclass
class Owners:
    """The alert workers of a fleet, each a process of its own, the oldest first."""

    operator: Operator

    def __post_init__(self) -> None:
        self._names = (f"alert-{number}" for number in count(1))
        self._running: list[Popen[bytes]] = []
        self._frozen: list[Popen[bytes]] = []

    async def start(self) -> None:
        """Start one more: the group gives it a share."""
        self._running.append(self.operator.start(next(self._names), "worker", "alert"))

    async def kill(self) -> None:
        """End one as a power cut does."""
        victim = self._running.pop(0)
        victim.kill()
        victim.wait()

    async def freeze(self) -> None:
        """Let one stand still, for longer than the group waits for it."""
        victim = self._running.pop(0)
        os.kill(victim.pid, signal.SIGSTOP)
        self._frozen.append(victim)

    async def thaw(self) -> None:
        """Let those that stand still go on where they were."""
        for victim in self._frozen:
            os.kill(victim.pid, signal.SIGCONT)
        self._running += self._frozen
        self._frozen.clear()

    async def leave(self) -> None:
        """Ask one to end."""
        assert await stopped(self._running.pop(0)) == 0

    async def end(self) -> None:
        """End them all."""
        await self.thaw()
        for process in self._running:
            await stopped(process)


async def _nothing() -> None:
    """All goes well."""


def _as_raised(ticket_id: str, alert: AlertRaised) -> Raised:
    return ticket_id, alert.condition, alert.level, alert.superseded_levels, alert.anchor_at
