"""The alert rules and the dashboard ask for metrics there are, in PromQL, and the rules fire when they should.

What they evaluate to is shown by Prometheus' own promtool, where it is installed: `alerts.tests.yml` has the incidents.
"""

import re
import shutil
import subprocess
from pathlib import Path

import promql_parser
import pytest
import yaml

from ops.observability.metrics import METRICS
from tests.ops.observability.queries import FOLDER, panel_expressions, rule_expressions, rules, series

ROOT = Path(__file__).resolve().parents[3]
PROMTOOL = shutil.which("promtool")
NAME = re.compile(r"\b(?:itilnext|process)_[a-z_]+")
OF_THE_PROCESS = {"process_cpu_seconds_total", "process_resident_memory_bytes"}


@pytest.mark.parametrize("expression", [*rule_expressions(), *panel_expressions()])
def test_an_expression_is_promql_over_metrics_there_are(expression: str) -> None:
    promql_parser.parse(expression)
    named = set(NAME.findall(re.sub(r'"[^"]*"|\[[^\]]*\]', "", expression)))
    assert named
    assert named - series() - OF_THE_PROCESS == set()


def test_every_metric_is_on_the_dashboard() -> None:
    shown = " ".join(panel_expressions())
    assert [metric.name for metric in METRICS if metric.name not in shown] == []


def test_every_rule_says_what_is_wrong_and_what_to_do() -> None:
    for rule in rules():
        assert rule["labels"]["severity"] in {"warning", "critical"}, rule
        assert set(rule["annotations"]) == {"summary", "description"}, rule


def test_every_rule_is_documented_and_has_an_incident_that_fires_it() -> None:
    docs = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    tests = yaml.safe_load((FOLDER / "alerts.tests.yml").read_text(encoding="utf-8"))["tests"]
    checks = [check for test in tests for check in test["alert_rule_test"]]
    fired = {check["alertname"] for check in checks if check.get("exp_alerts")}
    quiet = {check["alertname"] for check in checks if not check.get("exp_alerts")}
    names = {rule["alert"] for rule in rules()}
    assert fired == quiet == names
    assert [name for name in names if f"`{name}`" not in docs] == []


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (Debian: the package prometheus)")
def test_the_rules_fire_on_their_incidents_only() -> None:
    assert PROMTOOL is not None
    for words in (("check", "rules", "alerts.rules.yml"), ("test", "rules", "alerts.tests.yml")):
        ran = subprocess.run([PROMTOOL, *words], cwd=FOLDER, capture_output=True, text=True, check=False)  # noqa: S603
        assert ran.returncode == 0, ran.stdout + ran.stderr
