"""A process tells of itself from before its start until after its end: by its port and by its log."""

import asyncio
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ops.console import CommandFailed, ExitCode
from ops.embedded.process import Command, spawn
from ops.observability.metrics import METRICS
from ops.observability.observation import observed
from ops.settings import HealthSettings, TracingSettings
from tests.acceptance.processes import stopped
from tests.consumers.test_directory_worker import entered
from tests.fleet import Fleet, idle_fleet
from tests.ops.observability.probing import COMES_TRUE_SECONDS, Answer, Probe
from tests.ops.observability.processes import ROLES, lines, running
from tests.stack import Stack

IMPATIENT = {"ITILNEXT_HEALTH__STALLED_AFTER": "1"}


async def test_a_stuck_event_loop_is_told_while_it_is_stuck(tmp_path: Path) -> None:
    go_on = tmp_path / "go on"
    words = ("tests.ops.observability.doing", "stuck", str(go_on))
    async with running(tmp_path / "log", *words, environment=IMPATIENT) as (_, probe):
        answer = await probe.until("/livez", lambda answer: answer.status == 503)
        assert answer.text.startswith("the event loop has not turned for")
        await probe.until("/metrics", lambda answer: "itilnext_live 0.0" in answer.text)
        go_on.touch()
        await probe.until("/livez", lambda answer: answer.status == 200)
        await probe.until("/readyz", lambda answer: answer.status == 200)


async def test_while_it_drains_a_process_is_live_and_not_ready(tmp_path: Path) -> None:
    drained = tmp_path / "drained"
    words = ("tests.ops.observability.doing", "draining", str(drained))
    async with running(tmp_path / "log", *words) as (process, probe):
        await probe.until("/readyz", lambda answer: answer.status == 200)
        assert await probe.get("/") == Answer(404, "There are /livez, /readyz and /metrics.\n")
        process.send_signal(signal.SIGTERM)
        answer = await probe.until("/readyz", lambda answer: answer.status == 503)
        assert answer.text == "stopping\n"
        assert (await probe.get("/livez")).status == 200
        drained.touch()
        assert await asyncio.to_thread(process.wait) == 0


@pytest.mark.parametrize("what", ["stuck", "broken"])
async def test_a_process_that_is_not_live_ends_where_nobody_asks_it(what: str, tmp_path: Path) -> None:
    """It drains where it can, and ends in any case; each says why first."""
    words = ("tests.ops.observability.doing", what, str(tmp_path / "never"))
    log = tmp_path / "log"
    process = spawn(Command((sys.executable, "-m", *words), log, IMPATIENT | {"ITILNEXT_HEALTH__EXIT_AFTER": "3"}))
    try:
        async with asyncio.timeout(COMES_TRUE_SECONDS):
            assert await asyncio.to_thread(process.wait) == ExitCode.FOUND_WRONG
    finally:
        await stopped(process)
    told = log.read_text()
    assert "not live for too long; ending" in told
    assert ("Ended, as it was not live: fetching has ended" in told) == (what == "broken")
    assert "serving" not in told


def test_a_port_that_is_taken_is_a_usage_error() -> None:
    with observed("ticket", HealthSettings(port=0), TracingSettings()) as first:
        second = observed("ticket", HealthSettings(port=first.port), TracingSettings())
        with pytest.raises(CommandFailed) as refused:
            second.__enter__()
    assert refused.value.exit_code == ExitCode.USAGE
    assert f"can't be served on 127.0.0.1 port {first.port}" in refused.value.problem
    assert "ITILNEXT_HEALTH__PORT" in refused.value.remedy


def test_nothing_listens_unless_told_and_then_on_loopback() -> None:
    assert HealthSettings().port is None
    assert HealthSettings().host == "127.0.0.1"


CONTENT = "the-printer-in-cell-block-nine"
SECRET = "open-sesame"
COMMANDS = 200
FEW = 10


@pytest.mark.broker
async def test_every_role_gets_ready_serves_the_closed_list_and_logs_no_command(
    stack: Stack, prefix: str, tmp_path: Path
) -> None:
    environment = {**stack.environment, "ITILNEXT_TOPICS__PREFIX": prefix, "ITILNEXT_KAFKA__SASL_PASSWORD": SECRET}
    async with idle_fleet(stack, prefix, partitions=2) as fleet:
        async with AsyncExitStack() as fleet_of_processes:
            starts = (running(tmp_path / role, "ops", *words, environment=environment) for role, words in ROLES.items())
            started = await asyncio.gather(*(fleet_of_processes.enter_async_context(start) for start in starts))
            for role, (_, probe) in zip(ROLES, started, strict=True):
                await see_it_well(role, probe)
            await send_all_kinds(fleet)
            await fleet.settled()
            await entered(fleet, 1)
        for role in ROLES:
            logged = lines(tmp_path / role)
            assert len(logged) < FEW + COMMANDS // 10, logged
            assert all({"event", "level", "timestamp"} <= line.keys() for line in logged)
            assert CONTENT not in str(logged)
            assert SECRET not in str(logged)
        refused = [line for line in lines(tmp_path / "directory") if "set aside" in line["event"]]
        assert [(line["level"], line["key"], line["code"]) for line in refused] == [
            ("warning", "b'agent:a9'", "invalid_data")
        ]


async def see_it_well(role: str, probe: Probe) -> None:
    await probe.until("/readyz", lambda answer: answer.status == 200)
    assert await probe.get("/livez") == Answer(200, "ok\n")
    families = list(text_string_to_metric_families((await probe.get("/metrics")).text))
    assert len([each for each in families if each.name.startswith("itilnext_")]) == len(METRICS)
    (info,) = (each for each in families if each.name == "itilnext_process_info")
    assert info.samples[0].labels["role"] == role


async def send_all_kinds(fleet: Fleet) -> None:
    """Send commands that are accepted, rejected and no commands, and a directory entry that is none."""
    await fleet.enter("agent", "a9", role=CONTENT)
    await fleet.send_all(fleet.command("ticket.open", f"T-{each}", {"subject": CONTENT}) for each in range(COMMANDS))
    note = {"agent_id": "nobody", "content": CONTENT}
    await fleet.send_all(fleet.command("note.add", f"T-{each}", note) for each in range(COMMANDS))
    wrong = {"subject": CONTENT, "type": CONTENT}
    await fleet.send_all(fleet.command("ticket.open", f"T-{each}", wrong) for each in range(COMMANDS))
