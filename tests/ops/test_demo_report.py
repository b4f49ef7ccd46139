"""What a demo or an import ends in, in words."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contracts import commands as c
from ops.audit.report import AuditReport, Difference, Outcomes
from ops.cases import Case
from ops.demo.morning import REFUSED, Morning
from ops.demo.playing import Played
from ops.demo.printing import next_steps, print_demo
from ops.demo.run import Demonstrated
from ops.importing import Import, ImportReport
from ops.importing.printing import print_report
from ops.sample import INCIDENT_LOG
from services.history import History
from services.work_queue import WorkQueue
from tests.services.cast import MONDAY
from tests.services.spec import given

AUDIT = AuditReport(
    holds=True,
    partitions=12,
    tickets=250,
    events=1240,
    commands=1240,
    outcomes=Outcomes(accepted=1240),
    differences=(),
    differences_total=0,
    seconds=1.0,
    events_per_second=1240.0,
)
REPORT = ImportReport(
    file="incidents.csv",
    incidents=250,
    rows=1646,
    entries=186,
    commands=1240,
    events=1240,
    duplicates=0,
    rejections={},
    dead_letters={},
    owner_changes_in_source=50,
    owner_changes_here=0,
    envelopes=32,
    outcomes={"ticket.opened": 250, "envelope.created": 32, "ticket.resolved": 253},
    seconds=2.25,
    audit=AUDIT,
)
BROKEN = AUDIT.model_copy(
    update={
        "holds": False,
        "differences": (
            Difference(
                ticket_id="INC1", check="chain", expected="ab", found="cd", where="itilnext.ticket.events.v1 3:7"
            ),
        ),
        "differences_total": 2,
    }
)


NOTHING = WorkQueue(needs_attention=(), waiting_on_others=(), on_track=())
PLAYED = Played(Morning("anna", (), MONDAY), NOTHING, NOTHING, (), REFUSED)


@pytest.fixture
def log() -> Import:
    return Import.of(INCIDENT_LOG)


def _printed(capsys: pytest.CaptureFixture[str], report: ImportReport) -> list[str]:
    print_report(report)
    lines = capsys.readouterr().out.splitlines()
    return [" ".join(line.replace("│", " ").split()) for line in lines]


def test_a_manager_reads_who_lost_a_ticket(capsys: pytest.CaptureFixture[str]) -> None:
    printed = _printed(capsys, REPORT)
    assert printed[0] == "incidents.csv: 250 incidents, 1,646 changes"
    assert "owner changes in the source 50 how often the log hands an incident to somebody else" in printed
    assert "owner changes here 0 how often a ticket lost its owner" in printed
    assert "envelopes instead 32 how often an owner asked somebody in, and kept the ticket" in printed


def test_outcomes_are_in_words_the_most_frequent_first(capsys: pytest.CaptureFixture[str]) -> None:
    printed = _printed(capsys, REPORT)
    told = ["tickets resolved 253", "tickets opened 250", "envelopes opened: an owner asked somebody in 32"]
    assert [line for line in printed if line in told] == told
    assert "1,240 commands gave 1,240 events in 2.2 s; 0 refused, 0 known already." in printed


def test_what_came_to_nothing_is_told_by_code(capsys: pytest.CaptureFixture[str]) -> None:
    update: dict[str, Any] = {"rejections": {"agent_inactive": 3}, "dead_letters": {"internal_error": 1}}
    printed = _printed(capsys, REPORT.model_copy(update=update))
    assert "refused: agent_inactive 3" in printed
    assert "in the DLQ: internal_error 1" in printed
    assert "1,240 commands gave 1,240 events in 2.2 s; 4 refused, 0 known already." in printed


def test_a_log_of_one_change_is_told_in_the_singular(capsys: pytest.CaptureFixture[str]) -> None:
    audit = AUDIT.model_copy(update={"events": 1, "tickets": 1})
    update = {"incidents": 1, "rows": 1, "commands": 1, "events": 1, "audit": audit, "ticks": 1}
    printed = _printed(capsys, REPORT.model_copy(update=update))
    assert printed[0] == "incidents.csv: 1 incident, 1 change"
    assert "Alerts at 1 tick of the log's own time" in printed
    assert "1 command gave 1 event in 2.2 s; 0 refused, 0 known already." in printed
    assert "The audit holds: it read 1 event of 1 ticket again." in " ".join(printed)
    again = REPORT.model_copy(update=update | {"events": 0, "duplicates": 1, "outcomes": {}})
    assert _printed(capsys, again)[0] == "incidents.csv was imported before: 1 command known already, nothing changed."


def test_a_second_import_says_that_nothing_changed(capsys: pytest.CaptureFixture[str]) -> None:
    again = REPORT.model_copy(update={"events": 0, "duplicates": 1240, "outcomes": {}})
    printed = _printed(capsys, again)
    assert printed[0] == "incidents.csv was imported before: 1,240 commands known already, nothing changed."
    assert len(printed) == 2, "the audit's verdict follows, and nothing else"


def test_an_audit_that_holds_says_what_it_has_seen(capsys: pytest.CaptureFixture[str]) -> None:
    assert "The audit holds: it read 1,240 events of 250 tickets again." in " ".join(_printed(capsys, REPORT))


def test_an_audit_that_does_not_hold_names_the_first_difference(capsys: pytest.CaptureFixture[str]) -> None:
    printed = " ".join(_printed(capsys, REPORT.model_copy(update={"audit": BROKEN})))
    assert (
        "The audit found 2 differences. The first, chain of INC1 at itilnext.ticket.events.v1 3:7: "
        "expected ab, found cd." in printed
    )


@pytest.mark.parametrize(
    "update",
    [
        {"owner_changes_here": 1},
        {"rejections": {"not_owner": 1}},
        {"dead_letters": {"internal_error": 1}},
        {"audit": BROKEN},
        {"audit": None},
    ],
    ids=lambda update: next(iter(update)),
)
def test_the_promise_is_kept_or_not(update: dict[str, Any]) -> None:
    assert REPORT.keeps_the_promise
    assert not REPORT.model_copy(update=update).keeps_the_promise


def test_a_demo_ends_in_the_verdict_and_keeps_the_promise_where_the_rules_were_kept(
    log: Import, capsys: pytest.CaptureFixture[str]
) -> None:
    done = Demonstrated(REPORT, PLAYED)
    print_demo(done, log, None)
    printed = capsys.readouterr().out
    assert printed.count("The audit holds") == 1
    assert printed.index("The morning after") < printed.index("The audit holds")
    assert done.keeps_the_promise
    assert not Demonstrated(REPORT, replace(PLAYED, refused={})).keeps_the_promise
    assert not Demonstrated(REPORT.model_copy(update={"audit": BROKEN}), PLAYED).keeps_the_promise


def test_the_demo_says_what_to_try_next(log: Import, capsys: pytest.CaptureFixture[str]) -> None:
    print_demo(Demonstrated(REPORT, PLAYED), log, None)
    printed = capsys.readouterr().out
    assert "What to try next:" in printed
    assert "itilnext show INC0000047" in printed


def test_the_demo_shows_an_incident_as_three_people_see_it(log: Import, capsys: pytest.CaptureFixture[str]) -> None:
    story = given(
        c.OpenTicket(subject="Printer on fire"),
        c.AcceptTicket(agent_id="anna"),
        c.CreateEnvelope(agent_id="anna", reason="knows fires", expert_id="nina", envelope_id="e1"),
        c.AcceptEnvelope(agent_id="nina", envelope_id="e1"),
        c.AddNote(agent_id="nina", content="a short circuit", visibility="envelope_only", envelope_id="e1"),
        c.AddNote(agent_id="anna", content="It is out.", visibility="public"),
    )
    print_demo(Demonstrated(REPORT, PLAYED), log, Case(History.of(story.now, story.events)))
    printed = [line.split("│")[2:5] for line in capsys.readouterr().out.splitlines() if line.startswith("│ 20")]
    seen = [[cell.strip() != "" for cell in line] for line in printed]
    assert seen == [[True] * 3, *([[False, True, True]] * 3), [False, False, True], [True] * 3]
    assert "a short circuit" in printed[4][2]


def test_next_steps_can_be_typed_where_the_demo_was_started(
    log: Import, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(INCIDENT_LOG.parent)
    monkeypatch.setattr("sys.argv", [str(INCIDENT_LOG.parent / ".venv" / "bin" / "itilnext"), "demo"])
    here = [command for command, _ in next_steps(log.commands)]
    assert here[:2] == [
        ".venv/bin/itilnext up --detach",
        f".venv/bin/itilnext import servicenow {INCIDENT_LOG.name}",
    ]
    monkeypatch.chdir(tmp_path)
    elsewhere = [command for command, _ in next_steps(log.commands)]
    assert elsewhere[:2] == ["itilnext up --detach", f"itilnext import servicenow {INCIDENT_LOG}"]
