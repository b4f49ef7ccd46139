"""Who logs in, and with whom: passwords, certificates both ways, and what is said when it does not work."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiokafka.errors import KafkaConnectionError
from pydantic import SecretStr
from redis.exceptions import ConnectionError as RedisConnectionError

from ops.outages import explain
from producers.connection import RedisConnection
from producers.topics_admin import require_topics
from tests.acceptance.processes import Operator
from tests.security.conftest import PARTITIONS, Locked, password_of
from tests.security.environment import environment_of
from tests.security.servers import encrypted_front

pytestmark = [pytest.mark.broker, pytest.mark.xdist_group("locked")]  # one set of servers
WRONG = "a-wrong-password"


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN"])
@pytest.mark.parametrize("encrypted", [True, False])
async def test_a_login_by_password(locked: Locked, mechanism: str, *, encrypted: bool) -> None:
    changed = {} if encrypted else {"bootstrap_servers": locked.kafka.sasl_plaintext}
    protocol = "SASL_SSL" if encrypted else "SASL_PLAINTEXT"
    connection = locked.kafka_as("ticker", security_protocol=protocol, sasl_mechanism=mechanism, **changed)
    assert await require_topics(connection, locked.topics) == PARTITIONS


async def test_a_login_by_certificate(locked: Locked) -> None:
    assert await require_topics(locked.kafka_by_certificate, locked.topics) == PARTITIONS


async def test_no_login_without_a_certificate_where_one_is_asked_for(locked: Locked) -> None:
    stranger = locked.kafka_by_certificate.model_copy(update={"ssl_certfile": None})
    with pytest.raises(KafkaConnectionError):
        await require_topics(stranger, locked.topics)


async def test_a_broker_of_another_authority_is_not_trusted(locked: Locked) -> None:
    with pytest.raises(KafkaConnectionError):
        await require_topics(locked.kafka_as("ticker", ssl_cafile=locked.certificates.another_authority), locked.topics)


async def test_a_broker_under_another_name_is_not_trusted_unless_told(locked: Locked) -> None:
    port = locked.kafka.sasl_ssl.rpartition(":")[2]
    elsewhere = locked.kafka_as("ticker", bootstrap_servers=f"localhost:{port}")
    with pytest.raises(KafkaConnectionError):
        await require_topics(elsewhere, locked.topics)
    unchecked = elsewhere.model_copy(update={"ssl_endpoint_identification_algorithm": ""})
    assert await require_topics(unchecked, locked.topics) == PARTITIONS


async def test_an_encrypted_redis_with_certificates_both_ways(locked: Locked) -> None:
    port = urlsplit(locked.valkey.address).port
    assert port is not None
    files: dict[str, Any] = {"ssl_cafile": locked.certificates.authority, "ssl_certfile": locked.certificates.client}
    async with encrypted_front(port, locked.certificates) as place:
        url = SecretStr(locked.redis_url("operator", place))
        async with RedisConnection(url=url, **files).client() as redis:
            assert await redis.ping()
        async with RedisConnection(url=url, **{**files, "ssl_certfile": None}).client() as redis:
            with pytest.raises(RedisConnectionError):
                await redis.ping()
        files["ssl_cafile"] = locked.certificates.another_authority
        async with RedisConnection(url=url, **files).client() as redis:
            with pytest.raises(RedisConnectionError) as failure:
                await redis.ping()
    told = explain(failure.value)
    assert told is not None
    assert "ITILNEXT_REDIS__SSL_" in told.remedy, told.problem


REFUSED = {
    "Kafka, by password": ({"ITILNEXT_KAFKA__SASL_PASSWORD": WRONG}, "Kafka", "ITILNEXT_KAFKA__SASL_"),
    "Redis, by password": (
        {"ITILNEXT_REDIS__URL": "redis://ticket-worker:{WRONG}@{redis}/0"},
        "Redis",
        "ITILNEXT_REDIS__URL",
    ),
    "Kafka, for want of rights": (
        {"ITILNEXT_KAFKA__SASL_USERNAME": "ticker", "ITILNEXT_KAFKA__SASL_PASSWORD": password_of("ticker")},
        "Kafka does not allow this",
        "rights",
    ),
    "Redis, for want of rights": (
        {"ITILNEXT_REDIS__URL": f"redis://directory-worker:{password_of('directory-worker')}@{{redis}}/0"},
        "Redis does not allow this",
        "rights",
    ),
    "Kafka, of another authority": (
        {"ITILNEXT_KAFKA__SSL_CAFILE": "{another}"},
        "certificate verify failed",
        "ITILNEXT_KAFKA__SSL_",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_a_worker_that_is_not_let_in_ends_with_two_lines_that_say_so(
    locked: Locked, tmp_path: Path, case: str
) -> None:
    changed, problem, remedy = REFUSED[case]
    places = {
        "WRONG": WRONG,
        "redis": urlsplit(locked.valkey.address).netloc,
        "another": str(locked.certificates.another_authority),
    }
    settings = environment_of(locked, "ticket-worker") | {
        name: value.format_map(places) for name, value in changed.items()
    }
    ran = await Operator(settings, tmp_path).run("worker", "ticket")
    assert (ran.code, ran.out) == (3, ""), ran.err
    *warnings, told, to_do = ran.err.splitlines()
    assert problem in told
    assert remedy in to_do
    assert [line for line in warnings if "directory topic" not in line and "directory.v1" not in line] == []
    assert not [secret for secret in (WRONG, "open-sesame", "Traceback") if secret in ran.err]
