"""The audit as a whole: it holds where all is right, also while the fleet is at work, and counts what it saw."""

import asyncio
from itertools import count, takewhile

import pytest

from ops.audit import AuditProgress, AuditReport, audit
from tests.fleet import Fleet, running_worker
from tests.ops.audit.workload import forge, staff, tickets
from tests.stack import Stack

pytestmark = pytest.mark.broker
_NOTE = {"agent_id": "owner", "content": "again"}
_AUDITS = 3


async def test_it_holds_where_all_is_right(settled: Fleet) -> None:
    report = await audit(settled.stack.kafka, settled.stack.redis, settled.topics)

    assert report.differences == ()
    assert report.holds
    assert report.tickets == len(await settled.snapshots()) == 36
    assert report.events == len(await settled.events())
    assert report.commands == len(await settled.records(settled.topics.commands))
    outcomes = report.outcomes
    assert outcomes.rejected == len(await settled.rejections())
    assert outcomes.dead_letters == len(await settled.dead_letters()) == 3
    assert (outcomes.moved, outcomes.duplicates, outcomes.waiting) == (1, 30, 0)


async def test_commands_that_nobody_has_decided_are_not_judged(settled: Fleet) -> None:
    await settled.send("note.add", "T-1", agent_id="owner", content="later")
    await settled.send("note.add", "never-opened", agent_id="owner", content="later")
    report = await audit(settled.stack.kafka, settled.stack.redis, settled.topics)

    assert report.holds
    assert report.outcomes.waiting == 2


async def test_an_empty_log_is_in_order(stack: Stack, prefix: str) -> None:
    async with running_worker(stack, prefix) as fleet:
        await fleet.settled()
        report = await audit(stack.kafka, stack.redis, fleet.topics)

    assert report.holds
    assert (report.tickets, report.events, report.commands) == (0, 0, 0)


async def test_one_ticket_is_audited_by_itself(settled: Fleet) -> None:
    await forge(settled, "T-2", prevhash="")
    kafka, redis, topics = settled.stack.kafka, settled.stack.redis, settled.topics
    right, wrong, none = [await audit(kafka, redis, topics, each) for each in ("T-1", "T-2", "nowhere")]

    assert right.holds
    assert (right.tickets, right.events) == (1, len(await settled.events("T-1")))
    assert [(each.ticket_id, each.check) for each in wrong.differences] == [("T-2", "chain")]
    assert (none.holds, none.tickets, none.commands) == (True, 0, 0)


async def test_no_more_differences_are_listed_than_a_person_reads(settled: Fleet) -> None:
    for number in range(60):
        for kind in ("no", "such"):
            await settled.publish(settled.topics.events, b"{", f"{kind}-{number}".encode(), 0)
    report = await audit(settled.stack.kafka, settled.stack.redis, settled.topics)

    assert (report.differences_total, len(report.differences)) == (120, 100)


async def test_it_holds_while_the_fleet_is_at_work(stack: Stack, prefix: str) -> None:
    """Audits of a log that grows: whatever moves between two looks is read on, and nothing is found."""
    async with running_worker(stack, prefix) as fleet:
        await staff(fleet)
        await fleet.settled()
        reports: list[AuditReport] = []

        async def work() -> None:
            for batch in takewhile(lambda _: len(reports) < _AUDITS, count()):
                await fleet.send_all(tickets(fleet, (f"W-{batch}-{number}" for number in range(20))))
                await fleet.send_all(fleet.command("note.add", f"W-0-{number}", _NOTE) for number in range(20))
                await fleet.settled()

        working = asyncio.create_task(work())
        while not working.done():
            reports.append(await audit(stack.kafka, stack.redis, fleet.topics))
        await working
        await fleet.settled()
        reports.append(await audit(stack.kafka, stack.redis, fleet.topics))

    assert [report.differences for report in reports] == [()] * len(reports)
    assert reports[0].events < reports[-1].events
    assert reports[-1].outcomes.waiting == 0


async def test_progress_is_told(stack: Stack, prefix: str) -> None:
    told: list[AuditProgress] = []
    async with running_worker(stack, prefix) as fleet:
        await staff(fleet)
        await fleet.send_all(tickets(fleet, (f"P-{number}" for number in range(400))))
        await fleet.settled()
        report = await audit(stack.kafka, stack.redis, fleet.topics, on_progress=told.append)

    assert report.holds
    assert told
    assert all(each.records <= each.of for each in told)
    assert [each.records for each in told] == sorted(each.records for each in told)
