"""Who a log enters into the directory."""

from pathlib import Path
from typing import Any

from contracts.cloudevents import STRUCTURED_HEADERS
from contracts.directory import Agent, Team, read_directory_change
from contracts.json_values import write_json
from producers.servicenow import directory_entries
from tests.producers.servicenow.logs import incident, row, rows_of


def _entity(entry: dict[str, Any]) -> object:
    return read_directory_change(entry["subject"].encode(), write_json(entry), STRUCTURED_HEADERS).entity


def test_agents_have_all_groups_they_appear_in(tmp_path: Path) -> None:
    one = incident(row("New", "A", assignment_group="G2"), row("New", "A", assignment_group="G1"))
    two = incident(row("New", "?", number="INC2", assignment_group="?", resolved_by="R"))
    entries = list(directory_entries(rows_of(tmp_path / "log.csv", *one, *two)))
    assert [_entity(entry) for entry in entries] == [
        Team(id="G1", name="G1"),
        Team(id="G2", name="G2"),
        Agent(id="A", name="A", team_ids=("G1", "G2"), max_tickets=1_000_000),
        Agent(id="R", name="R", max_tickets=1_000_000),
        Agent(id="Resolved by 9", name="Resolved by 9", team_ids=("G1", "G2"), max_tickets=1_000_000),
        Agent(id="servicenow-import", name="servicenow-import", role="manager", max_tickets=1_000_000),
    ]
