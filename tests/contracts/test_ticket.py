"""Snapshots: the fields of SPEC section 5 in its order, and what is written is read back."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from contracts.json_values import write_json
from contracts.snapshots import read_snapshot
from contracts.ticket import Alert, Calibration, CaseFlag, Envelope, Part, Recipient, Resolution, Task, Ticket
from contracts.trusted import trusted
from tests.contracts.kinds import ID, REFERENCES, characters, instant_as_shown, instants

PAGE: dict[type[Part], str] = {
    Ticket: """
        id, reference, type, subject, description, status, priority, owner_id, owner_accepted_at, requester_id,
        company_id, customer_tier, team_id, channel, external_refs, opened_at, updated_at, agent_activity_at,
        first_response_at, resolved_at, closed_at, due_at, paused_since, paused_seconds, version, head_hash,
        source_offset, recent_commands, envelopes, tasks, flags, resolutions, alerts""",
    Envelope: """
        envelope_id, parent_envelope_id, level, status, team_id, expert_id, requested_by, reason, summary, created_at,
        accepted_at, completed_at, response_due_at""",
    Task: "task_id, envelope_id, title, description, status, created_by, assigned_to, due_at",
    CaseFlag: "flag, reason, set_by, set_at",
    Resolution: """
        resolution_id, resolution_type, what_category, why_category, where, amount, currency, cumulative_amount, tier,
        status, created_by, created_at, decided_by, calibration""",
    Calibration: "reason, outcome, reviewer_id",
    Alert: """
        alert_id, condition, level, superseded_levels, anchor_at, raised_at, recipients, acknowledged_by""",
    Recipient: "agent_id, role, reason",
}
AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
LEAST = Ticket(
    id="T-1",
    reference="INC-2026-03-001234",
    type="incident",
    subject="s",
    priority="medium",
    opened_at=AT,
    updated_at=AT,
    version=1,
    head_hash="ab" * 32,
)

_text = st.text(characters, max_size=10)
_maybe = st.none() | _text
_at = instants.map(instant_as_shown)
_maybe_at = st.none() | _at


def _parts(model: type[Part], **fields: SearchStrategy[Any]) -> SearchStrategy[tuple[Any, ...]]:
    return st.lists(st.builds(model, **fields), max_size=3).map(tuple)


_envelopes = _parts(
    Envelope,
    envelope_id=ID.right,
    parent_envelope_id=_maybe,
    level=st.integers(2, 9),
    status=st.sampled_from(["pending", "active", "completed", "cancelled"]),
    requested_by=_text,
    summary=_maybe,
    created_at=_at,
    accepted_at=_maybe_at,
    response_due_at=_at,
)
_resolutions = _parts(
    Resolution,
    resolution_id=ID.right,
    resolution_type=st.just("refund"),
    amount=st.none() | st.just("10.00"),
    currency=st.just("EUR"),
    cumulative_amount=st.just("10.00"),
    tier=st.just("agent"),
    status=st.just("approved"),
    created_by=_text,
    created_at=_at,
    calibration=st.none() | st.builds(Calibration, reason=_text, outcome=st.none() | st.just("upheld")),
)
_alerts = _parts(
    Alert,
    alert_id=ID.right,
    condition=st.just("not_updated"),
    level=st.integers(1, 3),
    superseded_levels=st.lists(st.integers(1, 2), max_size=2).map(tuple),
    anchor_at=_at,
    raised_at=_at,
    recipients=_parts(Recipient, agent_id=_text, role=st.just("tech"), reason=_text),
)
tickets = st.fixed_dictionaries(
    {
        "subject": _text,
        "description": _maybe,
        "owner_id": _maybe,
        "external_refs": st.none() | REFERENCES.right,
        "updated_at": _at,
        "resolved_at": _maybe_at,
        "paused_seconds": st.integers(0, 10**9) | st.floats(0, 10**9),
        "recent_commands": st.dictionaries(_text, _text, max_size=4),
        "envelopes": _envelopes,
        "tasks": _parts(Task, task_id=ID.right, title=_text, created_by=_text, due_at=_maybe_at),
        "flags": _parts(CaseFlag, flag=st.just("legal"), set_by=_text, set_at=_at),
        "resolutions": _resolutions,
        "alerts": _alerts,
    }
).map(lambda fields: LEAST.changed(**fields))


@pytest.mark.parametrize("model", PAGE)
def test_the_fields_are_those_of_the_page_in_its_order(model: type[Part]) -> None:
    assert list(model.model_fields) == [name.strip() for name in PAGE[model].split(",")]


@given(tickets)
def test_a_snapshot_is_read_back(ticket: Ticket) -> None:
    value = write_json(ticket)
    read = read_snapshot(value)
    assert read == ticket == Ticket.model_validate(orjson.loads(value))
    assert write_json(read) == value


@given(tickets)
def test_a_snapshot_is_plain_json_in_the_order_of_the_page(ticket: Ticket) -> None:
    snapshot = orjson.loads(write_json(ticket))
    assert list(snapshot) == list(Ticket.model_fields)
    for name in ("envelopes", "tasks", "flags", "resolutions", "alerts"):
        assert isinstance(snapshot[name], list)
    assert snapshot["updated_at"].endswith("Z")


def test_absent_values_are_null() -> None:
    snapshot = orjson.loads(write_json(LEAST))
    assert snapshot["external_refs"] is None
    assert snapshot["owner_id"] is None
    assert snapshot["envelopes"] == []
    assert snapshot["recent_commands"] == {}


def test_a_changed_ticket_is_another_one() -> None:
    changed = LEAST.changed(owner_id="anna", version=2)
    assert (changed.owner_id, changed.version, changed.subject) == ("anna", 2, "s")
    assert (LEAST.owner_id, LEAST.version) == (None, 1)
    assert changed != LEAST
    assert list(changed.wire()) == list(LEAST.wire())
    assert changed.changed(owner_id=None, version=1) == LEAST


def test_a_changed_ticket_is_a_model_like_any_other() -> None:
    changed = LEAST.changed(owner_id="anna")
    assert changed.model_copy(update={"owner_id": None}) == LEAST
    assert changed.model_dump()["owner_id"] == "anna"
    with pytest.raises(ValueError, match="frozen"):
        changed.owner_id = "ben"  # type: ignore[misc]
    assert trusted(CaseFlag, {"flag": "vip", "reason": None, "set_by": "a", "set_at": AT}) == CaseFlag(
        flag="vip", set_by="a", set_at=AT
    )


@pytest.mark.parametrize(("resolved", "closed", "is_open"), [(None, None, True), (AT, None, False), (AT, AT, False)])
def test_open_is_neither_resolved_nor_closed(
    resolved: datetime | None, closed: datetime | None, *, is_open: bool
) -> None:
    assert LEAST.changed(resolved_at=resolved, closed_at=closed).is_open == is_open


def test_an_envelope_by_its_id() -> None:
    envelope = Envelope(envelope_id="e1", level=2, requested_by="a", created_at=AT, response_due_at=AT)
    ticket = LEAST.changed(envelopes=(envelope,))
    assert ticket.envelope("e1") == envelope
    assert ticket.envelope("e2") is None
    assert envelope.is_open
    assert not envelope.model_copy(update={"status": "cancelled"}).is_open


def test_what_a_later_version_adds_is_ignored() -> None:
    snapshot = {**orjson.loads(write_json(LEAST)), "mood": "fine"}
    assert read_snapshot(orjson.dumps(snapshot)) == LEAST


def test_what_an_earlier_version_did_not_know_takes_its_default() -> None:
    snapshot = {
        **orjson.loads(write_json(LEAST)),
        "flags": [{"flag": "vip", "set_by": "a", "set_at": "2026-01-01T00:00:00Z"}],
    }
    del snapshot["alerts"]
    read = read_snapshot(orjson.dumps(snapshot))
    assert (read.alerts, read.flags[0].reason, read.flags[0].set_by) == ((), None, "a")


@pytest.mark.parametrize(("name", "value"), [("opened_at", 5), ("envelopes", [5]), ("alerts", [{"level": "x"}])])
def test_a_snapshot_with_a_part_of_another_kind_is_refused(name: str, value: object) -> None:
    snapshot = {**orjson.loads(write_json(LEAST)), name: value}
    with pytest.raises(ValueError, match=r"validation error|no snapshot"):
        read_snapshot(orjson.dumps(snapshot))


@pytest.mark.parametrize("value", [b"{", b"[]", b"{}", b"null", b'{"id": 3}'])
def test_what_is_no_snapshot_is_refused(value: bytes) -> None:
    with pytest.raises(ValueError, match=r"validation error|unexpected end of data"):
        read_snapshot(value)
