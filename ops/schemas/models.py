"""From a pydantic model to the JSON Schema of what travels: as senders may write it, or as the engine writes it.

The keywords used are those that JSON Schema 2020-12 and draft 7 (AsyncAPI's own) read alike.
"""

import re
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from contracts.model import Model
from contracts.trusted import trusted

Schema = dict[str, Any]
_SOURCE_OF_RULE = re.compile(r"\s*(?:\(SPEC [^)]*\)|of SPEC section \d+)")
_BOUNDS = {"gt": "exclusiveMinimum", "ge": "minimum", "lt": "exclusiveMaximum", "le": "maximum"}
"""Pydantic leaves the bounds of a union of numbers under its own names."""


class _Plain(GenerateJsonSchema):
    """Without titles that only repeat a name."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401, ARG002  pydantic's interface
        return False


class _Written(_Plain):
    """The engine writes every field, so that a reader can rely on each."""

    def field_is_required(
        self,
        field: core_schema.ModelField | core_schema.DataclassField | core_schema.TypedDictField,  # noqa: ARG002  as above
        total: bool,  # noqa: ARG002, FBT001  as above
    ) -> bool:
        return True


def received_schema(model: type[BaseModel]) -> Schema:
    """Return what senders may write: a null optional field is an absent one."""
    schema: Schema = _tidied(model.model_json_schema(by_alias=True, schema_generator=_Plain))
    for name, field in schema.get("properties", {}).items():
        if name not in schema.get("required", ()) and not _takes_null(field):
            schema["properties"][name] = _or_null(field)
    return schema


def written_schema(model: type[Model]) -> Schema:
    """Return what the engine writes, all of it; what `wire()` leaves out where it is absent is optional."""
    schema = _tidied(model.model_json_schema(by_alias=True, schema_generator=_Written))
    always = trusted(model, dict.fromkeys(model.model_fields)).wire()
    schema["required"] = [name for name in schema["properties"] if name in always]
    written: Schema = _without_defaults(schema)
    return written


def _takes_null(field: Schema) -> bool:
    unconstrained = not field.keys() - {"default", "description"}
    return unconstrained or {"type": "null"} in field.get("anyOf", ())


def _or_null(field: Schema) -> Schema:
    outer: Schema = {name: field[name] for name in ("default", "description") if name in field}
    inner = {name: value for name, value in field.items() if name not in outer}
    return {"anyOf": [inner, {"type": "null"}], **outer}


def _without_defaults(schema: Any) -> Any:  # noqa: ANN401  a schema holds schemas, lists and values
    """Leave out what absent fields count as, for none is absent."""
    if isinstance(schema, list):
        return [_without_defaults(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {name: _without_defaults(value) for name, value in schema.items() if name != "default"}


def _tidied(schema: Any) -> Any:  # noqa: ANN401  as above
    """Say the same in fewer words, and in those that both dialects have."""
    if isinstance(schema, list):
        return [_tidied(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    tidy = {name: _tidied(value) for name, value in schema.items() if name != "title" or not isinstance(value, str)}
    if isinstance(tidy.get("description"), str):
        summary = tidy["description"].partition("\n\n")[0].replace("\n", " ")
        tidy["description"] = _SOURCE_OF_RULE.sub("", summary)
    if tidy.get("anyOf") == [{"type": "integer"}, {"type": "number"}]:
        del tidy["anyOf"]
        tidy = {_BOUNDS.get(name, name): value for name, value in tidy.items()} | {"type": "number"}
    if "prefixItems" in tidy:
        first, *others = tidy.pop("prefixItems")
        assert all(other == first for other in others), "draft 7 spells tuples of several types differently"
        tidy["items"] = first
    if "patternProperties" in tidy:
        tidy["additionalProperties"] = False  # a key that matches none is refused
    if tidy.get("default", ...) is None:
        del tidy["default"]
    return tidy
