"""`docker compose up` for real: a fleet imports a log, grows, loses a worker and its broker, is scraped, and audited.

Run by `make compose-test`, not with the other tests: it needs a Docker engine and some minutes. The images compose.yaml
names have to be there or to be had; tests/deploy/stand-ins.sh builds stand-ins where they can't be pulled.
"""

import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from ops.composing import Signature, compose_command
from ops.embedded.ports import choose
from tests.deploy.prometheus import Prometheus, not_scraped, rules_not_well
from tests.test_house_rules import ROOT

pytestmark = [pytest.mark.compose, pytest.mark.timeout(3_600)]
INCIDENT_LOG = ROOT / "ops" / "sample" / "servicenow_incident_log.csv"
TICKETS = 60
WORKERS = 4
CONTAINERS = {"ticket-worker": WORKERS, "alert-worker": 1, "directory-worker": 1, "ticker": 1}
BY_ANN = ("agent_id=ann", "--wait", "--timeout", "120")
UP_SECONDS = 900.0
"""A net for a fleet that never gets ready, not a measure of speed."""
_POLL_SECONDS = 1.0


class Project:
    """One Compose project, by a name of its own, on ports of its own."""

    def __init__(self, name: str) -> None:
        kafka, prometheus = choose(2)
        self.name = name
        self.prometheus = Prometheus(prometheus)
        self._environment = os.environ | {"KAFKA_HOST_PORT": str(kafka), "PROMETHEUS_PORT": str(prometheus)}

    def compose(self, *words: str) -> str:
        """Run docker compose; return what it printed, or fail with what it said."""
        return self._docker("compose", "--project-name", self.name, *words)

    def itilnext(self, *words: str, mount: str = "") -> str:
        """Run the command line in a container of its own."""
        mounted = ("--volume", mount) if mount else ()
        return self.compose("run", "--rm", "--quiet-pull", "-T", *mounted, "cli", *words)

    def containers(self) -> list[dict[str, Any]]:
        """Return the project's containers, those that have ended included."""
        return [json.loads(line) for line in self.compose("ps", "--all", "--format", "json").splitlines()]

    def scale_up(self) -> None:
        """Have all ticket workers run, and start again whatever was killed."""
        self.compose("up", "--detach", "--scale", f"ticket-worker={WORKERS}", "--no-recreate")

    def kill(self, container: str) -> None:
        """End a container as a power cut does."""
        self._docker("kill", container)

    def wait_until_ready(self) -> None:
        """Wait until all one-shot services have done their work and all others are healthy."""
        until = time.monotonic() + UP_SECONDS
        while True:
            waiting = [each for each in self.containers() if not _is_ready(each)]
            if not waiting:
                return
            if time.monotonic() > until:
                raise AssertionError([(each["Name"], each["Status"]) for each in waiting])
            time.sleep(_POLL_SECONDS)

    def _docker(self, *words: str) -> str:
        done = subprocess.run(
            ["docker", *words],  # noqa: S607 the one on the PATH
            cwd=ROOT,
            env=self._environment,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{' '.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout


def _is_ready(container: Mapping[str, Any]) -> bool:
    if container["State"] == "exited":
        assert container["ExitCode"] == 0, f"{container['Name']}: {container['Status']}"
        return True
    return container["State"] == "running" and container["Health"] in ("", "healthy")


@pytest.fixture
def project() -> Iterator[Project]:
    project = Project(f"itilnext-{uuid4().hex[:8]}")
    try:
        yield project
    finally:
        project.compose("--profile", "*", "down", "--volumes", "--timeout", "30")


@pytest.fixture
def opened(tmp_path: Path) -> Path:
    """Return a file that opens a few tickets on every partition."""
    signature = Signature(id="opened", source="/connectors/test", time=None)
    events = [compose_command("ticket.open", f"T-{number}", ["subject=fire"], signature) for number in range(TICKETS)]
    file = tmp_path / "opened.ndjson"
    file.write_text("\n".join(json.dumps(event) for event in events), encoding="utf-8")
    return file


def test_a_fleet_in_containers(project: Project, opened: Path) -> None:
    project.compose("build", "--quiet", "topics")  # the image of all; one of this name may be there, of older files
    project.compose("up", "--detach", "--quiet-pull")
    project.wait_until_ready()
    log = f"{INCIDENT_LOG}:/log.csv:ro"
    report = json.loads(project.itilnext("import", "servicenow", "/log.csv", "--json", mount=log).splitlines()[-1])
    assert report["owner_changes_here"] == 0
    assert report["audit"]["holds"], report["audit"]

    project.scale_up()
    project.wait_until_ready()
    workers = [each["Name"] for each in project.containers() if each["Service"] == "ticket-worker"]
    assert len(workers) == WORKERS
    project.kill(workers[0])
    # Sent again, every command is a duplicate; new ones go to whoever has the killed one's partitions now.
    project.itilnext("import", "servicenow", "/log.csv", "--json", mount=log)
    project.itilnext("send", "/opened.ndjson", mount=f"{opened}:/opened.ndjson:ro")
    project.itilnext("send", "ticket.accept", "T-1", *BY_ANN)
    project.scale_up()
    project.wait_until_ready()
    assert json.loads(project.itilnext("doctor", "--json"))["ok"] is True

    project.compose("kill", "kafka")
    project.scale_up()
    project.itilnext("send", "ticket.accept", "T-2", *BY_ANN)
    audit = json.loads(project.itilnext("audit", "--json"))
    assert audit["holds"], audit
    assert audit["tickets"] == report["incidents"] + TICKETS

    project.compose("--profile", "observability", "up", "--detach", "--no-deps", "--quiet-pull", "prometheus")
    project.prometheus.until(not_scraped(CONTAINERS))
    project.prometheus.until(rules_not_well)
    project.compose("--profile", "*", "down", "--timeout", "30")
    assert project.containers() == []
