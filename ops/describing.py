"""Records of the topics as an operator reads them: one line of text, or one JSON document (`tail`, `send --wait`).

Whatever a record holds gets its line, for topics take anything.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.cloudevents import TYPE_PREFIX, TYPE_SUFFIX, read_cloud_event
from contracts.dead_letters import ERROR_CODE_HEADER, Unreadable
from contracts.instants import format_instant, instant_of_timestamp
from contracts.json_values import read_json
from contracts.topics import Topics
from ops.log_reader import LogRecord

_SHOWN_CHARS = 60
"""Of one field: enough to recognise a text by."""
_ERRORS = "__connect.errors."


@dataclass(frozen=True, slots=True)
class Describer:
    """Describes the records of one fleet's topics."""

    topics: Topics

    def line(self, record: LogRecord) -> str:
        """Return what is worth knowing of a record in one line."""
        when = format_instant(instant_of_timestamp(record.timestamp))[:19] + "Z"
        where = f"{record.partition}:{record.offset}"
        if record.topic == self.topics.dlq:
            return f"{when} {where} dlq {_text(record.key)} {dead_letter_text(headers_of(record))}"
        try:
            event = read_cloud_event(record.value, record.headers)
        except Unreadable as error:
            return f"{when} {where} unreadable {_text(record.key)} {error.code}: {error}"
        name = event.type.removeprefix(TYPE_PREFIX).removesuffix(TYPE_SUFFIX)
        attributes = _attributes(record)
        if record.topic == self.topics.rejections:
            return f"{when} {where} {event.subject} {name} {_rejection_text(event.data)}"
        version = f" v{attributes['ticketversion']}" if "ticketversion" in attributes else ""
        origin = f" ({event.source} {event.id})" if record.topic == self.topics.commands else ""
        return f"{when} {where} {event.subject}{version} {name} {_fields_text(event.data)}{origin}".rstrip()

    def document(self, record: LogRecord) -> dict[str, Any]:
        """Return the whole record: `value` parsed, or its bytes as `value_base64` where it is no JSON."""
        described = {
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
            "timestamp": format_instant(instant_of_timestamp(record.timestamp)),
            "key": shown_key(record),
            "headers": {name: _text(value) if value is not None else None for name, value in record.headers},
        }
        try:
            return described | {"value": read_json(record.value)}
        except Unreadable:
            value = record.value
            return described | {"value_base64": b64encode(value).decode() if value is not None else None}

    def concerns(self, record: LogRecord, ticket_id: str) -> bool:
        """Whether the record is about this ticket, by its key or, where it has none, its subject."""
        if record.key is not None:
            return record.key == ticket_id.encode()
        try:
            return bool(read_cloud_event(record.value, record.headers).subject == ticket_id)
        except Unreadable:
            return False


def headers_of(record: LogRecord) -> dict[str, str]:
    """Return a record's headers as text; of several of one name the last."""
    return {name: _text(value) for name, value in record.headers}


def shown_key(record: LogRecord) -> str | None:
    """Return a record's key as text, None where it has none."""
    return None if record.key is None else _text(record.key)


def dead_letter_text(headers: Mapping[str, str]) -> str:
    """Return why a record of the DLQ is there, and from where."""
    code, message = headers.get(ERROR_CODE_HEADER, "?"), headers.get(f"{_ERRORS}exception.message", "?")
    return f"{code}: {message} (was {headers.get(f'{_ERRORS}partition')}:{headers.get(f'{_ERRORS}offset')})"


def _attributes(record: LogRecord) -> dict[str, Any]:
    content = read_json(record.value)
    return content if isinstance(content, dict) else {}


def _rejection_text(data: object) -> str:
    if not isinstance(data, dict):
        return ""
    command = data.get("command")
    kind = command.get("type") if isinstance(command, dict) else None
    name = str(kind).removeprefix(TYPE_PREFIX).removesuffix(TYPE_SUFFIX)
    return f"{name} {data.get('code')}: {data.get('message')}"


def _fields_text(data: object) -> str:
    if not isinstance(data, dict):
        return _short(data)
    return " ".join(f"{name}={_short(value)}" for name, value in data.items() if value is not None)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}..."


def _text(raw: bytes | None) -> str:
    return "-" if raw is None else raw.decode(errors="backslashreplace")
