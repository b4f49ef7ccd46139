"""The JSON Schema of one message type as it is published: with its example."""

import orjson

from ops.schemas.catalog import MESSAGE_TYPES, MessageType
from ops.schemas.examples import examples
from ops.schemas.messages import message_schema
from ops.schemas.models import Schema


def json_schema(message: MessageType) -> Schema:
    """Return the schema of a message's value, an example in it."""
    return {**message_schema(message), "examples": [orjson.loads(examples()[message.name])]}


def json_schemas() -> dict[str, Schema]:
    """Return every schema by its message's name."""
    return {name: json_schema(message) for name, message in MESSAGE_TYPES.items()}
