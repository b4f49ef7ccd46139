"""The published contract is what the code says, is valid by the official schemas, and its examples are real messages.

`asyncapi-3.0.0.json` beside this file is the AsyncAPI initiative's own JSON Schema of the specification, unchanged.
"""

import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from contracts.commands import COMMANDS
from contracts.directory import KINDS, read_directory_change
from contracts.events import EVENTS
from contracts.json_values import write_json
from contracts.received import Position, RawRecord, read_command
from contracts.recorded import read_recorded_event
from contracts.rejections import REJECTION_CODES
from contracts.ticket import Ticket
from contracts.ticks import read_tick
from contracts.topics import Topics
from ops.schemas.asyncapi import asyncapi_document
from ops.schemas.catalog import MESSAGE_TYPES, Family
from ops.schemas.publishing import published, rendered
from tests.contracts import page
from tests.contracts.kinds import INSTANT

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "schemas"
SCHEMAS = published(FOLDER)
FIELDS = [(name, key) for name, fields in page.COMMANDS.items() for key in fields]


def example(name: str) -> Any:  # noqa: ANN401  JSON
    (only,) = SCHEMAS[name]["examples"]
    return only


def of_family(family: Family) -> list[str]:
    return [message.name for message in MESSAGE_TYPES.values() if message.family is family]


def test_what_is_published_is_what_the_code_says() -> None:
    files = {str(path.relative_to(FOLDER)): path.read_text() for path in FOLDER.rglob("*.json")}
    stale = {name for name, text in rendered().items() if files.get(name) != text}
    assert stale == set(), "run `make schemas`"
    assert files.keys() == rendered().keys()


def test_every_message_type_is_published() -> None:
    expected = {
        *COMMANDS,
        *EVENTS,
        *(f"directory.{kind}" for kind in KINDS),
        "tick",
        "command.rejected",
        "ticket.state",
    }
    assert SCHEMAS.keys() == expected


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_valid_in_both_dialects(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])
    Draft7Validator.check_schema(SCHEMAS[name])


def test_the_asyncapi_document_is_valid_by_the_specifications_own_schema() -> None:
    specification = json.loads(Path(__file__).with_name("asyncapi-3.0.0.json").read_text())
    document = json.loads((FOLDER / "asyncapi.json").read_text())
    assert [error.message for error in Draft7Validator(specification).iter_errors(document)] == []
    del document["channels"]["commands"]["address"], document["info"]["title"]
    assert not Draft7Validator(specification).is_valid(document)


def test_the_asyncapi_documents_references_lead_somewhere() -> None:
    document = asyncapi_document(Topics("fleet."), 4)
    references = _references(document)
    assert references
    for reference in references:
        found: Any = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
    assert document["channels"]["commands"]["address"] == "fleet.ticket.commands.v1"
    assert document["channels"]["commands"]["bindings"]["kafka"]["partitions"] == 4


@pytest.mark.parametrize("name", SCHEMAS)
def test_an_example_keeps_to_its_schema(name: str) -> None:
    message = example(name)
    validator = Draft202012Validator(SCHEMAS[name])
    assert [error.message for error in validator.iter_errors(message)] == []
    assert not validator.is_valid({**message, "type": "org.itilnext.other.v1", "id": None})


@pytest.mark.parametrize("name", of_family(Family.COMMAND))
def test_an_example_of_a_command_is_one(name: str) -> None:
    value = write_json(example(name))
    command = read_command(RawRecord(Position(0, 0), -1, None, value, ()))
    assert command.name == name


@pytest.mark.parametrize("name", of_family(Family.EVENT))
def test_an_example_of_an_event_is_one_byte_for_byte(name: str) -> None:
    value = write_json(example(name))
    event = read_recorded_event(value)
    assert event.name == name
    assert write_json(event.data) == write_json(example(name)["data"])


@pytest.mark.parametrize("name", of_family(Family.DIRECTORY))
def test_an_example_of_a_directory_entry_is_one(name: str) -> None:
    message = example(name)
    change = read_directory_change(message["subject"].encode(), write_json(message), ())
    assert change.entity is not None


def test_the_other_examples_are_what_they_are_called() -> None:
    snapshot = example("ticket.state")
    assert write_json(Ticket.model_validate(snapshot)) == write_json(snapshot)
    read_tick(write_json(example("tick")), ())
    rejection = example("command.rejected")
    assert rejection["data"]["code"] in REJECTION_CODES
    refused = rejection["data"]["command"]
    assert read_command(RawRecord(Position(0, 0), -1, None, orjson.dumps(refused), ())).id == rejection["causationid"]


@pytest.mark.parametrize(("name", "key"), FIELDS)
def test_schema_and_reader_agree_on_a_field(name: str, key: str) -> None:
    field, data = page.COMMANDS[name][key], example(name)["data"]
    validator = Draft202012Validator(SCHEMAS[name]["properties"]["data"])
    assert [value for value in field.kind.limits if not validator.is_valid({**data, key: value})] == []
    accepted = [value for value in field.kind.wrong if validator.is_valid({**data, key: value})]
    assert [value for value in accepted if not _beyond_json_schema(field, value)] == []
    assert validator.is_valid({**data, key: None}) is not field.required
    assert validator.is_valid({other: value for other, value in data.items() if other != key}) is not field.required


def _beyond_json_schema(field: page.Field, value: object) -> bool:
    """Whether JSON Schema can't tell: an integer from 2.0, or (where formats are only told) a time from other text."""
    return (isinstance(value, float) and value.is_integer()) or (field.kind is INSTANT and isinstance(value, str))


def _references(document: object) -> set[str]:
    match document:
        case {"$ref": str(reference)}:
            return {reference}
        case dict():
            return {reference for value in document.values() for reference in _references(value)}
        case list():
            return {reference for value in document for reference in _references(value)}
        case _:
            return set()
