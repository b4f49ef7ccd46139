"""`itilnext queue`, `approvals`, `calibration` and `report` over the view of a fleet that has gone home."""

import asyncio
import csv
from collections.abc import AsyncIterator
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from tests.fleet import Fleet, idle_fleet
from tests.ops.cli.conftest import PARTITIONS, Itilnext
from tests.stack import Stack

pytestmark = pytest.mark.broker
OPENED, LATER, WEEK = "2026-01-05T09:00:00Z", "2026-01-05T10:00:00Z", "2026-W02"
_PRINCIPAL = {"base": 100, "due_proximity": 3.0}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fleet(stack: Stack) -> AsyncIterator[Fleet]:
    """Anna's desk: T-1 of hers has three resolutions, T-2 waits for the customer and was reviewed, T-3 is nobody's."""
    async with idle_fleet(stack, f"t{uuid4().hex[:12]}.", PARTITIONS) as fleet:
        async with fleet.worker():
            await _staff(fleet)
            for ticket_id, priority in (("T-1", "critical"), ("T-2", "low"), ("T-3", "medium")):
                subject = f"about {ticket_id}"
                await fleet.send(
                    "ticket.open", ticket_id, time=OPENED, subject=subject, priority=priority, team_id="desk"
                )
            for ticket_id in ("T-1", "T-2"):
                await fleet.send("ticket.accept", ticket_id, time=OPENED, agent_id="anna")
            await fleet.send("ticket.await_customer", "T-2", time=OPENED, agent_id="anna")
            for resolution_id, amount, category in (
                ("r1", "50", "=1+1"),
                ("r2", "200", "delivery"),
                ("r3", "700", None),
            ):
                await _give(fleet, "T-1", resolution_id, amount, category)
            await fleet.send("flag.add", "T-2", time=OPENED, agent_id="anna", flag="legal")
            await _give(fleet, "T-2", "r4", "20", "delivery")
            verdict = {"resolution_id": "r4", "reviewer_id": "lea", "outcome": "upheld"}
            await fleet.send("calibration.review", "T-2", time=OPENED, **verdict)
            await fleet.settled()
            assert await fleet.rejections() == []
        yield fleet


async def _staff(fleet: Fleet) -> None:
    await fleet.enter("policy", "default", id="default", calibration_sample_percent=0)
    await fleet.enter("team", "desk", lead_id="lea", manager_id="max")
    for agent_id, role in (("anna", "agent"), ("idle", "agent"), ("lea", "team_lead"), ("max", "manager")):
        await fleet.enter("agent", agent_id, role=role, team_ids=["desk"])


async def _give(fleet: Fleet, ticket_id: str, resolution_id: str, amount: str, category: str | None) -> None:
    given: dict[str, Any] = {"agent_id": "anna", "resolution_id": resolution_id, "amount": amount}
    given |= {"what_went_wrong": "w", "why_eligible": "y", "resolution_type": "refund", "what_category": category}
    await fleet.send("resolution.create", ticket_id, time=OPENED, **given)


@pytest.fixture(autouse=True)
def _on_this_fleet(fleet: Fleet, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (stack.environment | {"ITILNEXT_TOPICS__PREFIX": fleet.topics.prefix}).items():
        monkeypatch.setenv(name, value)


def test_a_queue_as_json_has_the_form_of_the_page(itilnext: Itilnext) -> None:
    queue = itilnext("queue", "--agent", "anna", "--at", LATER, "--json").json
    assert {band: [each["id"] for each in tickets] for band, tickets in queue.items()} == {
        "needs_attention": ["T-1"],
        "waiting_on_others": ["T-2"],
        "on_track": [],
    }
    (first,) = queue["needs_attention"]
    assert first["score"] == 300.0
    assert {name: value for name, value in first["factors"].items() if value != 1.0} == _PRINCIPAL


def test_a_team_s_queue_has_what_nobody_owns_too_and_time_makes_it_urgent(itilnext: Itilnext) -> None:
    now = itilnext("queue", "--team", "desk", "--at", "2026-01-04T00:00:00Z", "--json").json
    assert [[each["id"] for each in tickets] for tickets in now.values()] == [["T-1"], ["T-2"], ["T-3"]]
    weeks_later = itilnext("queue", "--team", "desk", "--at", "2026-02-05T00:00:00Z", "--json").json
    assert [[each["id"] for each in tickets] for tickets in weeks_later.values()] == [["T-1", "T-3", "T-2"], [], []]


def test_a_person_reads_why_a_ticket_is_on_top(itilnext: Itilnext) -> None:
    shown = itilnext("queue", "--agent", "anna", "--at", "2026-01-05T11:00:01Z").out
    assert "Needs attention: 1" in shown
    assert "Waiting on others: 1" in shown
    assert "On top is T-1: 100 (critical) x 3 (overdue by 1 h) x 1.2 (no first response) = 360." in shown
    assert "legal x1.5" in shown
    assert "and 1 more" in itilnext("queue", "--team", "desk", "--at", "2026-02-05T00:00:00Z", "--limit", "2").out
    assert "Nothing to do" in itilnext("queue", "--agent", "idle").out


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("queue", "--agent", "nobody"), "The directory has no agent nobody."),
        (("queue", "--team", "nothing"), "The directory has no team nothing."),
        (("queue", "--agent", "anna", "--at", "soon"), "not an RFC 3339 time with an offset: 'soon'"),
        (("queue",), "name one of --agent and --team"),
        (("queue", "--agent", "anna", "--team", "desk"), "name one of --agent and --team"),
        (("approvals", "--agent", "nobody"), "The directory has no agent nobody."),
        (("calibration", "--week", "2026-48"), "not a week: '2026-48'"),
        (("calibration", "--week", "2025-W53"), "2025 has no week 53"),
        (("report", "--week", "now"), "not a week: 'now'"),
        (("report", "--csv", "--json"), "name one of --csv and --json"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, tuple) else "",
)
def test_a_wrong_question_is_a_usage_error_of_two_lines(
    itilnext: Itilnext, words: tuple[str, ...], problem: str
) -> None:
    ran = itilnext(*words)
    assert (ran.exit_code, ran.out) == (2, "")
    told, remedy = ran.err.splitlines()
    assert told == f"itilnext: {problem}"
    assert remedy.startswith("  ")


