"""An import that lets the log's time pass: the same alerts on every run, and no time but the log's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from contracts.instants import format_instant
from ops.console import CommandFailed
from ops.importing import Import, Progress, import_log, time_lapse
from ops.importing.time_lapse import placed
from ops.sample import INCIDENT_LOG
from ops.settings import KafkaSettings, RedisSettings, Settings, TopicSettings
from ops.target import Target
from services.alerts import ALERT_SOURCE
from tests.alert_fleet import alert_worker, evaluated, tick
from tests.fleet import Fleet, running_worker
from tests.stack import Stack

pytestmark = pytest.mark.broker
DAY = timedelta(days=1)
LOG = Import.of(INCIDENT_LOG)
SHORT = replace(LOG, commands=LOG.commands[:120])


class Unwatched:
    def look(self, progress: Progress) -> None:
        """See nothing."""


@asynccontextmanager
async def desk(stack: Stack) -> AsyncIterator[tuple[Fleet, Target]]:
    """Run a ticket worker and an alert worker under a prefix of their own."""
    prefix = f"t{uuid4().hex[:12]}."
    settings = Settings(
        kafka=KafkaSettings(bootstrap_servers=stack.bootstrap_servers),
        redis=RedisSettings(url=stack.redis.url),
        topics=TopicSettings(prefix=prefix, partitions=3),
    )
    async with running_worker(stack, prefix, partitions=3) as fleet, alert_worker(fleet):
        yield fleet, Target(settings)


async def _alerts(fleet: Fleet) -> list[dict[str, Any]]:
    raised = [event for event in await fleet.events() if event["source"] and event["causationsource"] == ALERT_SOURCE]
    return sorted(raised, key=lambda event: str(event["id"]))


async def test_two_runs_raise_the_same_alerts_with_the_same_ids(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    # The second one waits for each tick alone: sending those together at which nothing is due must change nothing.
    for at_once in (time_lapse.AT_ONCE, 1):
        monkeypatch.setattr(time_lapse, "AT_ONCE", at_once)
        async with desk(stack) as (fleet, target):
            report = await import_log(target, SHORT, Unwatched(), timedelta(hours=4))
            alerts = await _alerts(fleet)
            assert await fleet.rejections() == []
        assert sum(sum(levels.values()) for levels in report.alerts.values()) == len(alerts) > 0
        assert (report.commands, report.refused, report.duplicates) == (len(SHORT.commands), 0, 0)
        found.append((report.alerts, report.ticks, [event | {"prevhash": None} for event in alerts]))
    assert found[0] == found[1]


async def test_a_fleet_that_has_seen_a_later_tick_is_refused(stack: Stack) -> None:
    async with desk(stack) as (fleet, target):
        now = datetime.now(UTC)
        await tick(fleet, now)
        await evaluated(fleet)
        with pytest.raises(ExceptionGroup) as refused:
            await import_log(target, SHORT, Unwatched(), DAY)
        assert refused.group_contains(CommandFailed, match=f"had a tick for {format_instant(now)}")
        assert await fleet.events() == []


async def test_a_ticker_that_comes_later_is_noticed(stack: Stack) -> None:
    async with desk(stack) as (fleet, target):
        ticking = asyncio.Event()

        class Ticking(Unwatched):
            def look(self, progress: Progress) -> None:
                if progress.tally.events:
                    ticking.set()

        async def ticker() -> None:
            await ticking.wait()
            await tick(fleet, datetime.now(UTC))

        task = asyncio.create_task(ticker())
        with pytest.raises(ExceptionGroup) as refused:
            await import_log(target, LOG, Ticking(), DAY)
        assert refused.group_contains(CommandFailed, match="somebody else has sent a tick")
        await task


def test_a_command_goes_out_no_sooner_than_the_one_ahead_of_it() -> None:
    times = ["2016-02-29T01:00:00Z", "2016-02-29T00:00:00Z", "2016-03-01T00:00:00Z"]
    hours = [at for _, at in placed({"time": time} for time in times)]
    assert hours == [
        datetime(2016, 2, 29, 1, tzinfo=UTC),
        datetime(2016, 2, 29, 1, tzinfo=UTC),
        datetime(2016, 3, 1, tzinfo=UTC),
    ]


def test_the_log_s_own_order_is_kept() -> None:
    times = [at for _, at in placed(LOG.commands)]
    assert times == sorted(times)
