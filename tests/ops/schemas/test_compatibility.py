"""A change of the models that would break who keeps to the published schemas is found, and not published."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ops.schemas.documents import json_schemas
from ops.schemas.models import Schema
from ops.schemas.publishing import Incompatible, broken, publish, published

FOLDER = Path(__file__).resolve().parents[3] / "schemas"
PUBLISHED = published(FOLDER)
Change = Callable[[Schema], object]


def changed(name: str, change: Change) -> dict[str, Schema]:
    """The published schemas, one of them changed as a change of its model would."""
    schema = copy.deepcopy(PUBLISHED[name])
    change(schema if name == "ticket.state" else schema["properties"]["data"])
    return {**PUBLISHED, name: schema}


def without(field: str) -> Change:
    def change(data: Schema) -> None:
        del data["properties"][field]
        data["required"] = [each for each in data["required"] if each != field]

    return change


def with_field(field: str, schema: Schema, *, required: bool) -> Change:
    def change(data: Schema) -> None:
        data["properties"][field] = schema
        if required:
            data["required"] = [*data["required"], field]

    return change


def replaced(field: str, schema: Schema) -> Change:
    return lambda data: data["properties"].update({field: schema})


def no_longer_required(field: str) -> Change:
    return lambda data: data["required"].remove(field)


TEXT: Schema = {"type": "string"}
PRIORITIES = ["critical", "high", "medium", "low"]
BREAKING: list[tuple[str, Change, str]] = [
    ("ticket.opened", without("due_at"), "due_at"),
    ("ticket.opened", no_longer_required("priority"), "priority"),
    ("ticket.opened", replaced("priority", {"enum": PRIORITIES[1:], "type": "string"}), "priority"),
    ("ticket.opened", replaced("priority", {"enum": [*PRIORITIES, "none"], "type": "string"}), "priority"),
    ("ticket.opened", replaced("subject", {"type": "integer"}), "subject"),
    ("ticket.opened", replaced("subject", {"anyOf": [TEXT, {"type": "null"}]}), "subject"),
    ("ticket.opened", replaced("customer_tier", TEXT), "customer_tier"),
    ("ticket.opened", with_field("mood", TEXT, required=True), "mood"),
    ("ticket.resumed", replaced("paused_seconds", {"type": "integer"}), "paused_seconds"),
    ("alert.raised", replaced("superseded_levels", {"type": "array", "items": TEXT}), "superseded_levels[]"),
    ("command.rejected", replaced("code", {"enum": ["not_owner"], "type": "string"}), "code"),
    ("ticket.state", without("recent_commands"), "recent_commands"),
    (
        "ticket.state",
        replaced("envelopes", {"type": "array", "items": {"$ref": "#/$defs/Task"}}),
        "envelopes[].summary",
    ),
    ("ticket.accept", with_field("reason", TEXT, required=True), "reason"),
    ("ticket.accept", without("agent_id"), "agent_id"),
    ("ticket.open", replaced("subject", {"type": "string", "minLength": 1, "maxLength": 100}), "subject"),
    ("ticket.open", replaced("channel", {"enum": ["email"], "type": "string"}), "channel"),
    ("ticket.open", replaced("reference", {"type": "string", "pattern": "^INC"}), "reference"),
    ("ticket.open", replaced("external_refs", {"type": "object", "additionalProperties": TEXT}), "external_refs"),
    ("envelope.create", replaced("response_hours", {"type": "number", "exclusiveMinimum": 1}), "response_hours"),
    ("directory.policy", replaced("currencies", {"type": "object", "additionalProperties": TEXT}), "currencies"),
    ("directory.calendar", without("holidays"), "holidays"),
    ("tick", with_field("every", TEXT, required=True), "every"),
]
COMPATIBLE: list[tuple[str, Change]] = [
    ("ticket.opened", with_field("mood", TEXT, required=False)),
    ("ticket.accept", with_field("reason", TEXT, required=False)),
    ("ticket.accept", no_longer_required("agent_id")),
    ("ticket.open", replaced("subject", {"type": "string", "minLength": 1, "maxLength": 1000})),
    ("ticket.open", replaced("priority", {"anyOf": [{"enum": [*PRIORITIES, "none"]}, {"type": "null"}]})),
    ("envelope.create", replaced("response_hours", {"anyOf": [{"type": "number"}, {"type": "null"}]})),
    ("directory.agent", with_field("phone", TEXT, required=False)),
]


def test_nothing_breaks_who_keeps_to_the_published_schemas() -> None:
    assert broken(PUBLISHED, json_schemas()) == {}


@pytest.mark.parametrize(("name", "change", "place"), BREAKING)
def test_a_breaking_change_is_told_with_its_place(name: str, change: Change, place: str) -> None:
    found = broken(PUBLISHED, changed(name, change))
    assert found.keys() == {name}
    assert place in {problem.partition(":")[0].removeprefix("data.").removesuffix(".*") for problem in found[name]}


@pytest.mark.parametrize(("name", "change"), COMPATIBLE)
def test_a_change_that_breaks_nobody_is_let_through(name: str, change: Change) -> None:
    assert broken(PUBLISHED, changed(name, change)) == {}


def test_a_type_may_come_and_not_go() -> None:
    fewer = {name: schema for name, schema in PUBLISHED.items() if name != "note.added"}
    assert broken(PUBLISHED, fewer) == {"note.added": ["the type is gone"]}
    assert broken(fewer, PUBLISHED) == {}


def test_what_breaks_readers_is_not_written(tmp_path: Path) -> None:
    assert list(publish(tmp_path))
    assert list(publish(tmp_path)) == []
    path = tmp_path / "json" / "ticket.accepted.v1.json"
    schema: dict[str, Any] = json.loads(path.read_text())
    schema["properties"]["data"]["properties"]["mood"] = TEXT
    path.write_text(json.dumps(schema))
    with pytest.raises(Incompatible, match=r"ticket\.accepted: data\.mood: is gone"):
        list(publish(tmp_path))
    assert json.loads(path.read_text()) == schema
