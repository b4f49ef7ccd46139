"""The AsyncAPI 3.0 document: the topics, their settings, what travels on each, and what the engine does there.

FastStream's own document is not used: it knows what its subscribers declare, and the engine's take raw fetches and
write past it, in transactions.
"""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, get_args

import orjson

from contracts.cloudevents import CONTENT_TYPE
from contracts.dead_letters import ERROR_CODE_HEADER, DlqCode, InternalError, dead_letter_headers
from contracts.topics import TopicPlan, Topics
from ops.schemas.catalog import MESSAGE_TYPES, Family, MessageType
from ops.schemas.examples import examples
from ops.schemas.messages import message_schema
from ops.schemas.models import Schema

_BINDING = "0.5.0"
_TEXT_KEY: Schema = {"type": "string"}
_ABOUT: Mapping[str, str] = {
    "commands": "What connectors ask for, keyed by ticket id.",
    "events": "What happened: the truth, kept for ever. Read it with isolation.level=read_committed.",
    "state": "The latest snapshot of each ticket, keyed by its id.",
    "rejections": "One record for each refused command.",
    "dlq": "What could not be read as a command: key, value and headers as received, and why in further headers.",
    "ticks": "The instants alerts are evaluated for, one record to each partition.",
    "directory": "Agents, teams, customers, calendars and the policy, keyed by kind:id; a null value deletes.",
}


def asyncapi_document(topics: Topics, partitions: int) -> dict[str, Any]:
    """Return the document of a fleet with these topics, ready for JSON."""
    plans = {plan.name: plan for plan in topics.plan(partitions)}
    schemas: dict[str, Schema] = {}
    messages = {message.name: _message(message, schemas) for message in MESSAGE_TYPES.values()}
    components = {"messages": {**messages, "dead_letter": _dead_letter()}, "schemas": dict(sorted(schemas.items()))}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "ITIL-NEXT Engine",
            "version": version("itilnext-engine"),
            "description": "A service desk engine on Kafka in which a ticket has one owner, and never changes hands.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {name: _channel(name, plans[getattr(topics, name)]) for name in _ABOUT},
        "operations": {f"{action}_{name}": _operation(name, action, topics) for name, action in _OPERATIONS},
        "components": components,
    }


_OPERATIONS = (
    ("commands", "receive"),
    ("commands", "send"),
    ("events", "send"),
    ("state", "send"),
    ("rejections", "send"),
    ("dlq", "send"),
    ("ticks", "receive"),
    ("ticks", "send"),
    ("directory", "receive"),
)
"""What the engine does, of its own view: it also sends commands, those of alerts, and ticks."""


def _channel(name: str, plan: TopicPlan) -> dict[str, Any]:
    config = plan.config
    settings: dict[str, Any] = {"cleanup.policy": [config["cleanup.policy"]]}
    if "retention.ms" in config:
        settings |= {"retention.ms": int(config["retention.ms"]), "retention.bytes": int(config["retention.bytes"])}
    settings["max.message.bytes"] = int(config["max.message.bytes"])
    kafka = {
        "topic": plan.name,
        "partitions": plan.partitions,
        "topicConfiguration": settings,
        "bindingVersion": _BINDING,
    }
    names = _messages_of(name)
    return {
        "address": plan.name,
        "description": _ABOUT[name],
        "messages": {each: {"$ref": f"#/components/messages/{each}"} for each in names},
        "bindings": {"kafka": kafka},
    }


def _messages_of(channel: str) -> list[str]:
    if channel == "dlq":
        return ["dead_letter"]
    return [message.name for message in MESSAGE_TYPES.values() if message.family is Family(channel)]


def _operation(channel: str, action: str, topics: Topics) -> dict[str, Any]:
    operation: dict[str, Any] = {"action": action, "channel": {"$ref": f"#/channels/{channel}"}}
    if (channel, action) == ("commands", "send"):
        operation["messages"] = [{"$ref": "#/channels/commands/messages/alert.raise"}]
    groups = {"commands": topics.ticket_group, "ticks": topics.alert_group, "directory": topics.directory_group}
    if action == "receive":
        group = {"type": "string", "enum": [groups[channel]]}
        operation["bindings"] = {"kafka": {"groupId": group, "bindingVersion": _BINDING}}
    return operation


def _message(message: MessageType, schemas: dict[str, Schema]) -> dict[str, Any]:
    """Return the message object; what its schema defines beside itself goes into `schemas`."""
    schema = {name: value for name, value in message_schema(message).items() if name not in ("$schema", "$id", "title")}
    for name, definition in _moved(schema.pop("$defs", {})).items():
        assert schemas.setdefault(name, definition) == definition, f"two schemas are called {name}"
    plain = message.family is Family.STATE
    return {
        "name": message.type,
        "title": message.name,
        "summary": schema.get("description", ""),
        "contentType": "application/json" if plain else CONTENT_TYPE,
        "payload": _moved(schema),
        "bindings": {"kafka": {"key": _key(message), "bindingVersion": _BINDING}},
        "examples": [{"name": message.name.replace(".", "_"), "payload": orjson.loads(examples()[message.name])}],
    }


def _key(message: MessageType) -> Schema:
    if message.family is Family.COMMAND:
        return {"type": ["string", "null"], "description": "The ticket id; null is allowed."}
    return _TEXT_KEY


def _dead_letter() -> dict[str, Any]:
    told = [name for name, _ in dead_letter_headers((), InternalError(), "", 0, 0)]
    headers: dict[str, Schema] = {name: {"type": "string"} for name in told}
    headers[ERROR_CODE_HEADER]["enum"] = list(get_args(DlqCode))
    return {
        "name": "dead_letter",
        "summary": "A record that could not be read, byte for byte.",
        "contentType": "application/octet-stream",
        "headers": {"type": "object", "properties": headers, "required": told},
        "payload": {"description": "Any bytes, or none."},
    }


def _moved(schema: Any) -> Any:  # noqa: ANN401  a schema holds schemas, lists and values
    """Point to definitions where this document has them."""
    if isinstance(schema, list):
        return [_moved(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: value.replace("#/$defs/", "#/components/schemas/") if name == "$ref" else _moved(value)
        for name, value in schema.items()
    }
