"""The commands of a log, decided by the engine's own rules: what the mapping foresees is what happens.

The engine is the oracle here: it refuses whatever does not fit the ticket's state, so that a log of any shape whose
commands are all accepted, once each, proves the mapping's idea of the ticket right.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.sample import INCIDENT_LOG
from producers.servicenow import Row, commands, directory_entries, owner_changes, read_log
from tests.producers.servicenow.engine import Engine
from tests.producers.servicenow.logs import incident, row, write_log


def _decided(rows: list[Row]) -> Engine:
    engine = Engine.knowing(directory_entries(rows))
    engine.decide(commands(rows))
    return engine


def test_the_real_log_is_accepted_to_the_last_command() -> None:
    rows = read_log(INCIDENT_LOG)
    engine = _decided(rows)
    assert (len(rows), len(engine.tickets), owner_changes(rows), engine.owner_changes) == (1646, 250, 50, 0)
    assert engine.outcomes == {
        "ticket.opened": 250,
        "ticket.accepted": 250,
        "ticket.resolved": 253,
        "ticket.closed": 250,
        "ticket.reopened": 3,
        "ticket.awaiting_customer": 82,
        "ticket.resumed": 23,
        "ticket.priority_changed": 12,
        "note.added": 21,
        "envelope.created": 32,
        "envelope.accepted": 32,
        "envelope.completed": 32,
    }


def test_the_real_log_ends_as_its_last_rows_say() -> None:
    rows = read_log(INCIDENT_LOG)
    engine = _decided(rows)
    assert {ticket.status for ticket in engine.tickets.values()} == {"closed"}
    first_named = {r.number: r.assignee for r in reversed(rows) if r.assignee is not None}
    assert {number: engine.tickets[number].owner_id for number in first_named} == first_named


def test_imported_twice_nothing_changes() -> None:
    rows = read_log(INCIDENT_LOG)
    engine = _decided(rows)
    once = dict(engine.tickets)
    engine.outcomes.clear()
    engine.decide(commands(rows))
    assert engine.outcomes == {"duplicate": 1240}
    assert engine.tickets == once


_STATES = ("New", "Active", "Awaiting User Info", "Awaiting Problem", "Awaiting Vendor", "Resolved", "Closed", "?")
_ROWS = st.builds(
    row,
    st.sampled_from(_STATES),
    st.sampled_from("?ABC"),
    priority=st.sampled_from(("1 - Critical", "2 - High", "3 - Moderate", "4 - Low", "?")),
    assignment_group=st.sampled_from(("G1", "G2", "?")),
    resolved_by=st.sampled_from("?AR"),
    sys_updated_at=st.integers(0, 59).map(lambda minute: f"29-02-2016 01:{minute:02d}"),
)


@given(st.lists(_ROWS, min_size=1, max_size=12))
def test_no_log_asks_for_what_the_engine_refuses(
    tmp_path_factory: pytest.TempPathFactory, changes: list[dict[str, str]]
) -> None:
    path = tmp_path_factory.mktemp("logs") / "log.csv"
    rows = read_log(write_log(path, incident(*changes)))
    sent = list(commands(rows))
    engine = _decided(rows)
    assert engine.outcomes.total() == len(sent) == len({event["id"] for event in sent})
    assert [outcome for outcome in engine.outcomes if " " in outcome] == []
    assert engine.owner_changes == 0
