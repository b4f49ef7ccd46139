"""A real Prometheus on a real fleet: all metrics arrive, all rules are evaluated, the dashboard is answered.

Its settings are those of Compose, but for where the fleet is to be found. Skipped where Prometheus is not installed.
"""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.instants import format_instant
from ops.embedded.ports import choose
from ops.embedded.process import Command, spawn, stop
from tests.alert_fleet import tick
from tests.deploy.manifests import read
from tests.deploy.prometheus import Prometheus, not_scraped, rules_not_well
from tests.fleet import Fleet, idle_fleet
from tests.ops.observability.processes import ROLES, running
from tests.ops.observability.queries import FOLDER, panel_expressions, series
from tests.stack import Stack

PROGRAM = shutil.which("prometheus")
_STOP_SECONDS = 20.0
pytestmark = [
    pytest.mark.broker,
    pytest.mark.skipif(PROGRAM is None, reason="prometheus is not installed (Debian: the package prometheus)"),
]


def settings(ports: Mapping[str, int]) -> Mapping[str, Any]:
    """Compose's, with these ports for what its name server tells, the rules where they lie, and no time to wait."""
    config: dict[str, Any] = read("deploy/compose/prometheus.yml")
    (scraped,) = config["scrape_configs"]
    del scraped["dns_sd_configs"]
    scraped["static_configs"] = [
        {"targets": [f"127.0.0.1:{port}"], "labels": {"__meta_dns_name": role}} for role, port in ports.items()
    ]
    config["rule_files"] = [str(FOLDER / Path(path).name) for path in config["rule_files"]]
    return config | {"global": {"scrape_interval": "1s", "evaluation_interval": "1s"}}


@contextmanager
def scraping(ports: Mapping[str, int], folder: Path) -> Iterator[Prometheus]:
    """Run a Prometheus that scrapes these ports, by role."""
    assert PROGRAM is not None
    (port,) = choose(1)
    config = folder / "prometheus.yml"
    config.write_text(yaml.safe_dump(settings(ports)), encoding="utf-8")
    options = (f"--config.file={config}", f"--storage.tsdb.path={folder}", f"--web.listen-address=127.0.0.1:{port}")
    process = spawn(Command((PROGRAM, *options), folder / "log"))
    try:
        yield Prometheus(port)
    finally:
        stop(process, _STOP_SECONDS)


@pytest.fixture
async def fleet(stack: Stack, prefix: str) -> AsyncIterator[Fleet]:
    async with idle_fleet(stack, prefix, partitions=2) as fleet:
        yield fleet


async def all_kinds(fleet: Fleet) -> None:
    """Send what each metric has a sample of: commands of each outcome, a late ticket, a lost tick, a bad entry."""
    await fleet.enter("agent", "a9", role="none there is")
    await fleet.send("ticket.open", "T-1", time=format_instant(datetime.now(UTC) - timedelta(days=30)), subject="fire")
    await fleet.send("ticket.accept", "T-1", agent_id="nobody")
    await fleet.send("ticket.open", "T-2", subject=None)
    yesterday = datetime.now(UTC) - timedelta(days=1)
    await tick(fleet, yesterday, yesterday)


def missing(prometheus: Prometheus) -> object:
    return series() - set(prometheus.ask("label/__name__/values"))


def unanswered(prometheus: Prometheus) -> object:
    """Return which panels of the dashboard would show nothing."""
    now = time.time()
    last_minute = {"start": f"{now - 60}", "end": f"{now}", "step": "1"}
    asked = panel_expressions()
    return [each for each in asked if not prometheus.ask("query_range", query=each, **last_minute)["result"]]


def unnoticed(prometheus: Prometheus) -> object:
    """Return the alerts that are raised at once by what was sent, a single time, and are not raised."""
    raised = {each["labels"]["alertname"] for each in prometheus.ask("alerts")["alerts"]}
    return {"ItilnextDirectoryEntryRefused"} - raised


async def test_it_has_all_the_fleet_tells(fleet: Fleet, prefix: str, tmp_path: Path) -> None:
    environment = {**fleet.stack.environment, "ITILNEXT_TOPICS__PREFIX": prefix}
    async with AsyncExitStack() as processes:
        starts = (running(tmp_path / role, "ops", *words, environment=environment) for role, words in ROLES.items())
        started = await asyncio.gather(*(processes.enter_async_context(start) for start in starts))
        ports = {role: probe.port for role, (_, probe) in zip(ROLES, started, strict=True)}
        with scraping(ports, tmp_path) as prometheus:
            await asyncio.to_thread(prometheus.until, not_scraped(dict.fromkeys(ROLES, 1)))
            await all_kinds(fleet)
            for problem in (missing, rules_not_well, unanswered, unnoticed):
                await asyncio.to_thread(prometheus.until, problem)
