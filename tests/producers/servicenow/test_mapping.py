"""What the rows of an incident ask for: each sentence of SPEC section 11, by example."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from producers.servicenow.log_commands import commands
from tests.producers.servicenow.logs import incident, row, rows_of, told

OPEN = "1:ticket.open Category 5 / Subcategory 17"
Told = Callable[..., list[str]]


@pytest.fixture
def asked(tmp_path: Path) -> Told:
    """Return the commands that an incident of these rows asks for."""

    def ask(*changes: Mapping[str, str]) -> list[str]:
        return told(rows_of(tmp_path / "log.csv", *incident(*changes)))

    return ask


def test_the_first_row_opens(asked: Told) -> None:
    assert asked(row()) == [OPEN]


def test_a_row_that_changes_nothing_sends_nothing(asked: Told) -> None:
    assert asked(row(), row(), row(), row("Active")) == [OPEN]


def test_the_first_named_assignee_accepts(asked: Told) -> None:
    assert asked(row(), row("New", "A"), row("Active", "A")) == [OPEN, "2:ticket.accept A"]


def test_another_assignee_gets_an_envelope_and_the_owner_keeps_the_ticket(asked: Told) -> None:
    assert asked(row("New", "A"), row("Active", "B", assignment_group="Group 2")) == [
        OPEN,
        "1:ticket.accept A",
        "2:envelope.create A asks B of Group 2",
        "2:envelope.accept B",
    ]


def test_an_envelope_for_nobodys_group_has_no_team(asked: Told) -> None:
    assert "2:envelope.create A asks B of None" in asked(row("New", "A"), row("Active", "B", assignment_group="?"))


def test_the_next_assignee_takes_the_place_of_the_one_before(asked: Told) -> None:
    assert asked(row("New", "A"), row("Active", "B"), row("Active", "C"))[4:] == [
        "3:envelope.complete A",
        "3:envelope.create A asks C of Group 1",
        "3:envelope.accept C",
    ]


def test_the_owner_named_again_completes_the_envelope_and_opens_none(asked: Told) -> None:
    assert asked(row("New", "A"), row("Active", "B"), row("Active", "A"))[4:] == ["3:envelope.complete A"]


def test_an_assignee_who_is_cleared_changes_nothing(asked: Told) -> None:
    rows = row("New", "A"), row("Active", "B"), row("Active", "?"), row("Active", "B")
    assert asked(*rows) == asked(*rows[:2])


def test_the_incidents_end_completes_the_envelope(asked: Told) -> None:
    assert asked(row("New", "A"), row("Active", "B"), row("Resolved", "B"))[4:] == [
        "3:envelope.complete A",
        "3:ticket.resolve A",
    ]


def test_a_helper_named_again_after_a_reopen_gets_a_new_envelope(asked: Told) -> None:
    rows = row("New", "A"), row("Active", "B"), row("Resolved", "B"), row("Active", "B")
    assert asked(*rows)[6:] == [
        "4:ticket.reopen Active again in ServiceNow",
        "4:envelope.create A asks B of Group 1",
        "4:envelope.accept B",
    ]


@pytest.mark.parametrize("assignee", ["C", "B"])
def test_the_row_that_resolves_opens_no_envelope(asked: Told, assignee: str) -> None:
    rows = row("New", "A"), row("Active", "B"), row("Active", "A"), row("Resolved", assignee)
    assert asked(*rows)[5:] == ["4:ticket.resolve A"]


def test_a_name_on_the_row_that_resolves_still_ends_the_one_before(asked: Told) -> None:
    assert asked(row("New", "A"), row("Active", "B"), row("Resolved", "C"))[4:] == [
        "3:envelope.complete A",
        "3:ticket.resolve A",
    ]


@pytest.mark.parametrize(
    ("assignee", "resolver", "owner"),
    [("A", "R", "A"), ("?", "R", "R"), ("?", "?", "servicenow-import")],
    ids=["assigned_to", "resolved_by", "neither"],
)
@pytest.mark.parametrize("state", ["Resolved", "Closed"])
def test_an_unowned_incident_is_accepted_where_it_ends(
    asked: Told, state: str, assignee: str, resolver: str, owner: str
) -> None:
    expected = [OPEN, f"2:ticket.accept {owner}", f"2:ticket.resolve {owner}"]
    closed = ["2:ticket.close None"] if state == "Closed" else []
    assert asked(row(), row(state, assignee, resolved_by=resolver)) == expected + closed


def test_a_changed_priority_is_changed_by_the_owner(asked: Told) -> None:
    assert asked(row("New", "A"), row("New", "A", priority="1 - Critical"))[2:] == [
        "2:ticket.change_priority A critical"
    ]


def test_a_priority_nobody_owns_is_changed_by_the_import(asked: Told) -> None:
    assert asked(row(), row(priority="4 - Low"))[1:] == ["2:ticket.change_priority servicenow-import low"]


def test_an_unknown_priority_changes_nothing(asked: Told) -> None:
    assert asked(row(), row(priority="?")) == [OPEN]


def test_the_row_that_resolves_still_changes_the_priority(asked: Told) -> None:
    assert asked(row("New", "A"), row("Resolved", "A", priority="2 - High"))[2:] == [
        "2:ticket.change_priority A high",
        "2:ticket.resolve A",
    ]


def test_after_resolving_assignees_and_priorities_are_ignored(asked: Told) -> None:
    rows = row("New", "A"), row("Resolved", "A"), row("Resolved", "B", priority="1 - Critical"), row("Closed", "C")
    assert asked(*rows)[2:] == ["2:ticket.resolve A", "4:ticket.close None"]


def test_waiting_for_the_customer_pauses_the_ticket_once(asked: Told) -> None:
    rows = row("New", "A"), row("Awaiting User Info", "A"), row("Awaiting User Info", "A")
    assert asked(*rows)[2:] == ["2:ticket.await_customer A"]


def test_waiting_for_the_customer_without_an_owner_is_one_note(asked: Told) -> None:
    assert asked(row(), row("Awaiting User Info"), row("Awaiting User Info"))[1:] == ["2:note.add servicenow-import"]


def test_an_owner_who_comes_while_waiting_for_the_customer_waits(asked: Told) -> None:
    assert asked(row("Awaiting User Info"), row("Awaiting User Info", "A"))[1:] == [
        "1:note.add servicenow-import",
        "2:ticket.accept A",
        "2:ticket.await_customer A",
    ]


@pytest.mark.parametrize("state", ["Awaiting Problem", "Awaiting Vendor", "Awaiting Evidence"])
def test_any_other_waiting_is_one_note_each_time(asked: Told, state: str) -> None:
    rows = row("New", "A"), row(state, "A"), row(state, "A"), row("Active", "A"), row(state, "A")
    assert asked(*rows)[2:] == ["2:note.add A", "5:note.add A"]


def test_a_state_the_log_does_not_know_changes_nothing(asked: Told) -> None:
    waiting = row("New", "A"), row("Awaiting User Info", "A"), row("-100", "A"), row("?", "A")
    assert asked(*waiting)[2:] == ["2:ticket.await_customer A"]
    noted = row("New", "A"), row("Awaiting Problem", "A"), row("?", "A"), row("Awaiting Problem", "A")
    assert asked(*noted)[2:] == ["2:note.add A"]


@pytest.mark.parametrize("state", ["Active", "New"])
def test_back_from_waiting_is_resumed(asked: Told, state: str) -> None:
    assert asked(row("Awaiting User Info", "A"), row(state, "A"))[3:] == ["2:ticket.resume A"]


def test_waiting_for_something_else_resumes_first(asked: Told) -> None:
    assert asked(row("Awaiting User Info", "A"), row("Awaiting Problem", "A"))[3:] == [
        "2:ticket.resume A",
        "2:note.add A",
    ]


def test_resolving_needs_no_resume(asked: Told) -> None:
    rows = row("Awaiting User Info", "A"), row("Resolved", "A"), row("Active", "A")
    assert asked(*rows)[3:] == ["2:ticket.resolve A", "3:ticket.reopen Active again in ServiceNow"]


def test_closing_resolves_first_where_needed(asked: Told) -> None:
    assert asked(row("New", "A"), row("Active", "B"), row("Closed", "B"), row("Closed", "B"))[4:] == [
        "3:envelope.complete A",
        "3:ticket.resolve A",
        "3:ticket.close None",
    ]


@pytest.mark.parametrize("end", ["Resolved", "Closed"])
def test_back_to_waiting_reopens_and_waits(asked: Told, end: str) -> None:
    reopened = asked(row("Active", "A"), row(end, "A"), row("Awaiting User Info", "A"))
    assert reopened[-2:] == ["3:ticket.reopen Awaiting User Info again in ServiceNow", "3:ticket.await_customer A"]
    reopened = asked(row("Active", "A"), row(end, "A"), row("Awaiting Problem", "A"))
    assert reopened[-2:] == ["3:ticket.reopen Awaiting Problem again in ServiceNow", "3:note.add A"]


@pytest.mark.parametrize("state", ["New", "?"])
def test_only_activity_or_waiting_reopens(asked: Told, state: str) -> None:
    assert asked(row("Active", "A"), row("Resolved", "A"), row(state, "B", priority="4 - Low"))[3:] == []


def test_closed_is_not_resolved_again(asked: Told) -> None:
    assert asked(row("Closed", "A"), row("Resolved", "A"))[4:] == []


def test_a_row_can_hold_everything_in_order(asked: Told) -> None:
    rows = row("Active", "A"), row("Active", "B"), row("Awaiting User Info", "B")
    everything = row("Awaiting Problem", "C", priority="1 - Critical")
    assert asked(*rows, everything)[5:] == [
        "4:ticket.resume A",
        "4:ticket.change_priority A critical",
        "4:envelope.complete A",
        "4:envelope.create A asks C of Group 1",
        "4:envelope.accept C",
        "4:note.add A",
    ]


def test_the_ticket_is_told_by_the_first_row(tmp_path: Path) -> None:
    first, *_ = commands(rows_of(tmp_path / "log.csv", *incident(row(category="?"))))
    assert first == {
        "specversion": "1.0",
        "id": "INC1:1:ticket.open",
        "source": "/connectors/servicenow",
        "type": "org.itilnext.ticket.open.v1",
        "subject": "INC1",
        "time": "2016-02-29T00:55:00.000000Z",
        "datacontenttype": "application/json",
        "data": {
            "type": "incident",
            "subject": "? / Subcategory 17",
            "description": None,
            "priority": "medium",
            "requester_id": "Caller 7",
            "company_id": None,
            "team_id": "Group 1",
            "channel": "phone",
            "reference": "INC1",
            "external_refs": None,
        },
    }


@pytest.mark.parametrize(("code", "summary"), [("code 5", "code 5"), ("?", None)])
def test_the_closed_code_sums_up(tmp_path: Path, code: str, summary: str | None) -> None:
    sent = list(commands(rows_of(tmp_path / "log.csv", *incident(row("Resolved", "A", closed_code=code)))))
    assert sent[-1]["data"] == {"agent_id": "A", "summary": summary}
