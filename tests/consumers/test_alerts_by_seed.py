"""Random tickets, commands and ticks on real servers, with workers restarted and Redis emptied: the right alerts.

A clerk who knows none of the code (`tests.services.oracle`) keeps the same tickets, and says at every tick what has to
be raised. The same by many more seeds, without servers, is in `tests/services/test_alerts_model.py`.
"""

from contextlib import AsyncExitStack
from datetime import timedelta
from random import Random

import pytest

from contracts import commands as c
from contracts.commands import Command, RaiseAlert
from contracts.events import AlertRaised
from contracts.instants import format_instant
from services.alerts import ALERT_SOURCE
from tests.alert_fleet import Raised, alert_worker, evaluated, raised, tick
from tests.fleet import SOURCE, running_worker
from tests.services.cast import AGENTS, MONDAY, TEAMS
from tests.services.oracle.alerts import wanted
from tests.services.test_stateful import NAMES, WORLD, Both
from tests.stack import Stack

pytestmark = pytest.mark.broker
TICKETS = ("T-1", "T-2", "T-3", "T-4")
STEPS = 40
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


@pytest.mark.parametrize("seed", range(3))
async def test_the_log_holds_exactly_the_right_alerts(stack: Stack, prefix: str, seed: int) -> None:
    chance, now, desks = Random(seed), MONDAY, {ticket_id: Both() for ticket_id in TICKETS}
    async with running_worker(stack, prefix, 2) as fleet, AsyncExitStack() as working:
        await fleet.enter("policy", "default", **WORLD.policy.model_dump(mode="json", exclude={"id"}))
        for kind, entries in (("agent", AGENTS), ("team", TEAMS)):
            for entry in entries:
                await fleet.enter(kind, entry.id, **entry.model_dump(mode="json", exclude={"id"}))
        await working.enter_async_context(alert_worker(fleet))
        for step in range(STEPS):
            now += timedelta(minutes=chance.choice((0, 1, 5, 20)))
            if chance.random() < 0.6:
                ticket_id, command = chance.choice(TICKETS), chance.choice(COMMANDS)
                desks[ticket_id].deliver(command, now, command_id=f"s{step}")
                await fleet.send(
                    NAMES[type(command)],
                    ticket_id,
                    command_id=f"s{step}",
                    source=SOURCE,
                    time=format_instant(now),
                    **command.model_dump(mode="json"),
                )
                continue
            now += timedelta(microseconds=1)  # a tick counts only after the last
            await fleet.settled()
            match chance.choice(("nothing", "nothing", "flush", "restart")):
                case "flush":
                    await fleet.redis.flushall()
                case "restart":
                    await working.aclose()
                    await working.enter_async_context(alert_worker(fleet))
            await tick(fleet, *chance.choice(((now,), (now, now), (now, now - timedelta(minutes=1)))))
            await evaluated(fleet)
            for desk in desks.values():
                for condition, level, anchor_at in list(wanted(desk.book, now)):
                    ask = RaiseAlert(condition=condition, level=level, anchor_at=anchor_at, at=now)  # type: ignore[arg-type]
                    desk.deliver(ask, now, source=ALERT_SOURCE, command_id=f"{condition}:{level}:{anchor_at}")
        found = await raised(fleet)
    assert sorted(found) == sorted(
        _as_raised(ticket_id, one.data)
        for ticket_id, desk in desks.items()
        for one in desk.story.events
        if isinstance(one.data, AlertRaised)
    )
    assert found


def _as_raised(ticket_id: str, alert: AlertRaised) -> Raised:
    return ticket_id, alert.condition, alert.level, alert.superseded_levels, alert.anchor_at
