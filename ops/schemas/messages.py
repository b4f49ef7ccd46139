"""The JSON Schema of a whole message: the CloudEvent's attributes around its data, or the plain snapshot."""

from collections.abc import Mapping

from contracts.cloudevents import MAX_ID_CHARACTERS
from contracts.model import Model
from contracts.received import TICKET_ID
from contracts.recorded import ENGINE_SOURCE
from ops.schemas.catalog import Family, MessageType
from ops.schemas.models import Schema, received_schema, written_schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_IDENTIFIER = "https://itilnext.org/schemas/{name}.v1.json"
_TEXT: Schema = {"type": "string", "minLength": 1, "pattern": r"^[^\u0000-\u001f\u007f-\u009f]+$"}
_INSTANT: Schema = {"type": "string", "format": "date-time"}
_TICKET: Schema = {"type": "string", "pattern": f"^{TICKET_ID.pattern}$"}
_SOURCE: Schema = {"type": "string", "minLength": 1, "format": "uri-reference"}
_JSON: Schema = {"const": "application/json"}
_UUID: Schema = {"type": "string", "format": "uuid"}


def message_schema(message: MessageType) -> Schema:
    """Return the schema of a message's value, with its definitions under `$defs`."""
    data = _data_schema(message)
    head: Schema = {"$schema": DIALECT, "$id": _IDENTIFIER.format(name=message.name), "title": message.name}
    if message.family is Family.STATE:
        return {**head, **data}
    definitions = data.pop("$defs", None)
    attributes = {"specversion": {"const": "1.0"}, "type": {"const": message.type}, **_attributes(message)}
    required = [name for name in attributes if name not in _OPTIONAL[message.family]]
    schema: Schema = {
        **head,
        "description": data.pop("description", ""),
        "type": "object",
        "properties": {**attributes, "data": data},
        "required": [*required, "data"],
    }
    return schema if definitions is None else {**schema, "$defs": definitions}


def _data_schema(message: MessageType) -> Schema:
    if message.family.written_by_engine:
        assert issubclass(message.model, Model), "what the engine writes, it writes by wire()"
        return written_schema(message.model)
    return received_schema(message.model)


_OPTIONAL: Mapping[Family, frozenset[str]] = {
    Family.COMMAND: frozenset({"time", "datacontenttype", "partitionkey", "correlationid"}),
    Family.EVENT: frozenset({"correlationid"}),
    Family.REJECTION: frozenset({"correlationid"}),
    Family.TICK: frozenset({"time", "datacontenttype"}),
    Family.DIRECTORY: frozenset({"subject", "time", "datacontenttype"}),
}
"""The attributes that may be missing; from senders, null is the same as missing."""


def _attributes(message: MessageType) -> Mapping[str, Schema]:
    identity = {**_TEXT, "maxLength": MAX_ID_CHARACTERS}
    sent = {"id": identity, "source": _SOURCE, "time": _or_null(_INSTANT), "datacontenttype": _or_null(_JSON)}
    match message.family:
        case Family.COMMAND:
            return {**sent, "subject": _TICKET, "partitionkey": _or_null(_TICKET), "correlationid": _or_null(_TEXT)}
        case Family.EVENT:
            chain: Mapping[str, Schema] = {
                "ticketversion": {"type": "integer", "minimum": 1},
                "prevhash": {"type": "string", "pattern": "^([0-9a-f]{64})?$"},
            }
            return {**_CAUSED, **chain}
        case Family.REJECTION:
            return _CAUSED
        case Family.DIRECTORY:
            kind = message.name.removeprefix("directory.")
            return {**sent, "subject": {"type": "string", "pattern": f"^{kind}:."}}
        case _:
            return sent


_CAUSED: Mapping[str, Schema] = {
    "id": _UUID,
    "source": {"const": ENGINE_SOURCE},
    "subject": _TICKET,
    "time": _INSTANT,
    "datacontenttype": _JSON,
    "partitionkey": _TICKET,
    "causationid": {"type": "string", "minLength": 1},
    "causationsource": {"type": "string", "minLength": 1},
    "correlationid": {"type": "string", "minLength": 1},
}
"""What all outputs of a command carry."""


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}
