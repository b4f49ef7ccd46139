"""`itilnext export` beside a fleet: its files hold the log, and DuckDB answers the questions of docs/analytics.md."""

import asyncio
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest
from pyarrow import parquet

from ops.log_reader import LogRecord
from tests.fleet import running_worker
from tests.ops.cli.conftest import PARTITIONS, Itilnext
from tests.stack import KAFKA_SETTING, Stack

EXAMPLES = re.findall(r"```sql\n(.*?)```", Path("docs/analytics.md").read_text(encoding="utf-8"), re.DOTALL)


Events = Sequence[LogRecord]
Snapshots = Mapping[str, dict[str, Any]]


async def live_through(stack: Stack, prefix: str) -> tuple[Events, Snapshots]:
    """Three tickets with resolutions: approved, pending, rejected, reviewed; in two currencies."""
    async with running_worker(stack, prefix, PARTITIONS) as fleet:
        await fleet.enter("policy", "default", currencies={"CHF": {"agent": "10", "team_lead": "20"}})
        await fleet.enter("agent", "ann")
        await fleet.enter("agent", "max", role="manager")
        told = {"agent_id": "ann", "what_went_wrong": 'it "burnt" ü', "why_eligible": "y", "resolution_type": "refund"}
        for ticket in ("T-1", "T-2", "T-3"):
            await fleet.send("ticket.open", ticket, time="2026-01-05T09:00:00Z", subject="s", priority="high")
            await fleet.send("ticket.accept", ticket, time="2026-01-05T10:30:00Z", agent_id="ann")
            await fleet.send(
                "resolution.create", ticket, **told, resolution_id="r1", what_category="fire", amount="12.5"
            )
        await fleet.send("resolution.create", "T-1", **told, resolution_id="r2", currency="CHF", amount="20.01")
        await fleet.send("resolution.create", "T-2", **told, resolution_id="r2", amount="999")
        await fleet.send("resolution.create", "T-3", **told, resolution_id="r2")
        await fleet.send("resolution.reject", "T-2", resolution_id="r2", approver_id="max")
        await fleet.send("calibration.review", "T-1", resolution_id="r2", reviewer_id="max", outcome="upheld")
        await fleet.settled()
        return await fleet.records(fleet.topics.events), await fleet.snapshots()


@pytest.fixture
def history(stack: Stack, prefix: str) -> tuple[Events, Snapshots]:
    """What a fleet has written that no longer runs: a command that heeds signals has the main thread to itself."""
    return asyncio.run(live_through(stack, prefix))


@pytest.mark.broker
@pytest.mark.usefixtures("settings")
def test_the_files_hold_the_log_and_answer_in_sql(
    history: tuple[Events, Snapshots], itilnext: Itilnext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    records, snapshots = history
    exported = itilnext("export", "--to", "history", "--json")
    assert (exported.exit_code, exported.json["resolutions"]) == (0, 6), exported.err
    rows = parquet.read_table("history/events.parquet").to_pylist()
    assert exported.json["events"] == len(rows)
    assert [(row["partition"], row["offset"]) for row in rows] == sorted(
        (each.partition, each.offset) for each in records
    )
    by_place = {(each.partition, each.offset): orjson.loads(each.value or b"") for each in records}
    for row in rows:
        event = by_place[row["partition"], row["offset"]]
        assert (row["event_id"], row["ticket_version"], row["cause_id"]) == (
            event["id"],
            event["ticketversion"],
            event["causationid"],
        )
        assert (f"org.itilnext.{row['event']}.v1", orjson.loads(row["data"])) == (event["type"], event["data"])
    _see_resolutions(snapshots)
    with duckdb.connect() as asked:
        answers = [asked.execute(question).fetchall() for question in EXAMPLES]
    assert len(answers) == 4
    assert all(answers), answers
    assert answers[0] == [("high", 3, 1.5)]
    again = itilnext("export", "--to", "history")
    assert (again.exit_code, "not empty" in again.err) == (2, True)


def _see_resolutions(snapshots: Snapshots) -> None:
    """Each resolution of a snapshot is a row, with all it says, and the times beside."""
    rows = parquet.read_table("history/resolutions.parquet").to_pylist()
    found = {(row["ticket_id"], row["resolution_id"]): row for row in rows}
    kept = {(ticket, one["resolution_id"]): one for ticket, held in snapshots.items() for one in held["resolutions"]}
    assert found.keys() == kept.keys()
    for key, one in kept.items():
        row = found[key]
        for name in one.keys() - {"amount", "cumulative_amount", "created_at", "calibration"}:
            assert row[name] == one[name], name
        assert (row["amount"] and str(row["amount"]), str(row["cumulative_amount"])) == (
            one["amount"],
            one["cumulative_amount"],
        )
        asked = one["calibration"] or {"reason": None, "outcome": None, "reviewer_id": None}
        assert [row[name] for name in ("calibration_reason", "calibration_outcome", "reviewer_id")] == [*asked.values()]
        assert (row["decided_at"] is None, row["reviewed_at"] is None) == (
            one["decided_by"] is None,
            asked["reviewer_id"] is None,
        )
        assert row["decided_at"] is None or row["decided_at"] >= row["created_at"]


def test_without_parquet_s_library_it_says_how_to_get_it(itilnext: Itilnext, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith(("pyarrow", "ops.exporting"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    ran = itilnext("export", "--to", "history")
    assert (ran.exit_code, "pyarrow" in ran.err, "itilnext-engine[analytics]" in ran.err) == (2, True, True)


def test_a_kafka_out_of_reach_leaves_no_folder(
    itilnext: Itilnext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KAFKA_SETTING, "127.0.0.1:1")
    assert itilnext("export", "--to", str(tmp_path / "history")).exit_code == 3
    assert list(tmp_path.iterdir()) == []