def test_approvals_are_those_of_the_agent_s_role(itilnext: Itilnext) -> None:
    for agent_id, waiting in (("lea", ["r2"]), ("max", ["r2", "r3"]), ("anna", [])):
        found = itilnext("approvals", "--agent", agent_id, "--json").json
        assert [each["resolution_id"] for each in found] == waiting
    assert (found := itilnext("approvals", "--agent", "lea", "--json").json)[0]["ticket_id"] == "T-1"
    assert (found[0]["amount"], found[0]["cumulative_amount"], found[0]["tier"]) == ("200.00", "250.00", "team_lead")
    assert "250.00 EUR" in itilnext("approvals", "--agent", "lea").out
    assert "The role of anna is agent" in itilnext("approvals", "--agent", "anna").out


def test_the_calibration_queue_of_a_week_has_what_nobody_has_reviewed(itilnext: Itilnext) -> None:
    for words in ((), ("--week", WEEK)):
        (waiting,) = itilnext("calibration", *words, "--json").json
        assert (waiting["ticket_id"], waiting["resolution_id"], waiting["week"]) == ("T-1", "r3", WEEK)
        assert waiting["calibration"] == {"reason": "tier3", "outcome": None, "reviewer_id": None}
    assert itilnext("calibration", "--week", "2026-W03", "--json").json == []
    shown = itilnext("calibration").out
    assert "Waiting for a review: 1" in shown
    assert "tier3" in shown


def test_the_report_counts_reviews_and_sums_compensation(itilnext: Itilnext) -> None:
    found = itilnext("report", "--json").json
    reviews = {(row["by"], row["key"]): (row["upheld"], row["waiting"]) for row in found["reviews"]}
    assert reviews == {
        ("agent", "anna"): (1, 1),
        ("reason", "flagged_legal"): (1, 0),
        ("reason", "tier3"): (0, 1),
        ("team", "desk"): (1, 1),
    }
    sums = {
        (row["by"], row["key"]): (row["resolutions"], row["approved"], row["pending"]) for row in found["compensation"]
    }
    assert sums == {
        ("agent", "anna"): (2, "70.00", "900.00"),
        ("category", "-"): (0, "0.00", "700.00"),
        ("category", "=1+1"): (1, "50.00", "0.00"),
        ("category", "delivery"): (1, "20.00", "200.00"),
        ("team", "desk"): (2, "70.00", "900.00"),
    }
    assert itilnext("report", "--week", "2026-W03", "--json").json == {"reviews": [], "compensation": []}
    assert "No resolution" in itilnext("report", "--week", "2026-W03").out
    assert "Compensation" in itilnext("report").out


def test_the_report_as_csv_is_one_table_that_runs_no_formula(itilnext: Itilnext) -> None:
    rows = list(csv.DictReader(StringIO(itilnext("report", "--csv").out)))
    assert {row["section"] for row in rows} == {"reviews", "compensation"}
    categories = {row["key"]: row for row in rows if row["by"] == "category"}
    assert categories["'=1+1"]["approved"] == "50.00"
    assert categories["'=1+1"]["upheld"] == ""


@pytest.mark.parametrize("lists", ["queue", "alerts", "envelopes", "approvals"])
@pytest.mark.asyncio(loop_scope="module")
async def test_a_view_that_is_lost_in_part_is_told(fleet: Fleet, itilnext: Itilnext, lists: str) -> None:
    elsewhere = (fleet.partition_of("T-1") + 1) % PARTITIONS
    marker = fleet.view(elsewhere).keys.marker
    at = await fleet.redis.hget(marker, "state")
    await fleet.redis.hdel(marker, "state")
    told = await asyncio.to_thread(itilnext, lists, "--agent", "anna")
    await fleet.redis.hset(marker, "state", at or b"")
    assert told.exit_code == 0
    assert told.err.startswith("There is no view now of 1 of 4 partitions, so")
