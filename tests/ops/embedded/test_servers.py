"""The embedded servers are real, keep their address and data when restarted, and go when who started them goes."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from pydantic import SecretStr

from ops.embedded import EmbeddedValkey, RunningServer, ServerFailed, start_kafka, start_valkey
from ops.embedded.ports import LOOPBACK
from producers.connection import RedisConnection

pytestmark = [pytest.mark.broker, pytest.mark.chaos]

START_AND_WAIT = """
import sys
from pathlib import Path
from ops.embedded import start_valkey
print(start_valkey(Path(sys.argv[1])).pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    server = start_kafka(tmp_path_factory.mktemp("kafka"))
    yield server
    server.stop()


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[RunningServer]:
    server = start_valkey(tmp_path)
    yield server
    server.stop()


async def create(server: RunningServer, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=server.address)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1)])
    await admin.close()


async def values(server: RunningServer, topic: str) -> list[bytes]:
    async with AIOKafkaConsumer(bootstrap_servers=server.address, auto_offset_reset="earliest") as consumer:
        partition = TopicPartition(topic, 0)
        consumer.assign([partition])
        end = (await consumer.end_offsets([partition]))[partition]
        return [(await consumer.getone()).value for _ in range(end)]


async def test_what_kafka_has_acknowledged_outlives_its_death_and_its_restart(kafka: RunningServer) -> None:
    address, pid = kafka.address, kafka.pid
    await create(kafka, "kept")
    async with AIOKafkaProducer(bootstrap_servers=kafka.address, acks="all") as producer:
        await producer.send_and_wait("kept", b"first", partition=0)
    kafka.kill()
    assert not psutil.pid_exists(pid)
    kafka.start()
    assert await values(kafka, "kept") == [b"first"]
    kafka.restart()
    assert await values(kafka, "kept") == [b"first"]
    assert kafka.address == address
    assert kafka.pid != pid


async def test_kafka_makes_no_topic_by_itself(kafka: RunningServer) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.address)
    await admin.start()
    await admin.describe_topics(["asked-for"])
    assert "asked-for" not in await admin.list_topics()
    await admin.close()


async def test_valkey_is_empty_after_a_restart(valkey: RunningServer) -> None:
    address = valkey.address
    async with RedisConnection(url=SecretStr(address)).client() as client:
        await client.set("key", b"value")
        assert await client.get("key") == b"value"
    valkey.restart()
    assert valkey.address == address
    async with RedisConnection(url=SecretStr(address)).client() as client:
        assert await client.get("key") is None


@pytest.mark.parametrize("name", ["valkey", "kafka"])
def test_servers_listen_on_loopback_only(request: pytest.FixtureRequest, name: str) -> None:
    server: RunningServer = request.getfixturevalue(name)
    listening = [
        connection.laddr.ip
        for connection in psutil.Process(server.pid).net_connections()
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening
    assert {address.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}


def test_a_server_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    with ThreadPoolExecutor(max_workers=1) as short_lived:
        server = short_lived.submit(start_valkey, tmp_path).result()
    assert server.is_running
    server.stop()
    assert not psutil.pid_exists(server.pid)
    server.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel ends the children of the dead on Linux only")
def test_a_server_does_not_outlive_a_killed_program(tmp_path: Path) -> None:
    program = subprocess.Popen(  # noqa: S603  made here
        (sys.executable, "-c", START_AND_WAIT, str(tmp_path)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with program:
        assert program.stdout is not None
        server = psutil.Process(int(program.stdout.readline()))
        program.send_signal(signal.SIGKILL)
        server.wait(timeout=120)
    assert not server.is_running()


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    server = EmbeddedValkey.prepare(tmp_path / "valkey", tmp_path / "log")
    with (
        socket.create_server((LOOPBACK, server.port)),
        pytest.raises(ServerFailed, match="ended with code 1") as failure,
    ):
        RunningServer(server)
    assert str(tmp_path / "log") in str(failure.value)
    assert "Address already in use" in "".join(failure.value.__notes__)
