"""A stack comes up, keeps running whatever dies, and leaves nothing behind however it ends. With real servers."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from ops.group import Groups
from ops.stack.data import DataFolder
from ops.stack.detached import SupervisorFailed, start_detached
from ops.stack.down import stop_stack
from ops.stack.status import current_stack
from producers.connection import KafkaConnection
from tests.ops.stack.running import PATIENCE, RunningUp, all_gone, cli, eventually, up
from tests.stack import Stack

pytestmark = [pytest.mark.broker, pytest.mark.chaos]

NAMES = ["kafka", "valkey", "ticket-1", "ticket-2", "directory"]
WATCHED = {
    "ITILNEXT_HEALTH__PORT": "8080",  # which three workers could not share
    "ITILNEXT_HEALTH__STALLED_AFTER": "3",
    "ITILNEXT_HEALTH__EXIT_AFTER": "3",
}


def status(data: Path) -> Any:  # noqa: ANN401  it is JSON
    """Return what `itilnext status` prints, without a process for each look."""
    return current_stack(DataFolder.at(data)).ready_line


def settled_status(data: Path) -> Any:  # noqa: ANN401  it is JSON
    """Return what `itilnext status` prints once all run and the workers have joined, so that none is about to end.

    A stand-in whose broker is away while it joins ends, as a worker does, and is down until it is started again.
    """
    line: Any = None

    def has_settled() -> bool:
        nonlocal line
        line = status(data)
        return is_settled(line)

    eventually(has_settled)
    return line


def is_settled(line: Any) -> bool:  # noqa: ANN401  it is JSON
    if None in line["pids"].values() or not listens(line["bootstrap_servers"]):
        return False
    try:
        return stand_ins(line) <= asyncio.run(members(line["bootstrap_servers"]))
    except KafkaError:  # a broker that listens may not have got ready yet
        return False


def stand_ins(line: Any) -> set[str]:  # noqa: ANN401  it is JSON
    """Return the client ids of the workers that run."""
    return {f"stand-in-{line['pids'][name]}" for name in ("ticket-1", "ticket-2")}


async def members(bootstrap_servers: str) -> set[str]:
    """Return the client ids of the workers that have joined."""
    async with Groups(KafkaConnection(bootstrap_servers=bootstrap_servers)) as groups:
        group = await groups.known("itilnext.stand-in")
    return {member.client_id for member in group.members}


def listens(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port))).close()
    except ConnectionRefusedError:
        return False
    return True


def refusal(*arguments: str) -> tuple[int, str]:
    answer = cli(*arguments)
    assert answer.stdout == ""
    return answer.returncode, answer.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stack")


@pytest.fixture(scope="module")
def running(folder: Path) -> Iterator[tuple[RunningUp, Any]]:
    with up(folder, environment=WATCHED) as running:
        yield running, running.ready_line()


class TestOneStack:
    """What can be asked of and done to a stack that stays up; the last of these kills its supervisor."""

    def test_its_ready_line_names_servers_and_processes(self, running: tuple[RunningUp, Any]) -> None:
        _, line = running
        assert set(line) == {"bootstrap_servers", "redis_url", "pids"}
        assert line["bootstrap_servers"].startswith("127.0.0.1:")
        assert line["redis_url"].startswith("redis://127.0.0.1:")
        assert list(line["pids"]) == NAMES
        assert all(psutil.pid_exists(pid) for pid in line["pids"].values())

    def test_a_second_one_on_the_same_data_is_refused(self, running: tuple[RunningUp, Any]) -> None:
        data = str(running[0].data)
        for detach in ((), ("--detach",)):
            code, said = refusal("up", "--data", data, *detach)
            assert code == 1
            assert "already" in said

    def test_a_worker_that_is_not_live_is_started_again(self, running: tuple[RunningUp, Any]) -> None:
        data = running[0].data
        before = settled_status(data)["pids"]
        os.kill(before["ticket-1"], signal.SIGUSR1)
        eventually(lambda: status(data)["pids"]["ticket-1"] not in (None, before["ticket-1"]))
        assert "ticket-1 ended with code 1" in (data / "logs" / "supervisor.log").read_text()
        assert "the event loop has not turned" in (data / "logs" / "ticket-1.log").read_text()

    @pytest.mark.parametrize("name", NAMES)
    def test_what_dies_is_started_again_at_the_same_address(self, running: tuple[RunningUp, Any], name: str) -> None:
        data = running[0].data
        before = settled_status(data)
        os.kill(before["pids"][name], signal.SIGKILL)
        eventually(lambda: status(data)["pids"][name] not in (None, before["pids"][name]))
        now = status(data)
        assert (now["bootstrap_servers"], now["redis_url"]) == (before["bootstrap_servers"], before["redis_url"])
        assert psutil.pid_exists(now["pids"][name])
        eventually(lambda: listens(now["bootstrap_servers"]))

    async def test_the_restarted_broker_has_its_topics(self, running: tuple[RunningUp, Any]) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=running[1]["bootstrap_servers"])
        async with producer:
            written = await producer.send_and_wait("itilnext.directory.v1", b"{}", key=b"team:t1")
        assert written.partition == 0

    @pytest.mark.parametrize("option", [(), ("--json",)])
    def test_its_status(self, running: tuple[RunningUp, Any], option: tuple[str, ...]) -> None:
        data = running[0].data
        now = settled_status(data)
        answer = cli("status", "--data", str(data), *option)
        assert answer.returncode == 0, answer.stderr
        assert json.loads(answer.stdout) == now

    def test_a_detached_one_beside_it_is_another_and_outlives_who_started_it(
        self, running: tuple[RunningUp, Any], tmp_path: Path
    ) -> None:
        ours = settled_status(running[0].data)
        command = (sys.executable, "-m", "tests.ops.stack.stand_in_up", str(tmp_path))
        supervisor = start_detached(command, DataFolder.at(tmp_path))
        line = supervisor.ready_line
        try:
            theirs = json.loads(line)
            assert theirs == status(tmp_path)
            assert line.endswith("\n")
            assert line.count("\n") == 1
            assert theirs["bootstrap_servers"] != ours["bootstrap_servers"]
            assert theirs["redis_url"] != ours["redis_url"]
        finally:
            assert stop_stack(DataFolder.at(tmp_path))
        assert supervisor.process.wait() == 0
        assert all_gone(theirs["pids"])
        assert status(running[0].data)["pids"] == ours["pids"]

    def test_a_killed_supervisor_takes_all_with_it(self, running: tuple[RunningUp, Any]) -> None:
        up, _ = running
        pids = settled_status(up.data)["pids"]
        up.process.kill()
        up.ended()
        eventually(lambda: all_gone(pids))
        code, said = refusal("status", "--data", str(up.data))
        assert code == 1
        assert "itilnext up" in said


def test_the_next_one_on_its_data_takes_over_and_down_leaves_nothing(
    running: tuple[RunningUp, Any], folder: Path
) -> None:
    before = running[1]
    former = DataFolder.at(folder).read()
    assert former is not None
    with up(folder) as second:
        after = second.ready_line()
        assert after["bootstrap_servers"] == before["bootstrap_servers"]
        assert after["redis_url"] == before["redis_url"]
        # The broker remembers the killed workers for a while: the new fleet is not ready before it has taken over.
        joined = asyncio.run(members(after["bootstrap_servers"]))
        assert joined.isdisjoint(stand_ins(former.ready_line))
        eventually(lambda: asyncio.run(members(after["bootstrap_servers"])) == stand_ins(status(folder)))

        ended = cli("down", "--data", str(folder), "--json")
        assert (ended.returncode, json.loads(ended.stdout)) == (0, {"data": str(folder), "stopped": True})
        assert all_gone(after["pids"])
        assert second.ended() == 0
    again = cli("down", "--data", str(folder))
    assert again.returncode == 0
    assert "Nothing is up" in again.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_that_is_interrupted_while_it_starts_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    with up(tmp_path) as running:
        eventually((tmp_path / "logs" / "kafka.log").exists)
        children = psutil.Process(running.process.pid).children(recursive=True)
        running.process.send_signal(number)
        assert running.ended() == 1
        assert "before it was ready" in running.told()
        # One that was being started in that very moment is ended by the kernel, right after the supervisor.
        _, alive = psutil.wait_procs(children, timeout=PATIENCE)
        assert alive == []
    assert not (tmp_path / "stack.json").exists()


def test_a_worker_that_can_not_run_is_given_up_with_its_last_words(
    tmp_path: Path, stack: Stack, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (*stack.environment.items(), ("ITILNEXT_TOPICS__PREFIX", prefix)):
        monkeypatch.setenv(name, value)
    command = (sys.executable, "-m", "tests.ops.stack.stand_in_up", str(tmp_path), "broken")
    with pytest.raises(SupervisorFailed) as failure:
        start_detached(command, DataFolder.at(tmp_path))
    assert failure.value.exit_code == 1
    assert "ticket-" in failure.value.said
    assert "I can't" in failure.value.said
    assert "Traceback" not in failure.value.said
    assert not DataFolder.at(tmp_path).is_up


async def test_configured_servers_are_used_and_only_workers_run(tmp_path: Path, stack: Stack, prefix: str) -> None:
    settings = {**stack.environment, "ITILNEXT_TOPICS__PREFIX": prefix, "ITILNEXT_TOPICS__PARTITIONS": "3"}
    with up(tmp_path, environment=settings) as running:
        line = running.ready_line()
        assert line["bootstrap_servers"] == stack.bootstrap_servers
        assert line["redis_url"] == stack.redis_url
        assert list(line["pids"]) == [name for name in NAMES if name not in ("kafka", "valkey")]
    admin = AIOKafkaAdminClient(**stack.kafka.client())
    await admin.start()
    topics = await admin.describe_topics([f"{prefix}ticket.commands.v1"])
    await admin.close()
    assert len(topics[0]["partitions"]) == 3


@pytest.mark.parametrize(
    ("setting", "server"), [("ITILNEXT_KAFKA__BOOTSTRAP_SERVERS", "Kafka"), ("ITILNEXT_REDIS__URL", "Redis")]
)
def test_a_configured_server_that_does_not_answer(tmp_path: Path, stack: Stack, setting: str, server: str) -> None:
    nowhere = {"ITILNEXT_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1", "ITILNEXT_REDIS__URL": "redis://127.0.0.1:1"}
    with up(tmp_path, environment=stack.environment | {setting: nowhere[setting]}) as running:
        assert running.ended() == 3
        assert f"{server} can't be reached" in running.told()
        assert "Traceback" not in running.told()


def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    answer = cli("up", "--data", str(tmp_path), environment={"ITILNEXT_TOPICS__PARTITION": "3"})
    assert answer.returncode == 2
    assert "ITILNEXT_TOPICS__PARTITIONS" in answer.stderr
    assert len(answer.stderr.splitlines()) <= 2
