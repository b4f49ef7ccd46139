"""Whether a schema can take the place of the one that was published: what breaks a reader, or a sender, of that one.

What the engine writes has to stay readable for those who know the published schema, and what they have (the events are
kept for ever) for the engine. What senders write by the published schema has to be accepted, and heeded. Anything else
is a new version of the type.

Schemas are compared keyword by keyword, in the vocabulary of `models`; where two can't be compared, they differ.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ops.schemas.models import Schema

_AT_LEAST = ("minLength", "minimum", "exclusiveMinimum", "minItems")
_AT_MOST = ("maxLength", "maximum", "exclusiveMaximum", "maxItems")
_SAME = ("pattern", "format")
_SILENT = frozenset({"$schema", "$id", "$defs", "title", "description", "default", "examples"})
"""What tells no valid value from another."""
_HANDLED = _SILENT | {"type", "enum", "const", "anyOf", "$ref", "items", "properties", "required", "patternProperties"}
_HANDLED |= {*_AT_LEAST, *_AT_MOST, *_SAME, "additionalProperties", "propertyNames"}


def breaks(published: Schema, now: Schema, *, read_by_others: bool) -> list[str]:
    """Return what would break, each with the place in the message; nothing where the new schema is fit.

    Args:
        published: what readers and senders know.
        now: what is to take its place.
        read_by_others: whether readers hold what is written to the published schema.
    """
    found = [*_Reading(published, now).problems(published, now, ""), *_dropped(published, now, "")]
    if read_by_others:
        found += _Reading(now, published).problems(now, published, "")
    return list(dict.fromkeys(found))


class _Reading:
    """A writer that keeps to one schema, and a reader that holds what it gets to another."""

    def __init__(self, written: Schema, read: Schema) -> None:
        self._written, self._read = written, read

    def problems(self, written: Schema, read: Schema, at: str) -> Iterator[str]:
        """Yield what may be written there and is not read."""
        written, read = _resolved(written, self._written), _resolved(read, self._read)
        if unknown := (written.keys() | read.keys()) - _HANDLED:
            yield f"{at or 'message'}: can't compare {', '.join(sorted(unknown))}"
        readable, writable = _alternatives(read), _alternatives(written)
        if len(writable) > 1 or len(readable) > 1:
            for one in writable:
                tries = [list(self.problems(one, other, at)) for other in readable]
                if all(tries):
                    yield min(tries, key=len)[0]
            return
        yield from _value_problems(written, read, at)
        yield from self._object_problems(written, read, at)
        if "items" in read:
            yield from self.problems(written.get("items", {}), read["items"], f"{at}[]")

    def _object_problems(self, written: Schema, read: Schema, at: str) -> Iterator[str]:
        fields, known = written.get("properties", {}), read.get("properties", {})
        for name in read.get("required", ()):
            if name not in written.get("required", ()):
                yield f"{_field(at, name)}: may be missing, and has to be there"
        for name in fields.keys() & known.keys():
            yield from self.problems(fields[name], known[name], _field(at, name))
        yield from self._map_problems(written, read, f"{at}.*")

    def _map_problems(self, written: Schema, read: Schema, at: str) -> Iterator[str]:
        for keyword in ("additionalProperties", "propertyNames"):
            if isinstance(read.get(keyword), dict):
                if isinstance(written.get(keyword), dict):
                    yield from self.problems(written[keyword], read[keyword], at)
                else:
                    yield f"{at}: {keyword} differ"
        if read.get("additionalProperties") is False and written.get("additionalProperties") is not False:
            yield f"{at}: further fields are refused"
        known, patterns = written.get("patternProperties", {}), read.get("patternProperties", {})
        if patterns.keys() != known.keys():
            yield f"{at}: patternProperties differ"
        for pattern in patterns.keys() & known.keys():
            yield from self.problems(known[pattern], patterns[pattern], at)


def _value_problems(written: Schema, read: Schema, at: str) -> Iterator[str]:
    if not _types(written) <= _types(read):
        yield f"{at}: is {_told(_types(written))}, and has to be {_told(_types(read))}"
    elif (allowed := _values(read)) is not None:
        values = _values(written)
        if values is None:
            yield f"{at}: may be anything, and has to be one of {_told(allowed)}"
        elif extra := [value for value in values if value not in allowed]:
            yield f"{at}: may be {_told(extra)}, which is not among {_told(allowed)}"
    if _values(written) is None:  # else the values themselves say how long and how large they are
        yield from _limit_problems(written, read, at)


def _limit_problems(written: Schema, read: Schema, at: str) -> Iterator[str]:
    least, most = float("-inf"), float("inf")
    narrower = (
        *(name for name in _AT_LEAST if written.get(name, least) < read.get(name, least)),
        *(name for name in _AT_MOST if written.get(name, most) > read.get(name, most)),
        *(name for name in _SAME if name in read and written.get(name) != read[name]),
    )
    for name in narrower:
        yield f"{at}: {name} has to be {read[name]}, and is {written.get(name, 'none')}"


def _dropped(published: Schema, now: Schema, at: str) -> Iterator[str]:
    """Yield the fields that are gone: what a sender says there would be ignored, what a reader looks for not there."""
    old, new = published.get("properties", {}), now.get("properties", {})
    for name, field in old.items():
        if name not in new:
            yield f"{_field(at, name)}: is gone"
        else:
            yield from _dropped(field, new[name], _field(at, name))
    definitions = now.get("$defs", {})
    for name, definition in published.get("$defs", {}).items():
        if name in definitions:
            yield from _dropped(definition, definitions[name], name)


def _resolved(schema: Schema, root: Schema) -> Schema:
    if "$ref" not in schema:
        return schema
    target: Schema = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    return target


def _alternatives(schema: Schema) -> Sequence[Schema]:
    alternatives: Sequence[Schema] = schema.get("anyOf", (schema,))
    return alternatives


def _values(schema: Schema) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    values: list[Any] | None = schema.get("enum")
    return values


_OF_PYTHON: Mapping[type, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}
_ALL = frozenset({"string", "integer", "number", "boolean", "null", "array", "object"})


def _types(schema: Schema) -> frozenset[str]:
    named = schema.get("type")
    if named is None:
        values = _values(schema)
        return _ALL if values is None else frozenset(_OF_PYTHON[type(value)] for value in values)
    types = frozenset({named} if isinstance(named, str) else named)
    return types | {"integer"} if "number" in types else types


def _field(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def _told(values: Sequence[Any] | frozenset[str]) -> str:
    return ", ".join(sorted(map(str, values))) if values != _ALL else "anything"
