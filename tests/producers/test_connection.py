"""What the settings say about Kafka and Redis reaches the clients' arguments, and no secret is printed on the way."""

import ssl

import pytest
from pydantic import SecretStr, ValidationError

from producers.connection import KafkaConnection, RedisConnection

SECRET = "open-sesame"


def test_a_plain_connection() -> None:
    arguments = KafkaConnection(bootstrap_servers="a:1,b:2").client()
    assert arguments["bootstrap_servers"] == ["a:1", "b:2"]
    assert arguments["security_protocol"] == "PLAINTEXT"
    assert "ssl_context" not in arguments
    assert "sasl_mechanism" not in arguments


def test_a_login_over_an_encrypted_connection() -> None:
    connection = KafkaConnection(
        bootstrap_servers="a:1",
        security_protocol="SASL_SSL",
        sasl_mechanism="SCRAM-SHA-512",
        sasl_username="me",
        sasl_password=SecretStr(SECRET),
    )
    arguments = connection.client()
    assert arguments["sasl_mechanism"] == "SCRAM-SHA-512"
    assert arguments["sasl_plain_username"] == "me"
    assert arguments["sasl_plain_password"] == SECRET
    context = arguments["ssl_context"]
    assert context.check_hostname
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert SECRET not in f"{connection} {connection!r}"


def test_a_brokers_name_need_not_be_checked() -> None:
    connection = KafkaConnection(
        bootstrap_servers="a:1", security_protocol="SSL", ssl_endpoint_identification_algorithm=""
    )
    context = connection.ssl_context()
    assert not context.check_hostname
    assert context.verify_mode == ssl.CERT_REQUIRED


def test_a_key_without_its_certificate_is_refused() -> None:
    with pytest.raises(ValidationError, match="ssl_certfile"):
        KafkaConnection.model_validate({"bootstrap_servers": "a:1", "ssl_keyfile": __file__})


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://localhost:6379/0", "redis://localhost:6379/0"),
        (f"redis://:{SECRET}@localhost:6379/0", "redis://:***@localhost:6379/0"),
        (f"rediss://me:{SECRET}@[::1]:6379/1", "rediss://me:***@[::1]:6379/1"),
        (f"redis://localhost/0?password={SECRET}", "redis://localhost/0"),
        (f"redis://:{SECRET}%40x@localhost", "redis://:***@localhost"),
    ],
)
def test_a_redis_url_is_shown_without_its_password(url: str, shown: str) -> None:
    connection = RedisConnection(url=SecretStr(url))
    assert connection.shown_url == shown
    assert SECRET not in f"{connection} {connection!r}"
