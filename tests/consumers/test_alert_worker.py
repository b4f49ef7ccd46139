"""The alert worker on a real Kafka and Redis: each alert exactly once, whatever dies, is lost or comes twice."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from consumers.due_index import Asked, DueIndex, score_of
from consumers.observing import Observer
from contracts.instants import format_instant
from contracts.ticks import TICK_TYPE, write_tick
from services.alerts import ALERT_SOURCE
from tests.alert_fleet import Raised, alert_worker, evaluated, raised, send_ticks, tick
from tests.fleet import Fleet, running_worker
from tests.services.cast import MONDAY, later
from tests.stack import Stack

pytestmark = pytest.mark.broker
PARTITIONS = 2
OPENED = format_instant(MONDAY)


@pytest.fixture
async def fleet(stack: Stack, prefix: str) -> AsyncIterator[Fleet]:
    async with running_worker(stack, prefix, PARTITIONS) as fleet:
        yield fleet


async def open_at_nine(fleet: Fleet, *ticket_ids: str) -> None:
    """Open tickets on Monday at nine: not assigned after one, two and four hours."""
    for ticket_id in ticket_ids:
        await fleet.send("ticket.open", ticket_id, time=OPENED, subject="s")
    await fleet.settled()


def unassigned(ticket_id: str, level: int, *superseded: int) -> Raised:
    return ticket_id, "not_assigned", level, superseded, MONDAY


async def test_each_level_is_raised_once_however_often_it_is_ticked(fleet: Fleet) -> None:
    await open_at_nine(fleet, "T-1", "T-2")
    async with alert_worker(fleet):
        for at in (later(minutes=59), later(hours=1), later(hours=1), later(hours=2), later(hours=1), later(hours=5)):
            await tick(fleet, at)
            await evaluated(fleet)
    for ticket_id in ("T-1", "T-2"):
        assert await raised(fleet, ticket_id) == [unassigned(ticket_id, level) for level in (1, 2, 3)]
    assert await fleet.rejections() == []


async def test_of_a_backlog_the_highest_counts_once(fleet: Fleet) -> None:
    await open_at_nine(fleet, "T-1", "T-2")
    await tick(fleet, later(hours=1), later(hours=4), later(hours=2), later(hours=3))
    async with alert_worker(fleet):
        await evaluated(fleet)
    assert sorted(await raised(fleet)) == [unassigned("T-1", 3, 1, 2), unassigned("T-2", 3, 1, 2)]


def _ticks(at: object) -> bytes:
    good = orjson.loads(write_tick(MONDAY, 0))
    return orjson.dumps(good | {"data": {"at": at} if at is not None else {}})


class Counting(Observer):
    """Counts what the worker tells of ticks that do not count."""

    def __init__(self) -> None:
        self.ignored: Counter[str] = Counter()

    def tick_ignored(self, reason: str) -> None:
        self.ignored[reason] += 1


async def test_bad_ticks_are_ignored_and_counted_and_hold_nothing_up(fleet: Fleet) -> None:
    await open_at_nine(fleet, "T-1", "T-2")
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    bad: Mapping[str, Mapping[str, bytes | None]] = {
        "invalid_data": {
            "no at": _ticks(None),
            "malformed": _ticks("tomorrow"),
            "a number": _ticks(1),
            "without an offset": _ticks("2026-01-05T10:00:00"),
            "no data": write_tick(later(hours=9), 0).replace(b'"data"', b'"date"'),
        },
        "not_json": {
            "null": None,
            "no JSON": b"{",
            "not UTF-8": b"\xff\xfe",
            "a BOM": b"\xef\xbb\xbf" + write_tick(later(hours=9), 0),
        },
        "unknown_type": {
            "another type": write_tick(later(hours=9), 0).replace(TICK_TYPE.encode(), b"org.itilnext.tock.v1")
        },
        "in_future": {
            "far ahead": write_tick(datetime(9999, 12, 31, tzinfo=UTC), 0),
            "a day ahead": write_tick(tomorrow, 0),
        },
        "before_last": {
            "past": write_tick(later(minutes=30), 0),
            "long past": write_tick(datetime(1, 1, 1, tzinfo=UTC), 0),
        },
        "same_as_last": {"again": write_tick(later(hours=1), 0)},
    }
    counting = Counting()
    async with alert_worker(fleet, counting):
        await tick(fleet, later(hours=1))
        for values in bad.values():
            for value in values.values():
                await send_ticks(fleet, [value] * PARTITIONS)
        await evaluated(fleet)
        assert [level for _, _, level, _, _ in await raised(fleet, "T-1")] == [1]
        await tick(fleet, later(hours=2))
        await evaluated(fleet)
    assert counting.ignored == {reason: len(values) * PARTITIONS for reason, values in bad.items()}
    assert [level for _, _, level, _, _ in await raised(fleet, "T-1")] == [1, 2]


async def test_a_tick_ahead_of_its_record_counts_up_to_five_minutes(fleet: Fleet) -> None:
    await open_at_nine(fleet, "T-1")
    five_minutes_before = round(later(hours=1).timestamp() * 1000) - 300_000
    partition = fleet.partition_of("T-1")
    async with alert_worker(fleet):
        for early in (1, 0):
            await fleet.publish(
                fleet.topics.ticks,
                write_tick(later(hours=1), partition),
                None,
                partition,
                timestamp=five_minutes_before - early,
            )
            await evaluated(fleet)
            assert len(await raised(fleet)) == 1 - early


async def test_what_redis_forgets_is_neither_raised_twice_nor_lost(fleet: Fleet) -> None:
    await open_at_nine(fleet, "T-1", "T-2")
    async with alert_worker(fleet):
        await tick(fleet, later(hours=1))
        await evaluated(fleet)
        await fleet.redis.flushall()
        await tick(fleet, later(hours=1), later(hours=2))
        await evaluated(fleet)
        await fleet.redis.flushall()
        await tick(fleet, later(hours=4))
        await evaluated(fleet)
    for ticket_id in ("T-1", "T-2"):
        found = await raised(fleet, ticket_id)
        assert [(level, superseded) for _, _, level, superseded, _ in found] == [(1, ()), (2, ()), (3, ())]


async def test_a_worker_that_dies_after_asking_asks_again_and_it_is_raised_once(fleet: Fleet) -> None:
    await open_at_nine(fleet, "T-1")
    # As if a worker had asked, and died before it could note so: the ask is there, no lease, the tick not passed.
    asked = {"condition": "not_assigned", "level": 1, "anchor_at": OPENED, "at": format_instant(later(hours=1))}
    command = fleet.command(
        "alert.raise",
        "T-1",
        asked,
        command_id=f"not_assigned:1:{OPENED}",
        source=ALERT_SOURCE,
        time=format_instant(later(hours=1)),
    )
    await tick(fleet, later(hours=1))
    await fleet.send_all([command])
    async with alert_worker(fleet):
        await evaluated(fleet)
    assert await raised(fleet) == [unassigned("T-1", 1)]
    assert await fleet.rejections() == []


async def lease_first_level(index: DueIndex, until: datetime) -> None:
    """Lease T-1 as if level 1 had been asked for at ten: level 2 comes next, at eleven."""
    due = await index.due_by(later(hours=1))
    await index.lease([Asked("T-1", due["T-1"], later(hours=2))], until)


async def test_an_answer_that_never_comes_is_asked_for_again_when_the_lease_ends_and_not_before(fleet: Fleet) -> None:
    await open_at_nine(fleet, "T-1")
    index = DueIndex(fleet.redis, fleet.topics.prefix, fleet.partition_of("T-1"))
    async with alert_worker(fleet):
        await tick(fleet, later(minutes=1))
        await evaluated(fleet)
        # As if it had been asked for, with an answer that got lost.
        await lease_first_level(index, datetime.now(UTC) + timedelta(hours=1))
        await tick(fleet, later(hours=1))
        await evaluated(fleet)
        assert await raised(fleet) == []
        await index.lease([Asked("T-1", score_of(later(hours=2)), later(hours=2))], datetime.now(UTC))
        await tick(fleet, later(minutes=90))
        await evaluated(fleet)
    assert await raised(fleet) == [unassigned("T-1", 1)]


async def test_a_level_that_comes_due_while_another_is_not_answered_yet_does_not_wait_for_it(fleet: Fleet) -> None:
    await open_at_nine(fleet, "T-1")
    index = DueIndex(fleet.redis, fleet.topics.prefix, fleet.partition_of("T-1"))
    async with alert_worker(fleet):
        await tick(fleet, later(minutes=1))
        await evaluated(fleet)
        # As if level 1 had been asked for, and the answer took its time.
        await lease_first_level(index, datetime.now(UTC) + timedelta(hours=1))
        await tick(fleet, later(hours=2))
        await evaluated(fleet)
    assert await raised(fleet) == [unassigned("T-1", 2, 1)]


async def test_ticks_in_quick_succession_raise_every_level(fleet: Fleet) -> None:
    tickets = [f"T-{number}" for number in range(300)]
    await open_at_nine(fleet, *tickets)
    async with alert_worker(fleet):
        # The first is evaluated alone; of the others some are, before what was asked first is answered.
        for at in (later(hours=1), later(hours=2), later(hours=4)):
            await tick(fleet, at)
        await evaluated(fleet)
    counted = {(each[0], level) for each in await raised(fleet) for level in (each[2], *each[3])}
    assert counted == {(ticket_id, level) for ticket_id in tickets for level in (1, 2, 3)}


async def test_a_late_owner_does_not_move_the_last_tick_back(fleet: Fleet) -> None:
    index = DueIndex(fleet.redis, fleet.topics.prefix, 0)
    for at in (later(hours=2), later(hours=1)):
        await index.ticked(at)
        assert await index.last_tick() == later(hours=2)


async def test_a_changed_policy_holds_for_tickets_that_are_open_already(fleet: Fleet) -> None:
    await open_at_nine(fleet, "T-1", "T-2")
    async with alert_worker(fleet):
        await tick(fleet, later(minutes=5))
        await evaluated(fleet)
        assert await raised(fleet) == []
        thresholds = {"medium": {"not_assigned": ["PT2M", "PT7M", "PT8M"]}}
        await fleet.enter("policy", "default", id="default", thresholds=thresholds)
        await tick(fleet, later(minutes=6))
        await evaluated(fleet)
        await fleet.enter("policy", "default", id="default", thresholds={"medium": {"not_assigned": ["PT0S"] * 3}})
        await tick(fleet, later(minutes=7))
        await evaluated(fleet)
    # A policy out of order is set aside: the one before stays in force.
    for ticket_id in ("T-1", "T-2"):
        assert await raised(fleet, ticket_id) == [unassigned(ticket_id, 1), unassigned(ticket_id, 2)]


async def test_two_alert_workers_share_the_work_and_one_takes_over(fleet: Fleet) -> None:
    tickets = [f"T-{number}" for number in range(40)]
    await open_at_nine(fleet, *tickets)
    async with alert_worker(fleet):
        async with alert_worker(fleet):
            await tick(fleet, later(hours=1))
            await evaluated(fleet)
            await tick(fleet, later(hours=2))
        await evaluated(fleet)
    found = await raised(fleet)
    assert sorted(found) == sorted(unassigned(each, level) for each in tickets for level in (1, 2))
