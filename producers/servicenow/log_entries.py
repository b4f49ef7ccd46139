"""The directory entries a log needs: who its commands name has to be known before they go out (SPEC section 11)."""

from collections.abc import Iterable, Iterator
from typing import Any

from contracts.directory import directory_value
from producers.servicenow.command_ids import IMPORT_AGENT, SOURCE
from producers.servicenow.row import Row

MAX_TICKETS = 1_000_000
"""Nobody is at capacity: what the log says has happened."""


def directory_entries(rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    """Yield every team, every agent with all groups they appear in, and the agent the import acts as."""
    groups_of: dict[str, set[str]] = {}
    groups: set[str] = set()
    for row in rows:
        here = {row.group} if row.group else set()
        groups |= here
        for agent in (row.assignee, row.resolver):
            if agent is not None:
                groups_of.setdefault(agent, set()).update(here)
    for group in sorted(groups):
        yield directory_value("team", group, SOURCE, {"name": group})
    for agent in sorted(groups_of):
        yield _agent(agent, {"team_ids": sorted(groups_of[agent])})
    yield _agent(IMPORT_AGENT, {"role": "manager", "team_ids": []})


def _agent(agent_id: str, fields: dict[str, Any]) -> dict[str, Any]:
    return directory_value("agent", agent_id, SOURCE, {"name": agent_id, **fields, "max_tickets": MAX_TICKETS})
