"""A whole fleet, each role in a process of its own, with its own login and exactly its rights; and no secret told."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import orjson
import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from contracts.partitioner import partition_of
from tests.acceptance.processes import Operator, stopped
from tests.fleet import idle_fleet
from tests.security.conftest import PARTITIONS, Locked, password_of
from tests.security.environment import environment_of
from tests.security.servers import encrypted_front
from tests.stack import Stack

pytestmark = [pytest.mark.broker, pytest.mark.xdist_group("locked")]  # one set of servers
WORKERS: Mapping[str, tuple[str, ...]] = {
    "ticket-worker": ("worker", "ticket"),
    "alert-worker": ("worker", "alert"),
    "directory-worker": ("worker", "directory"),
    "ticker": ("ticker", "--every", "1s"),
}
TALKATIVE = {"ITILNEXT_LOG__LEVEL": "DEBUG", "ITILNEXT_HEALTH__PORT": "0"}
"""What a worker can tell of itself, it tells."""
PATIENCE = 120.0
"""A net for a fleet that never gets there, not a measure of speed."""


@asynccontextmanager
async def fleet(locked: Locked, place: str, folder: Path) -> AsyncIterator[Mapping[str, subprocess.Popen[bytes]]]:
    """Run one process of each role that works; each has to end in good order."""
    async with AsyncExitStack() as cleanup:
        processes = {}
        for role, arguments in WORKERS.items():
            operator = Operator(environment_of(locked, role, place), folder)
            processes[role] = operator.start(role, *arguments, **TALKATIVE)
            cleanup.push_async_callback(stopped, processes[role])
        yield processes
    assert {role: process.returncode for role, process in processes.items()} == dict.fromkeys(WORKERS, 0)


async def events_read_by_analytics(locked: Locked, until: set[str]) -> set[str]:
    """Read the events in a group of analytics' own until all of these have come; return all that came."""
    consumer = AIOKafkaConsumer(
        locked.working.events,
        group_id=f"{locked.working.prefix}analytics-daily",
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        **locked.kafka_as("analytics").client(),
    )
    names: set[str] = set()
    async with asyncio.timeout(PATIENCE), consumer:
        while not until <= names:
            names.add(orjson.loads((await consumer.getone()).value)["type"].split(".", 2)[2])
        await consumer.commit()
    return names


async def send_astray(locked: Locked) -> None:
    """As a connector, send a command to another partition than its ticket's, and something that is none."""
    note = {
        "specversion": "1.0",
        "id": "astray",
        "source": "/connectors/test",
        "type": "org.itilnext.note.add.v1",
        "subject": "T-1",
        "data": {"agent_id": "ann", "content": "came the wrong way"},
    }
    elsewhere = (partition_of("T-1", PARTITIONS) + 1) % PARTITIONS
    async with AIOKafkaProducer(**locked.kafka_as("connector").client()) as producer:
        await producer.send_and_wait(locked.working.commands, orjson.dumps(note), partition=elsewhere)
        await producer.send_and_wait(locked.working.commands, b"no command", partition=0)


async def settled(locked: Locked) -> None:
    """See, as the superuser, that all that was sent is decided and in the view."""
    servers = Stack(locked.kafka.superuser, locked.valkey.address, None, None)
    async with idle_fleet(servers, locked.working.prefix, PARTITIONS) as seen:
        await seen.settled()


def logs(folder: Path) -> dict[str, str]:
    """What each worker said."""
    return {role: (folder / f"{role}.log").read_text() for role in WORKERS}


async def test_each_role_does_its_work_with_exactly_its_rights(locked: Locked, tmp_path: Path) -> None:
    port = urlsplit(locked.valkey.address).port
    assert port is not None
    begin = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    async with encrypted_front(port, locked.certificates) as place:
        sync, connector, operator = (
            Operator(environment_of(locked, role, place), tmp_path)
            for role in ("directory-sync", "connector", "operator")
        )
        async with fleet(locked, place, tmp_path) as processes:
            told = [
                await sync.run("send", "directory.agent", "ann", "name=Ann", "max_tickets=2"),
                await connector.run("send", "ticket.open", "T-1", "subject=Fire", "priority=critical", "--time", begin),
                await operator.run(
                    "send", "ticket.accept", "T-1", "agent_id=ann", "--wait", "--timeout", f"{PATIENCE}"
                ),
            ]
            await send_astray(locked)
            names = await events_read_by_analytics(locked, until={"alert.raised.v1", "note.added.v1"})
            await settled(locked)
            told += [
                await operator.run(*words) for words in (("show", "T-1"), ("dlq", "list"), ("rebuild",), ("audit",))
            ]
            await settled(locked)
            shown = await operator.run("doctor", "--json")
            ended = {role: log for role, log in logs(tmp_path).items() if processes[role].poll() is not None}
            assert ended == {}
            as_connector = await connector.run("doctor", "--json")
            arguments = [" ".join(psutil.Process(each.pid).cmdline()) for each in processes.values()]
    assert [(ran.code, ran.err) for ran in told if ran.code != 0] == []
    assert {"ticket.opened.v1", "ticket.accepted.v1"} <= names
    assert "not_json" in told[4].out
    checks = {check["check"]: check["verdict"] for check in orjson.loads(shown.out)["checks"]}
    assert "wrong" not in checks.values(), shown.out
    rights = next(each for each in orjson.loads(as_connector.out)["checks"] if each["check"] == "rights")
    assert rights["detail"] == "on the topics, connector can be: connector"
    everything = "\n".join([*arguments, *logs(tmp_path).values(), *(ran.out + ran.err for ran in (*told, shown))])
    assert [secret for secret in ("open-sesame", "Traceback", "uthorization", "NOPERM") if secret in everything] == []


def test_the_passwords_looked_for_are_those_in_use(locked: Locked) -> None:
    settings = environment_of(locked, "ticket-worker", "127.0.0.1:1")
    assert settings["ITILNEXT_KAFKA__SASL_PASSWORD"] == password_of("ticket-worker")
    assert "open-sesame" in settings["ITILNEXT_REDIS__URL"]
    in_files = environment_of(locked, "operator", "127.0.0.1:1")
    for name in ("ITILNEXT_KAFKA__SASL_PASSWORD_FILE", "ITILNEXT_REDIS__URL_FILE"):
        assert "open-sesame" in Path(in_files[name]).read_text()
