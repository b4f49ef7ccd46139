"""A real Kafka and a real Redis for the tests that concern them.

The addresses in ITILNEXT_KAFKA__BOOTSTRAP_SERVERS and ITILNEXT_REDIS__URL are used where they are set; else one
embedded server of each is started for the whole run, with its data in a folder that goes when the run ends. Tests do
not tidy up after themselves: each works under a prefix of its own.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import pytest
from pydantic import SecretStr

from ops.embedded import RunningServer, start_kafka, start_valkey
from producers.connection import KafkaConnection, RedisConnection

KAFKA_SETTING = "ITILNEXT_KAFKA__BOOTSTRAP_SERVERS"
REDIS_SETTING = "ITILNEXT_REDIS__URL"


@dataclass(frozen=True, slots=True)
class Stack:
    """Where the servers of this run are; the servers themselves where they are embedded, for tests that kill them."""

    bootstrap_servers: str
    redis_url: str
    kafka_server: RunningServer | None
    valkey_server: RunningServer | None

    @property
    def kafka(self) -> KafkaConnection:
        return KafkaConnection(bootstrap_servers=self.bootstrap_servers)

    @property
    def redis(self) -> RedisConnection:
        # A busy machine can hold up the tests' process for longer than an operator would wait for an answer.
        return RedisConnection(url=SecretStr(self.redis_url), socket_timeout=60.0)

    @property
    def environment(self) -> dict[str, str]:
        """The settings a process needs to find it."""
        return {KAFKA_SETTING: self.bootstrap_servers, REDIS_SETTING: self.redis_url}


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """One Kafka and one Redis for all tests of the run."""
    bootstrap_servers, redis_url = os.environ.get(KAFKA_SETTING), os.environ.get(REDIS_SETTING)
    with ExitStack() as cleanup:
        data = Path(cleanup.enter_context(TemporaryDirectory(prefix="itilnext tests ü ", ignore_cleanup_errors=True)))
        kafka = valkey = None
        if not redis_url:
            valkey = start_valkey(data)
            cleanup.callback(valkey.stop)
            redis_url = valkey.address
        if not bootstrap_servers:
            kafka = start_kafka(data)
            cleanup.callback(kafka.stop)
            bootstrap_servers = kafka.address
        yield Stack(bootstrap_servers, redis_url, kafka, valkey)


@pytest.fixture
def prefix() -> str:
    """Return a prefix for topics, groups, transactional ids and Redis keys that no other test has."""
    return f"t{uuid4().hex[:12]}."
