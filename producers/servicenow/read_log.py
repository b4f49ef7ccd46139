"""Reads the CSV file strictly: whatever the mapping could not rely on is an error with the file's name and the line.

The whole file is read before anything is sent, so that a wrong line 900 does not leave half an import behind. Columns
the mapping has no use for are not looked at. A time earlier than the one of the row before is no error: logs have it,
and the engine's time does not run backwards (SPEC section 3).
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

from contracts.model import Channel, Priority
from producers.servicenow.row import ACTIVE, AWAITING, CLOSED, NEW, RESOLVED, Row

UNKNOWN = ("?", "")
UNKNOWN_STATE = "-100"
"""How the data set the format comes from writes an incident_state it does not know."""
MAX_CELL = 128
"""Characters; cells become ids (SPEC section 5, lengths)."""
COLUMNS = (
    "number",
    "incident_state",
    "opened_at",
    "sys_updated_at",
    "caller_id",
    "contact_type",
    "category",
    "subcategory",
    "priority",
    "assignment_group",
    "assigned_to",
    "closed_code",
    "resolved_by",
)
PRIORITIES: Mapping[str, Priority] = {
    "1 - Critical": "critical",
    "2 - High": "high",
    "3 - Moderate": "medium",
    "4 - Low": "low",
}
CHANNELS: Mapping[str, Channel] = {
    "email": "email",
    "phone": "phone",
    "chat": "chat",
    "portal": "portal",
    "self service": "portal",
    "self-service": "portal",
    "api": "api",
}
"""By `contact_type` in lower case; all else is `other`."""
# Room for the rest of a command id, which is `<number>:<row>:<command>` and has 128 characters at most.
_NUMBER = re.compile(r"[A-Za-z0-9._:-]{1,96}", re.ASCII)
_TIME = re.compile(r"(\d\d)-(\d\d)-(\d{4}) (\d\d):(\d\d)", re.ASCII)
_Cells = Mapping[str, str]


class UnreadableLog(Exception):
    """The file is no ServiceNow incident log; the message names the file, the line and what is wrong there."""

    def __init__(self, path: Path, line: int | None, problem: str) -> None:
        super().__init__(f"{path.name}{'' if line is None else f', line {line}'}: {problem}")
        self.path = path
        self.line = line


class _BadCell(ValueError):
    """A cell that does not hold what its column should."""


def read_log(path: Path) -> list[Row]:
    """Read the rows of a log, in the file's order.

    Raises:
        UnreadableLog: the file is not UTF-8 or no CSV, has no rows, lacks a column, or a cell is wrong.
        OSError: the file can't be read.
    """
    rows: list[Row] = []
    seen: Counter[str] = Counter()
    for line, cells in _lines(path, _text(path)):
        seen[cells["number"]] += 1
        try:
            rows.append(_row(line, seen[cells["number"]], cells))
        except _BadCell as error:
            raise UnreadableLog(path, line, str(error)) from error
    if not rows:
        raise UnreadableLog(path, None, "there is a header and no row under it")
    return rows


def _text(path: Path) -> str:
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnreadableLog(path, line, "this is not UTF-8; save the file as CSV in UTF-8") from error


def _lines(path: Path, text: str) -> Iterator[tuple[int, _Cells]]:
    """Yield each row's last line and the cells of the columns that are used; empty lines are left out."""
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, None)
        places = _places(path, header)
        for cells in reader:
            if cells and len(cells) != len(header or ()):
                problem = f"there are {len(cells)} cells where the header has {len(header or ())}"
                raise UnreadableLog(path, reader.line_num, problem)
            if cells:
                yield reader.line_num, {name: cells[place] for name, place in places.items()}
    except csv.Error as error:
        raise UnreadableLog(path, reader.line_num, f"this is no CSV: {error}") from error


def _places(path: Path, header: Sequence[str] | None) -> Mapping[str, int]:
    """Return where in a row each column is."""
    if not header:
        raise UnreadableLog(path, None, "the file is empty")
    for column in COLUMNS:
        if header.count(column) != 1:
            problem = "there is no column" if column not in header else "there is more than one column"
            raise UnreadableLog(path, 1, f"{problem} {column}; needed are {', '.join(COLUMNS)}")
    return {column: header.index(column) for column in COLUMNS}


def _row(line: int, index: int, cells: _Cells) -> Row:
    return Row(
        line=line,
        index=index,
        number=_number(cells["number"]),
        state=_state(cells["incident_state"]),
        opened_at=_time("opened_at", cells),
        updated_at=_time("sys_updated_at", cells),
        caller=_named("caller_id", cells),
        channel=CHANNELS.get(cells["contact_type"].lower(), "other"),
        category=_named("category", cells),
        subcategory=_named("subcategory", cells),
        priority=_priority(cells["priority"]),
        group=_named("assignment_group", cells),
        assignee=_named("assigned_to", cells),
        closed_code=_named("closed_code", cells),
        resolver=_named("resolved_by", cells),
    )


def _number(text: str) -> str:
    if _NUMBER.fullmatch(text) is None:
        raise _BadCell(f"number {text[:MAX_CELL]!r} can't be a ticket's id: 1-96 of A-Z a-z 0-9 . _ : -")
    return text


def _state(text: str) -> str | None:
    if text in UNKNOWN or text == UNKNOWN_STATE:
        return None
    if text in (NEW, ACTIVE, RESOLVED, CLOSED) or text.startswith(AWAITING):
        return text
    known = f"{NEW}, {ACTIVE}, {AWAITING}..., {RESOLVED}, {CLOSED}"
    raise _BadCell(f"incident_state {text[:MAX_CELL]!r} is none of {known}")


def _priority(text: str) -> Priority | None:
    if text in UNKNOWN:
        return None
    if text not in PRIORITIES:
        raise _BadCell(f"priority {text[:MAX_CELL]!r} is none of {', '.join(PRIORITIES)}")
    return PRIORITIES[text]


def _time(column: str, cells: _Cells) -> datetime:
    match = _TIME.fullmatch(cells[column])
    if match is not None:
        day, month, year, hour, minute = map(int, match.groups())
        with suppress(ValueError):
            return datetime(year, month, day, hour, minute, tzinfo=UTC)
    raise _BadCell(f"{column} {cells[column][:MAX_CELL]!r} is no time as dd-mm-yyyy hh:mm")


def _named(column: str, cells: _Cells) -> str | None:
    text = cells[column]
    if len(text) > MAX_CELL:
        raise _BadCell(f"{column} has {len(text)} characters, and {MAX_CELL} are allowed")
    return None if text in UNKNOWN else text
