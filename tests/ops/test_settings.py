"""Settings are read from the environment; what is unknown or wrong is named and refused, and no secret is shown."""

import os
from pathlib import Path

import pytest

from ops.console import ExitCode
from ops.environment import SettingsError
from ops.settings import load_settings

SECRET = "open-sesame"
ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("ITILNEXT_")]:
        monkeypatch.delenv(name)


def refused(monkeypatch: pytest.MonkeyPatch, **variables: str) -> SettingsError:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refusal:
        load_settings()
    return refusal.value


def test_defaults_are_the_specs() -> None:
    settings = load_settings()
    assert (settings.topics.prefix, settings.topics.partitions, settings.topics.replication_factor) == (
        "itilnext.",
        12,
        1,
    )
    assert settings.worker.future_tolerance == 300
    assert settings.kafka.bootstrap_servers is None
    assert settings.redis.url is None


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITILNEXT_KAFKA__BOOTSTRAP_SERVERS", "a:9092, b:9093")
    monkeypatch.setenv("ITILNEXT_TOPICS__PARTITIONS", "4")
    monkeypatch.setenv("itilnext_log__level", "DEBUG")
    settings = load_settings()
    assert settings.kafka.bootstrap_servers == "a:9092,b:9093"
    assert settings.topics.partitions == 4
    assert settings.log.level == "DEBUG"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("ITILNEXT_KAFKA__SESSION_TIMEOUT", "ITILNEXT_KAFKA__SESSION_TIMEOUT_MS"),
        ("ITILNEXT_KAFKA_BOOTSTRAP_SERVERS", "ITILNEXT_KAFKA__BOOTSTRAP_SERVERS"),
        ("ITILNEXT_TOPIC__PREFIX", "ITILNEXT_TOPICS__PREFIX"),
        ("ITILNEXT_REDIS__URI", "ITILNEXT_REDIS__URL"),
    ],
)
def test_an_unknown_setting_is_refused_with_the_nearest_one(
    monkeypatch: pytest.MonkeyPatch, name: str, meant: str
) -> None:
    refusal = refused(monkeypatch, **{name: "x"})
    assert refusal.exit_code == ExitCode.USAGE
    assert name in refusal.problem
    assert meant in refusal.remedy


def test_an_unknown_setting_like_no_other_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = refused(monkeypatch, ITILNEXT_COFFEE="black")
    assert "ITILNEXT_COFFEE" in refusal.problem
    assert "docs/settings.md" in refusal.remedy


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ITILNEXT_KAFKA__BOOTSTRAP_SERVERS", "localhost"),
        ("ITILNEXT_KAFKA__BOOTSTRAP_SERVERS", "localhost:70000"),
        ("ITILNEXT_KAFKA__BOOTSTRAP_SERVERS", "a:9092,,b:9092"),
        ("ITILNEXT_KAFKA__BOOTSTRAP_SERVERS", ""),
        ("ITILNEXT_KAFKA__SESSION_TIMEOUT_MS", "soon"),
        ("ITILNEXT_KAFKA__SSL_CAFILE", "nowhere/ca.pem"),
        ("ITILNEXT_REDIS__URL", f"http://:{SECRET}@localhost"),
        ("ITILNEXT_REDIS__URL", f"redis://:{SECRET}@localhost:port"),
        ("ITILNEXT_REDIS__URL", f"redis://:{SECRET}@[localhost"),
        ("ITILNEXT_REDIS__URL", f"redis://:{SECRET}@localhost:6379/first"),
        ("ITILNEXT_REDIS__URL", "redis://"),
        ("ITILNEXT_REDIS__URL", "unix://"),
        ("ITILNEXT_TOPICS__PREFIX", "it il"),
        ("ITILNEXT_TOPICS__PREFIX", ""),
        ("ITILNEXT_TOPICS__PARTITIONS", "0"),
        ("ITILNEXT_WORKER__FUTURE_TOLERANCE", "-1"),
        ("ITILNEXT_WORKER__FUTURE_TOLERANCE", "nan"),
        ("ITILNEXT_LOG__LEVEL", "loud"),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    refusal = refused(monkeypatch, **{name: value})
    assert refusal.exit_code == ExitCode.USAGE
    assert name in refusal.problem
    assert SECRET not in f"{refusal.problem} {refusal.remedy} {refusal!r}"


