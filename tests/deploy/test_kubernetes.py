"""The Kubernetes base: valid, complete, and naming nothing the engine does not have."""

from collections.abc import Iterator
from typing import Any

import kubernetes_validate
import pytest

from contracts.topics import Topics
from ops.settings import Settings
from ops.stack.roles import ROLES
from tests.deploy.manifests import DRAIN_SECONDS, is_understood, read, read_all, settings_from
from tests.test_house_rules import ROOT

BASE = ROOT / "deploy" / "kubernetes"
KUSTOMIZATION = read("deploy/kubernetes/kustomization.yaml")
VERSIONS = ("1.31", "1.34", "1.37")


def documents(*kinds: str) -> Iterator[dict[str, Any]]:
    for path in KUSTOMIZATION["resources"]:
        yield from (each for each in read_all(BASE / path) if not kinds or each["kind"] in kinds)


def named(document: dict[str, Any]) -> str:
    return f"{document['kind']} {document['metadata']['name']}"


DEPLOYMENTS = list(documents("Deployment"))
(SCALER,) = documents("ScaledObject")
PODS = [each["spec"]["template"]["spec"] for each in documents("Deployment", "Job")]


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Return what a worker's settings are in the base."""
    (generated,) = KUSTOMIZATION["configMapGenerator"]
    (container,) = DEPLOYMENTS[0]["spec"]["template"]["spec"]["containers"]
    environment = dict(literal.split("=", 1) for literal in generated["literals"])
    return settings_from(environment | {each["name"]: each["value"] for each in container["env"]}, monkeypatch)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("document", [*documents("Deployment", "Job", "PodDisruptionBudget")], ids=named)
def test_each_is_what_kubernetes_allows(document: dict[str, Any], version: str) -> None:
    kubernetes_validate.validate(document, version, strict=True)


def test_a_misspelled_field_is_found() -> None:
    wrong = DEPLOYMENTS[0] | {"spec": DEPLOYMENTS[0]["spec"] | {"replica": 2}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[0], strict=True)


def test_every_file_is_part_of_it() -> None:
    assert {path.name for path in BASE.iterdir()} == {"kustomization.yaml", *KUSTOMIZATION["resources"]}


def test_every_role_of_a_fleet_has_a_deployment_and_a_budget() -> None:
    run = {each["metadata"]["name"]: tuple(_container(each)["args"]) for each in DEPLOYMENTS}
    assert {role.arguments for role in ROLES} <= {
        words[: len(role.arguments)] for words in run.values() for role in ROLES
    }
    assert {each["metadata"]["name"] for each in documents("PodDisruptionBudget")} == set(run)


@pytest.mark.parametrize("pod", PODS, ids=lambda pod: pod["containers"][0]["args"][-1])
def test_each_pod_runs_a_command_there_is_locked_down(pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]
    assert is_understood(container["args"])
    assert container["image"] in {each["name"] for each in KUSTOMIZATION["images"]}
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=named)
def test_each_deployment_is_probed_and_has_time_to_drain(deployment: dict[str, Any], settings: Settings) -> None:
    pod, container = deployment["spec"]["template"]["spec"], _container(deployment)
    assert pod["terminationGracePeriodSeconds"] > DRAIN_SECONDS
    probes = {name: container[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")}
    assert {name: probe["path"] for name, probe in probes.items()} == {
        "startup": "/livez",
        "liveness": "/livez",
        "readiness": "/readyz",
    }
    assert container["ports"] == [{"name": "health", "containerPort": settings.health.port}]
    assert {probe["port"] for probe in probes.values()} == {"health"}
    labels = deployment["spec"]["selector"]["matchLabels"]
    assert labels == deployment["spec"]["template"]["metadata"]["labels"]


def test_pods_differ_only_in_what_they_run() -> None:
    own = {"args", "resources"}
    alike = [{name: part for name, part in _container(each).items() if name not in own} for each in DEPLOYMENTS]
    assert all(each == alike[0] for each in alike)


def test_the_scaler_counts_the_lag_of_this_fleet(settings: Settings) -> None:
    topics = Topics(settings.topics.prefix)
    (trigger,) = SCALER["spec"]["triggers"]
    assert trigger["metadata"]["consumerGroup"] == topics.ticket_group
    assert trigger["metadata"]["topic"] == topics.commands
    assert trigger["metadata"]["bootstrapServersFromEnv"] == "ITILNEXT_KAFKA__BOOTSTRAP_SERVERS"
    assert SCALER["spec"]["maxReplicaCount"] == settings.topics.partitions
    scaled = next(each for each in DEPLOYMENTS if each["metadata"]["name"] == SCALER["spec"]["scaleTargetRef"]["name"])
    assert "replicas" not in scaled["spec"], "it is the scaler's to set"


def _container(deployment: dict[str, Any]) -> dict[str, Any]:
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return dict(container)
