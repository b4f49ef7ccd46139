"""Any commands and ticks in any order, and whatever may go wrong between them: exactly the right alerts are raised.

The alert worker's pure parts are driven here over tickets whose commands come at random: the due index with one instant
a ticket, ticks that are doubled, late or out of order, asks that are doubled, delayed or lost and asked for again when
their lease ends, workers that forget everything. A clerk who knows none of the code (see `oracle`) looks through all
tickets at every tick and says what has to be asked for; what then is raised, both judge. The same with real servers is
in `tests/consumers/test_alert_worker.py`.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

import pytest

from contracts.commands import RaiseAlert
from contracts.events import AlertRaised
from services.alert_rounds import Cell, due, next_due_after, next_due_at
from services.alerts import ALERT_SOURCE
from tests.services.cast import MONDAY
from tests.services.oracle.alerts import MINUTES, anchor
from tests.services.oracle.book import Book
from tests.services.proposals import propose
from tests.services.test_stateful import WORLD, Both

SEEDS = 50
STEPS = 120
TICKETS = 4
Asked = tuple[int, str, int, datetime]
"""A ticket's number, condition, level and anchor."""


def expected(book: Book, at: datetime) -> Iterator[tuple[str, int, datetime]]:
    """Yield what the clerk, who looks at every ticket, says is to be asked for at an instant."""
    if book.opened_at is None:
        return
    for condition, thresholds in MINUTES[book.priority].items():
        start = anchor(book, condition)
        if start is None:
            continue
        sign = -1 if condition == "not_completed" else 1
        reached = [n for n, minutes in enumerate(thresholds, 1) if start + sign * timedelta(minutes=minutes) <= at]
        if reached and reached[-1] not in book.rounds.get((condition, start), ()):
            yield condition, reached[-1], start


class Watched:
    """Some tickets, and the alert worker's view of them.

    `touched` are to be looked at, `due` tells when next, `leased` what was asked for and is not answered yet.
    """

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.desks = [Both() for _ in range(TICKETS)]
        self.touched = set(range(TICKETS))
        self.due: dict[int, datetime] = {}
        self.leased: dict[int, set[Asked]] = {}
        self.delayed: list[tuple[int, Cell, datetime]] = []
        self.last: datetime | None = None
        self.now = MONDAY

    def command(self) -> None:
        """Let a command of somebody arrive at some ticket."""
        number = self.chance.randrange(TICKETS)
        desk = self.desks[number]
        self.now += timedelta(seconds=self.chance.choice((0, 1, 60, 300, 3_600)))
        desk.deliver(propose(self.chance.choice, desk.book), self.now)
        self.touched.add(number)

    def tick(self) -> None:
        """Let ticks arrive, of which one that is not after the last counts for nothing."""
        self.now += timedelta(minutes=self.chance.choice((1, 5, 30, 240)))
        at = self.now - timedelta(minutes=self.chance.choice((0, 0, 0, 1, 60)))
        for each in self.chance.choice(((at,), (at, at), (at, at - timedelta(minutes=1)))):
            if self.last is None or each > self.last:
                self.evaluate(each)
                self.last = each

    def evaluate(self, at: datetime) -> None:
        """Ask for what the index says is due: that must be what the clerk says, and no ask without a new one in it."""
        self.refresh()
        wanted = {(number, *each) for number, desk in enumerate(self.desks) for each in expected(desk.book, at)}
        for number in sorted(number for number, instant in self.due.items() if instant <= at):
            ticket, leased = self.desks[number].story.now, self.leased.setdefault(number, set())
            cells = due(ticket, WORLD, at)
            asked = {(number, cell.condition, cell.level, cell.anchor_at) for cell in cells}
            assert asked <= wanted
            assert asked - leased
            leased |= asked
            self.put(number, next_due_after(ticket, WORLD, at))
            for cell in cells:
                self.send(number, cell, at)
        assert wanted <= set().union(*self.leased.values())
        self.answer()

    def put(self, number: int, instant: datetime | None) -> None:
        """Note when a ticket next comes due."""
        if instant is None:
            self.due.pop(number, None)
        else:
            self.due[number] = instant

    def send(self, number: int, cell: Cell, at: datetime) -> None:
        """Put an ask on its way: it arrives once or twice, or is lost."""
        way = self.chance.choice(("arrives", "arrives", "twice", "lost"))
        if way != "lost":
            self.delayed += [(number, cell, at)] * (2 if way == "twice" else 1)

    def answer(self) -> None:
        """Let asks arrive; now and then they wait for the next occasion."""
        if self.chance.randrange(5) == 0:
            return
        waiting, self.delayed = self.delayed, []
        for number, cell, at in waiting:
            command = RaiseAlert(condition=cell.condition, level=cell.level, anchor_at=cell.anchor_at, at=at)
            identity = f"{cell.condition}:{cell.level}:{cell.anchor_at}"
            self.desks[number].deliver(command, at, source=ALERT_SOURCE, command_id=identity)
            self.touched.add(number)

    def refresh(self) -> None:
        """Bring the index up to date, as far as tickets are touched."""
        for number in self.touched:
            self.leased.pop(number, None)
            ticket = self.desks[number].story.ticket
            self.put(number, None if ticket is None else next_due_at(ticket, WORLD))
        self.touched.clear()

    def end_leases(self) -> None:
        """Time passes on the machine: nobody answers any more to what was asked."""
        self.touched |= set(self.leased)

    def forget(self) -> None:
        """Lose the index, all leases and the last tick; a rebuilt view touches every ticket."""
        self.due.clear()
        self.leased.clear()
        self.last = None
        self.touched = set(range(TICKETS))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_exactly_the_right_alerts_are_raised(seed: int) -> None:
    watched = Watched(seed)
    steps = [watched.command] * 8 + [watched.tick] * 6 + [watched.answer, watched.end_leases, watched.forget]
    for _ in range(STEPS):
        watched.chance.choice(steps)()
    settle(watched)
    for desk in watched.desks:
        raised = [one.data for one in desk.story.events if isinstance(one.data, AlertRaised)]
        counted: dict[tuple[str, datetime], list[int]] = {}
        for alert in raised:
            counted.setdefault((alert.condition, alert.anchor_at), []).extend((alert.level, *alert.superseded_levels))
        # Exactly once in a round, and all the clerk has counted.
        assert all(len(levels) == len(set(levels)) for levels in counted.values())
        assert {key: set(levels) for key, levels in counted.items()} == {
            key: levels for key, levels in desk.book.rounds.items() if levels
        }
        assert list(expected(desk.book, watched.now)) == []


def settle(watched: Watched) -> None:
    """Tick until nothing is left to ask for: whatever was lost is asked for again."""
    watched.now += timedelta(days=1)
    while any(list(expected(desk.book, watched.now)) for desk in watched.desks) or watched.delayed:
        watched.answer()
        watched.end_leases()
        watched.now += timedelta(microseconds=1)
        watched.evaluate(watched.now)