@pytest.mark.parametrize("url", ["redis://h", "rediss://u:p@h:1/2", "unix:///run/redis.sock", "redis://[::1]:6379/0"])
def test_redis_urls(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("ITILNEXT_REDIS__URL", url)
    configured = load_settings().redis.url
    assert configured is not None
    assert configured.get_secret_value() == url


def test_a_login_without_a_password_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = refused(
        monkeypatch,
        ITILNEXT_KAFKA__BOOTSTRAP_SERVERS="a:9092",
        ITILNEXT_KAFKA__SECURITY_PROTOCOL="SASL_SSL",
        ITILNEXT_KAFKA__SASL_USERNAME="me",
    )
    assert "ITILNEXT_KAFKA__" in refusal.problem
    assert "sasl_password" in refusal.problem


def test_a_login_without_a_broker_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = refused(monkeypatch, ITILNEXT_KAFKA__SECURITY_PROTOCOL="SSL")
    assert "bootstrap_servers" in refusal.problem


def test_a_certificate_file_without_a_certificate_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("not a certificate")
    refusal = refused(
        monkeypatch,
        ITILNEXT_KAFKA__BOOTSTRAP_SERVERS="a:9092",
        ITILNEXT_KAFKA__SECURITY_PROTOCOL="SSL",
        ITILNEXT_KAFKA__SSL_CAFILE=str(tmp_path / "ca.pem"),
    )
    assert "certificate" in refusal.problem


def test_a_secret_can_be_read_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "password").write_text(f"{SECRET}\n")
    monkeypatch.setenv("ITILNEXT_KAFKA__SASL_PASSWORD_FILE", str(tmp_path / "password"))
    password = load_settings().kafka.sasl_password
    assert password is not None
    assert password.get_secret_value() == SECRET


def test_a_secrets_file_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    refusal = refused(monkeypatch, ITILNEXT_REDIS__URL_FILE=str(tmp_path / "nothing"))
    assert "ITILNEXT_REDIS__URL_FILE" in refusal.problem


def test_a_setting_given_twice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = refused(monkeypatch, ITILNEXT_KAFKA__SASL_PASSWORD=SECRET, ITILNEXT_KAFKA__SASL_PLAIN_PASSWORD="another")
    assert "ITILNEXT_KAFKA__SASL_PASSWORD" in refusal.problem
    assert "ITILNEXT_KAFKA__SASL_PLAIN_PASSWORD" in refusal.problem


def test_names_of_other_kafka_clients_are_understood(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").touch()
    monkeypatch.setenv("ITILNEXT_KAFKA__SSL_CA_LOCATION", str(tmp_path / "ca.pem"))
    monkeypatch.setenv("ITILNEXT_KAFKA__SASL_PLAIN_USERNAME", "me")
    kafka = load_settings().kafka
    assert kafka.ssl_cafile == tmp_path / "ca.pem"
    assert kafka.sasl_username == "me"


def test_secrets_are_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITILNEXT_KAFKA__SASL_PASSWORD", SECRET)
    monkeypatch.setenv("ITILNEXT_REDIS__URL", f"redis://:{SECRET}@localhost")
    settings = load_settings()
    assert SECRET not in f"{settings} {settings!r} {settings.model_dump()} {settings.model_dump_json()}"


def test_the_options_of_the_kafka_settings_reach_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITILNEXT_KAFKA__BOOTSTRAP_SERVERS", "a:9092")
    monkeypatch.setenv("ITILNEXT_KAFKA__SECURITY_PROTOCOL", "SASL_PLAINTEXT")
    monkeypatch.setenv("ITILNEXT_KAFKA__SASL_USERNAME", "me")
    monkeypatch.setenv("ITILNEXT_KAFKA__SASL_PASSWORD", SECRET)
    connection = load_settings().kafka.at("b:9092")
    assert connection.bootstrap_servers == "b:9092"
    assert connection.sasl_username == "me"


def test_the_docs_name_every_setting() -> None:
    documented = (ROOT / "docs" / "settings.md").read_text()
    settings = load_settings()
    names = [
        f"ITILNEXT_{part}__{field}".upper()
        for part in type(settings).model_fields
        for field in type(getattr(settings, part)).model_fields
    ]
    assert [name for name in names if f"`{name}`" not in documented] == []
