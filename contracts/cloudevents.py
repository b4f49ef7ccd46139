"""CloudEvents 1.0 on Kafka: structured and binary mode in, structured mode out (SPEC section 3)."""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeGuard

import orjson
from msgspec import Struct

from contracts.dead_letters import OVERPACKED, Headers, NotCloudEvent, TooLarge
from contracts.instants import parse_instant
from contracts.json_values import read_json
from contracts.tracing import TRACEPARENT, header_traceparent, valid_traceparent

CONTENT_TYPE = "application/cloudevents+json"
STRUCTURED_HEADERS: Headers = (("content-type", CONTENT_TYPE.encode()),)
TYPE_PREFIX = "org.itilnext."
TYPE_SUFFIX = ".v1"
MAX_VALUE_BYTES = 524_288
MAX_ID_CHARACTERS = 128
# CloudEvents' String has no control characters.
_TEXT = re.compile(r"[^\x00-\x1f\x7f-\x9f]+")
# RFC 3986's characters; a percent sign only before two hex digits.
_URI_REFERENCE = re.compile(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]++|%[0-9A-Fa-f]{2})++")
_JSON_MEDIA_TYPE = re.compile(r"application/json\s*(?:;.*)?", re.IGNORECASE)
_TEXT_RULE = "a string without control characters, and not empty"
_BINARY_PREFIX = "ce_"
_LONGEST_KEPT = 256


class CloudEvent(Struct, frozen=True, gc=False):
    """The attributes the engine reads, and the data.

    `as_received` is the whole event, in structured mode, for `write_json`: a rejection shows what the sender wrote.
    `traceparent` is that of the record's headers, where they hold one.
    """

    id: str
    source: str
    type: str
    subject: Any
    time: datetime | None
    partitionkey: Any
    correlationid: str | None
    data: Any
    as_received: object
    traceparent: str | None = None


def event_type(name: str) -> str:
    """Return the CloudEvents type of a command, event or entity: `ticket.open` is `org.itilnext.ticket.open.v1`."""
    return f"{TYPE_PREFIX}{name}{TYPE_SUFFIX}"


def read_cloud_event(value: bytes | None, headers: Headers) -> CloudEvent:
    """Read a record's value and headers as a CloudEvent; `subject` and `partitionkey` are left for the caller to judge.

    Raises:
        TooLarge: a value over 524288 bytes, or a record out of a batch too large to be unpacked.
        NotJson: a value that is no strict JSON.
        NotCloudEvent: an attribute that is missing or malformed.
    """
    if value is not None and len(value) > MAX_VALUE_BYTES:
        raise TooLarge(f"the value has {len(value)} bytes, more than {MAX_VALUE_BYTES}")
    if value is None and any(header is OVERPACKED for header in headers):
        raise TooLarge("the record came in a compressed batch that unpacks to more than is taken")
    content = read_json(value)
    content_type: str | None = CONTENT_TYPE
    attributes: dict[str, Any] = {}
    hop: str | None = None
    if headers != STRUCTURED_HEADERS:
        content_type, attributes = _header_attributes(headers)
        hop = header_traceparent(headers)
    if content is None:
        raise NotCloudEvent("the value is the JSON literal null")
    received = orjson.Fragment(value or b"")
    if _is_structured(content_type, attributes):
        if not isinstance(content, dict):
            raise NotCloudEvent("a structured CloudEvent is a JSON object")
        return _event(content, content.get("data"), received, hop)
    if content_type is not None:
        attributes["datacontenttype"] = content_type
    return _event(attributes, content, {**attributes, "data": received}, hop)


def _is_structured(content_type: str | None, attributes: Mapping[str, Any]) -> bool:
    """Tell the mode: the content type decides; a record that has neither it nor attributes in headers is structured."""
    if content_type is None:
        return not attributes
    return content_type == CONTENT_TYPE or content_type.partition(";")[0].strip().lower() == CONTENT_TYPE


def _header_attributes(headers: Headers) -> tuple[str | None, dict[str, Any]]:
    """Return the content type and the binary-mode attributes that the headers hold."""
    content_type: str | None = None
    attributes: dict[str, Any] = {}
    for name, raw in headers:
        if name != "content-type" and not name.startswith(_BINARY_PREFIX):
            continue
        if raw is None:
            raise NotCloudEvent(f"header {name} is null")
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            raise NotCloudEvent(f"header {name} is not UTF-8") from error
        if name == "content-type":
            content_type = text
        else:
            attributes[name.removeprefix(_BINARY_PREFIX)] = text
    return content_type, attributes


def _event(attributes: Mapping[str, Any], content: object, as_received: object, hop: str | None) -> CloudEvent:
    get = attributes.get
    if get("specversion") != "1.0":
        raise NotCloudEvent('specversion must be "1.0"')
    media_type = get("datacontenttype")
    if media_type is not None and media_type != "application/json" and not _is_json_media_type(media_type):
        raise NotCloudEvent("datacontenttype must be application/json")
    identity, source, kind, correlation_id = get("id"), get("source"), get("type"), get("correlationid")
    if not _is_text(identity):
        raise NotCloudEvent("id must be 1-128 characters, none of them a control character")
    if len(identity) > MAX_ID_CHARACTERS:
        raise NotCloudEvent(f"id has {len(identity)} characters, more than {MAX_ID_CHARACTERS}")
    if not isinstance(source, str) or not _is_source(source):
        raise NotCloudEvent("source must be a URI reference")
    if not _is_text(kind):
        raise NotCloudEvent(f"type must be {_TEXT_RULE}")
    time = _time(get("time"))
    if correlation_id is not None and not _is_text(correlation_id):
        raise NotCloudEvent(f"correlationid must be {_TEXT_RULE}")
    trace = hop
    if trace is None and (said := get(TRACEPARENT)) is not None:
        trace = valid_traceparent(said)
    return CloudEvent(
        identity, source, kind, get("subject"), time, get("partitionkey"), correlation_id, content, as_received, trace
    )


def _is_text(value: object) -> TypeGuard[str]:
    """Tell a CloudEvents String that is not empty; what is printable has no control characters."""
    return isinstance(value, str) and value != "" and (value.isprintable() or _TEXT.fullmatch(value) is not None)


def _is_json_media_type(value: object) -> bool:
    return _is_text(value) and _JSON_MEDIA_TYPE.fullmatch(value) is not None


def _is_source(text: str) -> bool:
    """Tell a URI reference; only of short ones the answer is kept, for a sender may make each as long as a value."""
    return _is_short_source(text) if len(text) <= _LONGEST_KEPT else _URI_REFERENCE.fullmatch(text) is not None


@lru_cache(maxsize=1_024)  # a fleet has few connectors
def _is_short_source(text: str) -> bool:
    return _URI_REFERENCE.fullmatch(text) is not None


def _time(value: object) -> datetime | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise NotCloudEvent("time must be an RFC 3339 time with an offset")
    try:
        return parse_instant(value)
    except ValueError as error:
        raise NotCloudEvent(f"time: {error}") from error
