"""What the alert rules and the dashboard ask Prometheus for, and what the engine's series are called there."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from ops.observability.metrics import METRICS, Kind

FOLDER = Path(__file__).resolve().parents[3] / "deploy" / "observability"


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((FOLDER / "alerts.rules.yml").read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def rule_expressions() -> Iterator[str]:
    for rule in rules():
        yield rule["expr"]


def panel_expressions() -> Iterator[str]:
    dashboard = json.loads((FOLDER / "dashboard.json").read_text(encoding="utf-8"))
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"].replace("$__rate_interval", "5m")  # Grafana's own


def series() -> set[str]:
    """What a worker's metrics are called in the database: a histogram is three."""
    endings = {Kind.HISTOGRAM: ("_bucket", "_sum", "_count")}
    return {metric.name + ending for metric in METRICS for ending in endings.get(metric.kind, ("",))}
