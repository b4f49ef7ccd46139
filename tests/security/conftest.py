"""One locked Kafka and one Valkey with a user for each role, for all tests of this folder."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from contracts.topics import Topics
from ops.embedded import RunningServer, start_valkey
from ops.rights.kafka import KAFKA_ROLES
from ops.rights.redis import REDIS_ROLES
from producers.connection import KafkaConnection, RedisConnection
from producers.topics_admin import create_topics
from tests.security.servers import Certificates, LockedKafka, give, start_locked_kafka

PARTITIONS = 2
BY_CERTIFICATE = "alert-worker"
"""The role that shows who it is by a certificate where one is asked for."""
NOBODY = "nobody"
"""A user who may log in, and nothing else."""


def password_of(user: str) -> str:
    return f"open-sesame-{user}"


@dataclass(frozen=True, slots=True)
class Locked:
    """The servers, and how to be somebody there."""

    kafka: LockedKafka
    valkey: RunningServer
    certificates: Certificates
    topics: Topics
    """Of a fleet that nobody works for: what is written there stays unread."""
    working: Topics
    """Of a fleet whose roles have users on Redis too."""

    def kafka_as(self, user: str, **changed: Any) -> KafkaConnection:  # noqa: ANN401  any option
        """Connect as a user, by password over an encrypted connection unless told."""
        options: dict[str, Any] = {
            "bootstrap_servers": self.kafka.sasl_ssl,
            "security_protocol": "SASL_SSL",
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_username": user,
            "sasl_password": SecretStr(password_of(user)),
            "ssl_cafile": self.certificates.authority,
        }
        return KafkaConnection.model_validate(options | changed)

    @property
    def kafka_by_certificate(self) -> KafkaConnection:
        """Connect as the one with the certificate."""
        return KafkaConnection(
            bootstrap_servers=self.kafka.mutual_tls,
            security_protocol="SSL",
            ssl_cafile=self.certificates.authority,
            ssl_certfile=self.certificates.client,
        )

    def redis_url(self, user: str, place: str | None = None) -> str:
        """Return the URL of a user; encrypted where another place is given, which is the front's."""
        scheme = "redis" if place is None else "rediss"
        where = place or urlsplit(self.valkey.address).netloc
        return f"{scheme}://{user}:{password_of(user)}@{where}/0"

    def redis_as(self, user: str) -> Redis:
        return RedisConnection(url=SecretStr(self.redis_url(user))).client()


@pytest.fixture(scope="session")
def locked() -> Iterator[Locked]:
    """Return servers on which each role has exactly its rights, and the topics of two fleets, made by the operator."""
    with ExitStack() as cleanup:
        data = Path(cleanup.enter_context(TemporaryDirectory(prefix="itilnext-locked-", ignore_cleanup_errors=True)))
        certificates = Certificates.made(data / "certificates", BY_CERTIFICATE)
        valkey = start_valkey(data)
        cleanup.callback(valkey.stop)
        passwords = [(user, password_of(user)) for user in (*KAFKA_ROLES, NOBODY)]
        kafka = start_locked_kafka(data, certificates, passwords)
        cleanup.callback(kafka.server.stop)
        locked = Locked(kafka, valkey, certificates, Topics("idle."), Topics("working."))
        asyncio.run(_furnished(locked))
        yield locked


async def _furnished(locked: Locked) -> None:
    for topics in (locked.topics, locked.working):
        for role in KAFKA_ROLES.values():
            await give(locked.kafka, role.name, role.rights(topics))
        created = await create_topics(locked.kafka_as("operator"), topics, PARTITIONS, 1)
        assert not created.findings
    async with RedisConnection(url=SecretStr(locked.valkey.address)).client() as superuser:
        for each in REDIS_ROLES.values():
            rules = (*each.rules(locked.working.prefix), f">{password_of(each.name)}")
            done = await superuser.execute_command("ACL", "SETUSER", each.name, *rules)  # type: ignore[no-untyped-call]
            assert done == b"OK"
