"""Incident logs for the tests: rows told by what they change, and the file they make."""

import csv
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from producers.servicenow.log_commands import commands
from producers.servicenow.read_log import COLUMNS, read_log
from producers.servicenow.row import Row

FIRST = datetime(2016, 2, 29, 1, 0, tzinfo=UTC)
FIRST_ROW = {
    "number": "INC1",
    "incident_state": "New",
    "opened_at": "29-02-2016 00:55",
    "caller_id": "Caller 7",
    "contact_type": "Phone",
    "category": "Category 5",
    "subcategory": "Subcategory 17",
    "priority": "3 - Moderate",
    "assignment_group": "Group 1",
    "assigned_to": "?",
    "closed_code": "code 5",
    "resolved_by": "Resolved by 9",
}


def incident(*changes: Mapping[str, str]) -> list[dict[str, str]]:
    """Make an incident's rows, a minute apart: each is the row before, with these cells changed."""
    rows: list[dict[str, str]] = []
    cells = FIRST_ROW
    for minute, change in enumerate(changes):
        at = (FIRST + timedelta(minutes=minute)).strftime("%d-%m-%Y %H:%M")
        cells = {**cells, "sys_updated_at": at, **change}
        rows.append(cells)
    return rows


def row(state: str = "New", assignee: str = "?", **more: str) -> dict[str, str]:
    """Tell the state and the assignee of a row, and what else it changes."""
    return {"incident_state": state, "assigned_to": assignee, **more}


def write_log(path: Path, rows: Iterable[Mapping[str, str]]) -> Path:
    """Write the rows as a log; returns where it is."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return path


def rows_of(path: Path, *rows: Mapping[str, str]) -> list[Row]:
    """Return the rows as the connector reads them, by way of a file at this path."""
    return read_log(write_log(path, rows))


def told(rows: Iterable[Row]) -> list[str]:
    """Return the commands of the rows, each as `<row>:<command> <who or what>`."""
    return [_told(event["id"], event["data"]) for event in commands(rows)]


def _told(command_id: str, data: Mapping[str, object]) -> str:
    _, index, name = command_id.split(":")
    match name:
        case "ticket.open":
            by: object = data["subject"]
        case "envelope.create":
            by = f"{data['agent_id']} asks {data['expert_id']} of {data['team_id']}"
        case "ticket.change_priority":
            by = f"{data['agent_id']} {data['priority']}"
        case "ticket.reopen":
            by = data["reason"]
        case _:
            by = data["agent_id"]
    return f"{index}:{name} {by}"
