"""compose.yaml and the image: valid, pinned, locked down, and naming nothing the engine does not have.

`docker compose up` itself is tried by `make compose-test`, see test_compose_up.
"""

import re
import shutil
import subprocess
import sys
import tomllib
from itertools import chain
from typing import Any

import orjson
import pytest

from contracts.directory import read_directory_change
from ops.embedded.jars import KAFKA_VERSION
from ops.environment import PREFIX
from ops.stack.roles import ROLES
from tests.deploy.manifests import DRAIN_SECONDS, PINNED, is_understood, read, settings_from
from tests.test_house_rules import ROOT

COMPOSE: dict[str, Any] = read("compose.yaml")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ENGINE = {name: service for name, service in SERVICES.items() if service["image"].startswith("itilnext-engine:")}
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_it_is_what_the_compose_specification_allows() -> None:
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml"]
    done = subprocess.run(check, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_compose_itself_takes_it() -> None:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], check=False, capture_output=True).returncode:
        pytest.skip("there is no docker compose here")
    config = [docker, "compose", "--profile", "*", "config", "--quiet"]
    done = subprocess.run(config, cwd=ROOT, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ENGINE)
def test_each_service_runs_a_command_there_is_with_settings_there_are(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert is_understood(ENGINE[name]["command"])
    settings = settings_from(ENGINE[name]["environment"], monkeypatch)
    assert settings.kafka.bootstrap_servers == "kafka:9092"


def test_every_role_of_a_fleet_is_there() -> None:
    commands = {tuple(service["command"][: len(role.arguments)]) for service in ENGINE.values() for role in ROLES}
    assert {role.arguments for role in ROLES} <= commands


def test_no_comment_names_a_setting_there_is_not() -> None:
    for path in ("compose.yaml", "Dockerfile"):
        named = set(re.findall(rf"{PREFIX}[A-Z_]+", (ROOT / path).read_text(encoding="utf-8")))
        known = set(chain.from_iterable(service["environment"] for service in ENGINE.values()))
        assert named <= known


@pytest.mark.parametrize("name", SERVICES)
def test_versions_are_pinned(name: str) -> None:
    assert PINNED.search(SERVICES[name]["image"])


def test_versions_are_those_the_engine_is_tested_with() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    uv = re.search(r"UV_VERSION := (.*)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert {service["image"] for service in ENGINE.values()} == {f"itilnext-engine:{project['project']['version']}"}
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{KAFKA_VERSION}"
    assert uv
    assert f'"uv=={uv[1]}"' in DOCKERFILE
    assert all(PINNED.search(image) for image in re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE))


@pytest.mark.parametrize("name", ENGINE)
def test_the_engine_is_locked_down_and_has_time_to_drain(name: str) -> None:
    service = ENGINE[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["stop_signal"] == "SIGTERM"
    assert int(service["stop_grace_period"].removesuffix("s")) > DRAIN_SECONDS


def test_the_image_runs_as_nobody_and_needs_no_shell() -> None:
    stage = DOCKERFILE[DOCKERFILE.rindex("FROM ") :]
    assert "STOPSIGNAL SIGTERM" in stage
    assert re.search(r"^USER (?!0)\d+:\d+$", stage, re.MULTILINE)
    run = re.findall(r"^(?:RUN|CMD|ENTRYPOINT) (.*)$", DOCKERFILE, re.MULTILINE)
    assert all(isinstance(orjson.loads(words), list) for words in run), "a command as a list is run without a shell"


@pytest.mark.parametrize(
    "name", [name for name, service in ENGINE.items() if "ITILNEXT_HEALTH__PORT" in service["environment"]]
)
def test_a_worker_s_health_is_asked_for_where_it_is_served(name: str) -> None:
    kind, *words = ENGINE[name]["healthcheck"]["test"]
    assert kind == "CMD", "no shell"
    assert f'"127.0.0.1", {ENGINE[name]["environment"]["ITILNEXT_HEALTH__PORT"]}' in words[-1]
    assert '"/readyz"' in words[-1]


def test_nothing_listens_beyond_the_host() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_every_file_it_names_is_there() -> None:
    files = [config["file"] for config in COMPOSE["configs"].values()]
    mounts = [volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", ())]
    assert [path for path in (*files, *(mount for mount in mounts if "/" in mount)) if not (ROOT / path).exists()] == []


def test_the_example_directory_can_be_read() -> None:
    lines = (ROOT / COMPOSE["configs"]["directory"]["file"]).read_bytes().splitlines()
    changes = [read_directory_change(orjson.loads(line)["subject"].encode(), line, ()) for line in lines]
    assert {"agent", "team", "contact", "company", "calendar"} == {change.kind for change in changes}


def test_prometheus_finds_every_worker_and_its_rules() -> None:
    prometheus = read(COMPOSE["configs"]["prometheus"]["file"])
    (scraped,) = prometheus["scrape_configs"]
    (found,) = scraped["dns_sd_configs"]
    serving = {name for name, service in ENGINE.items() if "ITILNEXT_HEALTH__PORT" in service["environment"]}
    assert set(found["names"]) == serving
    assert {str(found["port"])} == {ENGINE[name]["environment"]["ITILNEXT_HEALTH__PORT"] for name in serving}
    for path in prometheus["rule_files"]:
        assert (ROOT / path.replace("/etc/prometheus/itilnext", "deploy/observability")).is_file()
