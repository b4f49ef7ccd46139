"""A log imported into a real fleet: every command gets its outcome, and a second import changes nothing."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from consumers.ticket_worker import TicketWorkerConfig, run_ticket_worker
from contracts.directory import directory_value
from ops.importing import Import, Progress, import_log
from ops.sample import INCIDENT_LOG
from ops.settings import KafkaSettings, RedisSettings, Settings, TopicSettings
from ops.target import Target
from producers.publisher import CommandPublisher
from producers.topics_admin import create_topics
from tests.stack import Stack

pytestmark = pytest.mark.broker


@dataclass
class Seen:
    """A watch that keeps what it saw, and tells when commands wait."""

    decided: list[int] = field(default_factory=list)
    waiting: asyncio.Event = field(default_factory=asyncio.Event)

    def look(self, progress: Progress) -> None:
        self.decided.append(progress.decided)
        if progress.lag:
            self.waiting.set()


@pytest.fixture
async def target(stack: Stack, prefix: str) -> Target:
    settings = Settings(
        kafka=KafkaSettings(bootstrap_servers=stack.bootstrap_servers),
        redis=RedisSettings(url=stack.redis.url),
        topics=TopicSettings(prefix=prefix, partitions=3),
    )
    await create_topics(stack.kafka, settings.topics.names, partitions=3, replication_factor=1)
    return Target(settings)


@pytest.fixture
async def fleet(target: Target) -> AsyncIterator[Target]:
    """A fleet of one worker."""
    stop = asyncio.Event()
    config = TicketWorkerConfig(kafka=target.kafka, redis=target.redis, topics=target.topics)
    worker = asyncio.create_task(run_ticket_worker(config, stop))
    yield target
    stop.set()
    await worker


async def test_a_real_log_is_imported_and_a_second_time_changes_nothing(fleet: Target) -> None:
    log = Import.of(INCIDENT_LOG)
    seen = Seen()
    report = await import_log(fleet, log, seen)
    assert report.model_dump(exclude={"seconds", "outcomes", "ticks", "alerts", "audit"}) == {
        "file": "servicenow_incident_log.csv",
        "incidents": 250,
        "rows": 1646,
        "entries": 186,
        "commands": 1240,
        "events": 1240,
        "duplicates": 0,
        "rejections": {},
        "dead_letters": {},
        "owner_changes_in_source": 50,
        "owner_changes_here": 0,
        "envelopes": 32,
    }
    assert report.outcomes["ticket.closed"] == 250
    assert seen.decided == sorted(seen.decided)
    assert seen.decided[-1] == 1240

    again = await import_log(fleet, log, Seen())
    assert (again.entries, again.events, again.duplicates, again.refused) == (0, 0, 1240, 0)
    assert again.was_imported_before


async def test_entries_already_there_stay_and_refusals_are_told(fleet: Target) -> None:
    log = Import.of(INCIDENT_LOG)
    async with CommandPublisher(fleet.kafka, fleet.topics) as publisher:
        await publisher.send(directory_value("agent", "Resolver 89", "/hr", {"is_active": False}))
        await publisher.send(directory_value("team", "Group 56", "/hr", {"name": "The fifty-sixth"}))
        await publisher.send(directory_value("team", "Group 70", "/hr", {}))
        await publisher.delete_entry("team", "Group 70")
    report = await import_log(fleet, log, Seen())
    assert report.entries == 184
    assert report.rejections["agent_inactive"] > 0
    assert report.events + report.refused == 1240
    assert report.duplicates == 0


async def test_an_import_waits_for_a_fleet_that_comes_later(target: Target) -> None:
    importing = asyncio.create_task(import_log(target, Import.of(INCIDENT_LOG), watch := Seen()))
    await watch.waiting.wait()
    assert not importing.done()
    stop = asyncio.Event()
    config = TicketWorkerConfig(kafka=target.kafka, redis=target.redis, topics=target.topics)
    worker = asyncio.create_task(run_ticket_worker(config, stop))
    report = await importing
    stop.set()
    await worker
    assert report.events == 1240
