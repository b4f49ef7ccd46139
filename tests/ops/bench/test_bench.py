"""`itilnext bench` runs from end to end, in sizes at which its figures mean nothing, and says what it found."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result

from ops.bench.quix_loop import is_installed
from ops.cli import build_app
from tests.stack import Stack

pytestmark = pytest.mark.broker
SMALL = ("--commands", "600", "--rounds", "1", "--tickets", "200", "--seconds", "1", "--workers", "2")
# The least an ordinary broker allows: what a killed worker's partitions wait for.
SESSION_TIMEOUT_MS = "6000"

Run = Callable[..., Result]


@pytest.fixture
def run(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Run:
    for name, value in stack.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ITILNEXT_KAFKA__SESSION_TIMEOUT_MS", SESSION_TIMEOUT_MS)

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(build_app(), ["bench", *arguments], catch_exceptions=False)

    return invoke


def figures(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = orjson.loads(result.stdout)
    return found


def is_spread(found: dict[str, float]) -> bool:
    return 0 <= found["min"] <= found["median"] <= found["max"]


def test_throughput_compares_the_loops_and_tells_where_the_time_goes(run: Run, tmp_path: Path) -> None:
    report = tmp_path / "report.md"
    found = figures(run("throughput", *SMALL, "--json", "--report", str(report)))
    loops = {"raw", "worker", *(["quix"] if is_installed() else [])}
    assert set(found["throughput"]["loops"]) == loops
    assert all(is_spread(each["commands_per_second"]) for each in found["throughput"]["loops"].values())
    assert found["throughput"]["loops"]["raw"]["times"]["raw"]["median"] == 1
    assert set(found["stages"]["cpu_us_per_command"]) >= {"fetch", "parse", "load", "decide", "encode", "produce"}
    page = report.read_text(encoding="utf-8")
    for title in ("## One process, 4 partitions", "by stage", "by function"):
        assert title in page
    assert ("Quix Streams is left out" in page) is not is_installed()


def test_scaling_runs_one_worker_and_more(run: Run) -> None:
    found = figures(run("scaling", *SMALL, "--json"))
    assert set(found["scaling"]["workers"]) == {"1", "2"}


def test_latency_is_measured_for_the_worker_and_the_raw_loop(run: Run) -> None:
    found = figures(run("latency", *SMALL, "--json"))
    for loop in ("raw", "worker"):
        assert all(is_spread(found["latency"]["milliseconds"][loop][name]) for name in ("p50", "p99", "max"))


def test_takeover_waits_for_the_killed_worker_s_partitions(run: Run) -> None:
    found = figures(run("takeover", *SMALL, "--json"))
    assert found["takeover"]["session_timeout_seconds"] == 6
    assert is_spread(found["takeover"]["last_partition_seconds"])


def test_a_rolling_restart_loses_nothing(run: Run) -> None:
    found = figures(run("rolling", *SMALL, "--json"))["rolling"]
    assert found["lost"] == 0
    assert found["commands"] > 0
    assert all(is_spread(found["milliseconds"][name]) for name in ("p50", "p99", "max"))


def test_memory_is_shown_as_a_table(run: Run) -> None:
    result = run("memory", *SMALL)
    assert result.exit_code == 0, result.output
    for text in ("Memory with 200 tickets", "started", "200 tickets opened", "600 notes", "bytes per ticket"):
        assert text in result.stdout


def test_a_rebuild_ends_with_a_whole_view(run: Run) -> None:
    found = figures(run("rebuild", *SMALL, "--json"))
    assert found["rebuild"]["tickets"] == 200
    assert is_spread(found["rebuild"]["tickets_per_second"])


def test_alerts_are_measured_from_the_tick_to_the_log(run: Run) -> None:
    found = figures(run("alerts", *SMALL, "--json"))
    assert found["alerts"]["alerts"] == 120
    assert is_spread(found["alerts"]["alerts_per_second"])
    assert is_spread(found["alerts"]["idle_milliseconds"])
    assert set(found["ticks"]["open_tickets"]) == {"10", "100", "1000"}
    # Flat: what a tick asks of Redis follows what is due, not what is open.
    assert len({each["redis_commands"]["median"] for each in found["ticks"]["open_tickets"].values()}) == 1
    assert set(found["calendar"]) == {
        "the engine's",
        *(["businesstimedelta"] if find_spec("businesstimedelta") else []),
    }


def test_an_audit_is_measured_and_its_report_ends_in_a_line_of_its_own(run: Run, tmp_path: Path) -> None:
    report = tmp_path / "report.md"
    result = run("audit", *SMALL, "--report", str(report))
    assert result.exit_code == 0, result.output
    for text in ("Auditing 600 events of 40 tickets", "events/s", "CPU us per event", "most memory, MB"):
        assert text in result.stdout
        assert text in report.read_text()
    assert result.stdout.endswith(f"\n\nThe report is in {report}.\n")


def test_queues_are_timed_and_so_is_keeping_them(run: Run) -> None:
    found = figures(run("queue", *SMALL, "--json"))
    for queue in ("agent_milliseconds", "team_milliseconds"):
        assert all(is_spread(found["queue"][queue][name]) for name in ("p50", "p99"))
    assert is_spread(found["queue"]["score_us"])
    assert 0 < found["queue_keeping"]["writes_per_command"] < 2
    assert is_spread(found["queue_keeping"]["tell_us"])


def test_a_report_that_can_t_be_written_is_refused_before_anything_is_measured(run: Run, tmp_path: Path) -> None:
    result = run("throughput", *SMALL, "--report", str(tmp_path / "no" / "such" / "folder.md"))
    assert result.exit_code == 2
    assert "can't be written" in result.stderr


def test_views_are_read_stored_and_kept(run: Run) -> None:
    found = figures(run("views", *SMALL, "--json"))
    assert len(found["views"]["milliseconds"]) == 4
    assert all(is_spread(look[name]) for look in found["views"]["milliseconds"].values() for name in ("p50", "p99"))
    assert found["view_bytes"]["tickets"] == 250
    assert all(size > 0 for size in found["view_bytes"]["bytes_per_ticket"].values())
    assert found["views_kept"]["extra_cpu"].keys() == {"median", "min", "max"}


def test_metrics_are_told_of_every_command(run: Run) -> None:
    found = figures(run("metrics", *SMALL, "--json"))
    assert found["metrics"]["commands"] == 600
    assert found["metrics"]["share_of_throughput"].keys() == {"median", "min", "max"}
