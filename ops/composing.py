"""From the words of a command line to the CloudEvent they mean: `ticket.accept T-1 agent_id=a1` (SPEC section 10).

The models of the contracts say which fields there are, which are required and of what type; nothing is sent here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any

import orjson
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from contracts.cloudevents import event_type
from contracts.commands import COMMANDS
from contracts.dead_letters import Unreadable
from contracts.directory import KINDS, directory_value, read_directory_change
from contracts.json_values import write_json
from contracts.model import Message
from contracts.received import Position, RawRecord, read_command
from ops.console import CommandFailed, ExitCode

DIRECTORY = "directory."
_STRICT = ConfigDict(strict=True)


@dataclass(frozen=True, slots=True)
class Signature:
    """Who sends a command: the attributes that are not its data."""

    id: str
    source: str
    time: str | None


def known_names() -> list[str]:
    """Return every name that can be composed: commands, then directory kinds."""
    return [*COMMANDS, *(f"{DIRECTORY}{kind}" for kind in KINDS)]


def known_fields(name: str) -> list[str]:
    """Return the fields of what a name stands for, by their names on the wire; none where it stands for nothing."""
    model = COMMANDS.get(name) or KINDS.get(name.removeprefix(DIRECTORY))
    return [] if model is None else list(fields_of(model))


def compose_command(name: str, ticket_id: str, words: Sequence[str], signature: Signature) -> dict[str, Any]:
    """Build a command from key=value words.

    Raises:
        CommandFailed: the command or a field is unknown, a required one is missing, or a value is wrong.
    """
    model = COMMANDS.get(name)
    if model is None:
        raise unknown_name(name)
    event = {
        "specversion": "1.0",
        "id": signature.id,
        "source": signature.source,
        "type": event_type(name),
        "subject": ticket_id,
        "datacontenttype": "application/json",
        "data": _fields(name, model, words),
    }
    if signature.time is not None:
        event["time"] = signature.time
    try:
        read_command(RawRecord(Position(0, 0), 0, None, write_json(event), ()))
    except Unreadable as error:
        raise _wrong(name, model, str(error)) from error
    return event


def compose_entry(name: str, entity_id: str, words: Sequence[str], source: str) -> dict[str, Any]:
    """Build a directory entry from key=value words.

    Raises:
        CommandFailed: as `compose_command`.
    """
    kind = kind_of(name)
    model = KINDS[kind]
    event = directory_value(kind, entity_id, source, _fields(name, model, words))
    try:
        read_directory_change(event["subject"].encode(), write_json(event), ())
    except Unreadable as error:
        raise _wrong(name, model, str(error)) from error
    return event


def kind_of(name: str) -> str:
    """Return the kind that `directory.<kind>` names.

    Raises:
        CommandFailed: there is no such kind.
    """
    kind = name.removeprefix(DIRECTORY)
    if kind not in KINDS:
        raise unknown_name(name)
    return kind


def unknown_name(name: str) -> CommandFailed:
    """Return the error for a name that is neither a command nor a directory kind."""
    names = known_names()
    near = get_close_matches(name, names, n=1)
    remedy = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(names)}."
    return CommandFailed(f"{name!r} is neither a command nor a file", remedy, ExitCode.USAGE)


def fields_of(model: type[Message]) -> dict[str, FieldInfo]:
    """Return the fields to give, under the names they travel by; an entity's id is the subject, given already."""
    return {field.alias or name: field for name, field in model.model_fields.items() if name != "id"}


def _fields(name: str, model: type[Message], words: Sequence[str]) -> dict[str, Any]:
    known = fields_of(model)
    found: dict[str, Any] = {}
    for word in words:
        key, equals, text = word.partition("=")
        if not equals:
            raise _wrong(name, model, f"{word!r} is not field=value")
        if key not in known:
            raise _wrong(name, model, f"it has no field {key!r}")
        if key in found:
            raise _wrong(name, model, f"{key} is given twice")
        found[key] = _value(known[key], text)
    return found


def _value(field: FieldInfo, text: str) -> object:
    """Return the text itself where the field takes it, else the JSON value it spells, where it spells one."""
    annotation = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    try:
        TypeAdapter[Any](annotation, config=_STRICT).validate_python(text)
    except ValidationError:
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            return text
    return text


def _wrong(name: str, model: type[Message], problem: str) -> CommandFailed:
    fields: Mapping[str, FieldInfo] = fields_of(model)
    required = [key for key, field in fields.items() if field.is_required()]
    optional = [key for key, field in fields.items() if not field.is_required()]
    remedy = f"Required: {', '.join(required) or 'nothing'}. Optional: {', '.join(optional) or 'nothing'}."
    return CommandFailed(f"{name}: {problem}", remedy, ExitCode.USAGE)
