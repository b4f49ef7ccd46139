"""What one can't go by stays out of the directory, with a DLQ record, and what was there before holds (SPEC section 4).

Limits of money, calendars, and the durations of a policy.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from consumers.directory_view import DirectoryView
from consumers.directory_worker import DirectoryWorkerConfig, run_directory_worker
from contracts.dead_letters import ERROR_CODE_HEADER
from ops.composing import compose_entry
from producers.publisher import CommandPublisher
from services.alerts import ALERT_SOURCE
from tests.fleet import SETTLE_SECONDS, Fleet, idle_fleet, running_worker
from tests.stack import Stack

pytestmark = pytest.mark.broker


@asynccontextmanager
async def directory_worker(fleet: Fleet, **limits: int) -> AsyncIterator[None]:
    """Run one directory worker in this process; leaving stops it, and raises what it died of."""
    config = DirectoryWorkerConfig(fleet.stack.kafka, fleet.stack.redis, fleet.topics, **limits)
    async with fleet.running("directory-worker", lambda stop: run_directory_worker(config, stop)):
        yield


async def entered(fleet: Fleet, end: int) -> None:
    """Wait until the directory worker has applied all entries before an offset."""
    view = DirectoryView(fleet.redis, fleet.topics.prefix)
    async with asyncio.timeout(SETTLE_SECONDS):
        while await view.position() < end:
            for task in fleet.workers:
                if task.done():
                    task.result()
            await asyncio.sleep(0.05)


BAD_CALENDARS: Mapping[str, Mapping[str, object]] = {
    "no hours": {"hours": {}},
    "no window": {"hours": {"mon": []}},
    "overlapping": {"hours": {"mon": [["08:00", "12:00"], ["11:59", "13:00"]]}},
    "reversed": {"hours": {"mon": [["12:00", "08:00"]]}},
    "empty": {"hours": {"mon": [["08:00", "08:00"]]}},
    "no time of day": {"hours": {"mon": [["08:00", "25:00"]]}},
    "no weekday": {"hours": {"monday": [["08:00", "12:00"]]}},
    "an unknown zone": {"timezone": "Mars/Olympus_Mons"},
    "400 holidays": {"holidays": [f"{2026 + number // 28}-02-{number % 28 + 1:02}" for number in range(400)]},
    "an unknown country": {"holiday_country": "XX"},
}
BAD_POLICIES: Mapping[str, Mapping[str, object]] = {
    "a negative target": {"targets": {"high": "-PT1H"}},
    "no target": {"targets": {"high": "PT0S"}},
    "days": {"targets": {"high": "P1D"}},
    "a negative threshold": {"thresholds": {"high": {"not_assigned": ["-PT1M", "PT2M", "PT3M"]}}},
    "no threshold": {"thresholds": {"high": {"not_updated": ["PT0S", "PT2M", "PT3M"]}}},
    "out of order": {"thresholds": {"high": {"not_assigned": ["PT3M", "PT2M", "PT4M"]}}},
    "in the order of the others": {"thresholds": {"high": {"not_completed": ["PT1M", "PT2M", "PT3M"]}}},
    "two levels": {"thresholds": {"high": {"not_assigned": ["PT1M", "PT2M"]}}},
}


async def test_calendars_and_durations_one_can_t_go_by_are_set_aside_and_the_ones_before_hold(
    stack: Stack, prefix: str
) -> None:
    hours = {"timezone": "Europe/Berlin", "hours": {"mon": [["09:00", "12:00"]], "tue": [["09:00", "12:00"]]}}
    policy = {
        "targets": {"high": "PT4H"},
        "thresholds": {"high": {"not_assigned": ["PT10M", "PT20M", "PT30M"]}},
        "calendars": {"high": "desk"},
    }
    async with running_worker(stack, prefix, partitions=1) as fleet, directory_worker(fleet):
        await fleet.enter("calendar", "desk", **hours)
        await fleet.enter("policy", "default", **policy)
        for wrong in BAD_CALENDARS.values():
            await fleet.enter("calendar", "desk", **{**hours, **wrong})
        for wrong in BAD_POLICIES.values():
            await fleet.enter("policy", "default", **{**policy, **wrong})
        await entered(fleet, 2 + len(BAD_CALENDARS) + len(BAD_POLICIES))

        letters = await fleet.dead_letters()
        keys = [b"calendar:desk"] * len(BAD_CALENDARS) + [b"policy:default"] * len(BAD_POLICIES)
        assert [letter.key for letter in letters] == keys
        assert {dict(letter.headers)[ERROR_CODE_HEADER] for letter in letters} == {b"invalid_data"}

        # Monday, 11:00 in Berlin: an hour is left of the day, three of the four are Tuesday's.
        await fleet.send("ticket.open", "T-1", time="2026-01-05T10:00:00Z", subject="s", priority="high")
        for level, minute in ((1, 9), (1, 10), (3, 29), (3, 30)):
            at = f"2026-01-05T10:{minute:02}:00Z"
            said: dict[str, Any] = {
                "condition": "not_assigned",
                "level": level,
                "anchor_at": "2026-01-05T10:00:00Z",
                "at": at,
            }
            await fleet.send("alert.raise", "T-1", source=ALERT_SOURCE, time=at, **said)
        await fleet.settled()
        assert (await fleet.snapshots())["T-1"]["due_at"] == "2026-01-06T11:00:00.000000Z"
        raised = [event for event in await fleet.events("T-1") if event["type"] == "org.itilnext.alert.raised.v1"]
        assert [(one["data"]["level"], one["data"]["at"][14:16]) for one in raised] == [(1, "10"), (3, "30")]
        assert [one["data"]["code"] for one in await fleet.rejections()] == ["alert_stale"] * 2


async def test_more_entries_than_may_wait_at_once_are_all_applied(stack: Stack, prefix: str) -> None:
    count = 500
    async with idle_fleet(stack, prefix, partitions=1) as fleet:
        async with CommandPublisher(stack.kafka, fleet.topics) as publisher:
            for number in range(count):
                await publisher.send(compose_entry("directory.agent", f"a{number}", ["name=A"], "/connectors/hr"))
        async with directory_worker(fleet, max_waiting=20, max_batch=50):
            await entered(fleet, count)
        view = DirectoryView(fleet.redis, prefix)
        assert await view.entry("agent", f"a{count - 1}") is not None


async def test_limits_missing_or_reversed_are_set_aside_and_the_ones_before_hold(stack: Stack, prefix: str) -> None:
    async with running_worker(stack, prefix, partitions=1) as fleet, directory_worker(fleet):
        await fleet.enter("team", "desk", tier1_limit="50.00", tier2_limit="60.00")
        await fleet.enter("policy", "default", currencies={"CHF": {"agent": "5.00", "team_lead": "6.00"}})
        await fleet.enter("agent", "ann", team_ids=["desk"])
        view = DirectoryView(fleet.redis, prefix)
        await entered(fleet, 3)
        good = [await view.entry(*named) for named in (("team", "desk"), ("policy", "default"))]

        await fleet.enter("team", "desk", tier1_limit="600.00")
        await fleet.enter("team", "desk", tier1_limit="60.01", tier2_limit="60.00")
        await fleet.enter("team", "desk", tier1_limit=None, tier2_limit="99.99")
        for limits in ({"agent": "5.00"}, {"team_lead": "5.00"}, {"agent": "6.01", "team_lead": "6.00"}):
            await fleet.enter("policy", "default", currencies={"CHF": limits})
        await entered(fleet, 9)

        letters = await fleet.dead_letters()
        assert [letter.key for letter in letters] == [b"team:desk"] * 3 + [b"policy:default"] * 3
        assert {dict(letter.headers)[ERROR_CODE_HEADER] for letter in letters} == {b"invalid_data"}
        assert [await view.entry(*named) for named in (("team", "desk"), ("policy", "default"))] == good

        await fleet.send("ticket.open", "T-1", subject="s")
        await fleet.send("ticket.accept", "T-1", agent_id="ann")
        told = {"agent_id": "ann", "what_went_wrong": "w", "why_eligible": "y", "resolution_type": "refund"}
        for currency, amounts in (("EUR", ("50.00", "0.01", "10.00")), ("CHF", ("5.00", "1.00", "0.01"))):
            for amount in amounts:
                await fleet.send("resolution.create", "T-1", **told, amount=amount, currency=currency)
        await fleet.settled()
        tiers = [one["tier"] for one in (await fleet.snapshots())["T-1"]["resolutions"]]
        assert tiers == ["agent", "team_lead", "manager"] * 2
