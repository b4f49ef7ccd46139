"""Reading a log: what is taken, and how a file that is none is refused with its name and line."""

import codecs
from pathlib import Path

import pytest

from producers.servicenow import UnreadableLog, owner_changes, read_log
from producers.servicenow.read_log import COLUMNS
from tests.producers.servicenow.logs import incident, row, rows_of, write_log


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log.csv"


def test_question_marks_and_blanks_are_no_value(log: Path) -> None:
    (read,) = rows_of(log, *incident(row("?", "?", caller_id="", category="?", priority="?", resolved_by="")))
    assert (read.state, read.assignee, read.caller, read.category, read.priority, read.resolver) == (None,) * 6


@pytest.mark.parametrize(
    ("said", "channel"),
    [
        ("Phone", "phone"),
        ("Email", "email"),
        ("Self service", "portal"),
        ("API", "api"),
        ("Direct opening", "other"),
        ("?", "other"),
    ],
)
def test_channels_that_are_not_known_are_other(log: Path, said: str, channel: str) -> None:
    (read,) = rows_of(log, *incident(row(contact_type=said)))
    assert read.channel == channel


def test_rows_are_counted_within_their_incident(log: Path) -> None:
    one, two = (incident(row(number=number), row(number=number)) for number in "12")
    read = rows_of(log, one[0], two[0], two[1], one[1])
    assert [(r.number, r.index, r.line) for r in read] == [("1", 1, 2), ("2", 1, 3), ("2", 2, 4), ("1", 2, 5)]


def test_a_byte_order_mark_other_columns_and_empty_lines_do_no_harm(log: Path) -> None:
    (cells,) = incident(row())
    header, values = (",".join(part) for part in zip(*reversed(cells.items()), strict=True))
    log.write_bytes(codecs.BOM_UTF8 + f"made_sla,{header}\r\n\r\nTRUE,{values}\r\n".encode())
    assert [r.number for r in read_log(log)] == ["INC1"]


def test_a_time_before_the_row_before_is_taken(log: Path) -> None:
    rows = incident(row(), row("Active", sys_updated_at="28-02-2016 00:00"))
    assert len(rows_of(log, *rows)) == 2


@pytest.mark.parametrize(
    ("assignees", "changes"),
    [("AAAA", 0), ("A?A?", 0), ("ABBA", 2), ("?A?B", 1), ("????", 0)],
)
def test_owner_changes_are_named_assignees_that_differ(log: Path, assignees: str, changes: int) -> None:
    assert owner_changes(rows_of(log, *incident(*(row("New", name) for name in assignees)))) == changes


def test_owner_changes_are_counted_within_an_incident(log: Path) -> None:
    one, two = (incident(row("New", number, number=number)) for number in "12")
    assert owner_changes(rows_of(log, *one, *two)) == 0


def _refusal(log: Path) -> str:
    with pytest.raises(UnreadableLog) as caught:
        read_log(log)
    return str(caught.value)


def test_an_empty_file_is_refused(log: Path) -> None:
    log.write_bytes(b"")
    assert _refusal(log) == "log.csv: the file is empty"


def test_a_header_alone_is_refused(log: Path) -> None:
    assert _refusal(write_log(log, [])) == "log.csv: there is a header and no row under it"


@pytest.mark.parametrize("column", COLUMNS)
def test_a_missing_column_is_named(log: Path, column: str) -> None:
    log.write_text(",".join(name for name in COLUMNS if name != column) + "\n", encoding="utf-8")
    assert _refusal(log).startswith(f"log.csv, line 1: there is no column {column}; needed are number, ")


def test_a_column_that_is_there_twice_is_named(log: Path) -> None:
    log.write_text(",".join((*COLUMNS, "priority")) + "\n", encoding="utf-8")
    assert _refusal(log).startswith("log.csv, line 1: there is more than one column priority; ")


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ({"number": "?"}, "number '?' can't be a ticket's id: 1-96 of A-Z a-z 0-9 . _ : -"),
        ({"number": "INC 1"}, "number 'INC 1' can't be a ticket's id: 1-96 of A-Z a-z 0-9 . _ : -"),
        ({"number": "1" * 97}, f"number {'1' * 97!r} can't be a ticket's id: 1-96 of A-Z a-z 0-9 . _ : -"),
        ({"sys_updated_at": "?"}, "sys_updated_at '?' is no time as dd-mm-yyyy hh:mm"),
        ({"sys_updated_at": "2016-02-29 01:00"}, "sys_updated_at '2016-02-29 01:00' is no time as dd-mm-yyyy hh:mm"),
        ({"opened_at": "29-02-2015 01:00"}, "opened_at '29-02-2015 01:00' is no time as dd-mm-yyyy hh:mm"),
        ({"opened_at": "29-02-2016 24:00"}, "opened_at '29-02-2016 24:00' is no time as dd-mm-yyyy hh:mm"),
        ({"incident_state": "Lost"}, "incident_state 'Lost' is none of New, Active, Awaiting ..., Resolved, Closed"),
        ({"priority": "5 - None"}, "priority '5 - None' is none of 1 - Critical, 2 - High, 3 - Moderate, 4 - Low"),
        ({"assigned_to": "x" * 129}, "assigned_to has 129 characters, and 128 are allowed"),
    ],
)
def test_a_wrong_cell_is_named_with_its_line(log: Path, cells: dict[str, str], problem: str) -> None:
    write_log(log, incident(row(), row(**cells)))
    assert _refusal(log) == f"log.csv, line 3: {problem}"


def test_a_row_of_another_width_is_named(log: Path) -> None:
    write_log(log, incident(row()))
    with log.open("a", encoding="utf-8") as file:
        file.write("INC1,New\n")
    assert _refusal(log) == f"log.csv, line 3: there are 2 cells where the header has {len(COLUMNS)}"


def test_another_encoding_is_named_with_its_line(log: Path) -> None:
    write_log(log, incident(row()))
    with log.open("ab") as file:
        file.write("INC1,Zurück\n".encode("latin-1"))
    assert _refusal(log) == "log.csv, line 3: this is not UTF-8; save the file as CSV in UTF-8"


def test_a_quote_that_never_ends_is_no_csv(log: Path) -> None:
    write_log(log, incident(row()))
    with log.open("a", encoding="utf-8") as file:
        file.write('"INC1,New\n')
    assert _refusal(log) == "log.csv, line 3: this is no CSV: unexpected end of data"


def test_a_file_that_is_not_there_is_the_callers_to_explain(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_log(tmp_path / "nowhere.csv")
