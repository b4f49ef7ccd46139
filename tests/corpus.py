"""Bad input, and input that only looks bad: records for the commands topic, and what has to become of each.

Every case is about a ticket of its own that does not exist before, so that all of them can be sent to one fleet, in any
order. None needs a directory.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from contracts.dead_letters import DlqCode, Headers
from contracts.rejections import RejectionCode

STRUCTURED: Headers = (("content-type", b"application/cloudevents+json"),)
MIB = 1024 * 1024


@dataclass(frozen=True)
class Case:
    """One record, and what becomes of it: a DLQ code, a rejection's code, or None for events.

    `timestamp` is in milliseconds since the epoch, None for that of sending.
    """

    name: str
    outcome: DlqCode | RejectionCode | None
    key: bytes | None
    value: bytes | None
    headers: Headers = STRUCTURED
    timestamp: int | None = None

    @property
    def ticket(self) -> str:
        """The ticket the record is about, where it can be read."""
        return _ticket(self.name)


def _ticket(name: str) -> str:
    return "corpus-" + "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in name)[:100]


def _event(name: str, **changed: object) -> dict[str, Any]:
    good = {
        "specversion": "1.0",
        "id": "c1",
        "source": "/connectors/corpus",
        "type": "org.itilnext.ticket.open.v1",
        "subject": _ticket(name),
        "data": {"subject": "Printer on fire"},
    }
    return {key: value for key, value in {**good, **changed}.items() if value is not ...}


def _case(name: str, outcome: DlqCode | RejectionCode | None, **changed: object) -> Case:
    """A structured `ticket.open` with attributes changed, or left out where they are `...`."""
    return Case(name, outcome, _ticket(name).encode(), orjson.dumps(_event(name, **changed)))


def _raw(name: str, outcome: DlqCode | None, value: bytes | None, headers: Headers = STRUCTURED) -> Case:
    """A value byte by byte; `%T` in it stands for the case's ticket."""
    ticket = _ticket(name).encode()
    return Case(name, outcome, ticket, value if value is None else value.replace(b"%T", ticket), headers)


_OPEN = (
    b'{"specversion":"1.0","id":"c1","source":"/connectors/corpus","type":"org.itilnext.ticket.open.v1",'
    b'"subject":"%T","data":{"subject":"s"%}}'
)


def _with(fragment: bytes) -> bytes:
    """A good `ticket.open` with a fragment of JSON at the end of its data."""
    return _OPEN.replace(b"%}", fragment + b"}")


def _json() -> Iterator[Case]:
    good = _with(b"")
    yield _raw("null value", "not_json", None)
    yield _raw("empty value", "not_json", b"")
    yield _raw("blank value", "not_json", b" \n")
    yield _raw("no JSON", "not_json", b"hello")
    yield _raw("cut off", "not_json", good[:-1])
    yield _raw("two values", "not_json", good + good)
    yield _raw("BOM", "not_json", b"\xef\xbb\xbf" + good)
    yield _raw("UTF-16", "not_json", good.decode().encode("utf-16"))
    yield _raw("UTF-16 without BOM", "not_json", good.decode().encode("utf-16-be"))
    yield _raw("UTF-32", "not_json", good.decode().encode("utf-32"))
    yield _raw("latin-1", "not_json", _with(',"description":"Drucker für alle"'.encode("latin-1")))
    yield _raw("overlong UTF-8", "not_json", _with(b',"description":"\xc0\x80"'))
    yield _raw("surrogate in UTF-8", "not_json", _with(b',"description":"\xed\xa0\x80"'))
    yield _raw("lone high surrogate", "not_json", _with(b',"description":"\\ud800"'))
    yield _raw("lone low surrogate", "not_json", _with(b',"description":"\\udc00"'))
    yield _raw("pair of surrogates", None, _with(b',"description":"\\ud83d\\ude00"'))
    yield _raw("raw control character", "not_json", _with(b',"description":"\x01"'))
    yield _raw("raw line feed", "not_json", _with(b',"description":"a\nb"'))
    yield _raw("gzip", "not_json", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03")
    yield _raw("avro", "not_json", b"\x00\x00\x00\x00\x01\x06abc")
    yield _raw("single quotes", "not_json", good.replace(b'"', b"'"))
    yield _raw("trailing comma", "not_json", _with(b","))
    yield _raw("comment", "not_json", good + b" // open")
    yield _raw("NaN", "not_json", _with(b',"x":NaN'))
    yield _raw("Infinity", "not_json", _with(b',"x":Infinity'))
    yield _raw("minus Infinity", "not_json", _with(b',"x":-Infinity'))
    yield _raw("1e400", "not_json", _with(b',"x":1e400'))
    yield _raw("5000 digits", "not_json", _with(b',"x":' + b"9" * 5_000))
    yield _raw("5000 digits after the point", None, _with(b',"x":0.' + b"9" * 5_000))
    yield _raw("300 digits", None, _with(b',"x":' + b"9" * 300))
    yield _raw("leading zero", "not_json", _with(b',"x":01'))
    yield _raw("nested 64 deep", None, _with(b',"x":' + b"[" * 62 + b"]" * 62))
    yield _raw("nested 65 deep", "not_json", _with(b',"x":' + b"[" * 63 + b"]" * 63))
    yield _raw("nested 65 deep in objects", "not_json", _with(b',"x":' + b'{"x":' * 63 + b"1" + b"}" * 63))
    yield _raw("nested 10000 deep", "not_json", b"[" * 10_000 + b"]" * 10_000)
    yield _raw("nested 10000 deep and open", "not_json", b'{"a":' * 10_000)
    yield _raw("duplicate keys", None, _with(b',"subject":"the last one counts"'))
    yield _raw("duplicate keys, the last one wrong", "invalid_data", _with(b',"subject":5'))
    yield _raw("JSON null", "not_cloudevent", b"null")
    yield _raw("JSON array", "not_cloudevent", b"[" + good + b"]")
    yield _raw("JSON string", "not_cloudevent", b'"ticket.open"')
    yield _raw("JSON number", "not_cloudevent", b"42")
    yield _raw("JSON true", "not_cloudevent", b"true")
    yield _raw("empty object", "not_cloudevent", b"{}")


def _sizes() -> Iterator[Case]:
    yield _raw("1 MiB of nothing", "too_large", b"\x00" * MIB)
    yield _raw("1 MiB of JSON", "too_large", _with(b',"x":"' + b"y" * (MIB - 300) + b'"'))
    yield _raw("524289 bytes", "too_large", _sized("524289 bytes", 524_289))
    yield _raw("524288 bytes", None, _sized("524288 bytes", 524_288))
    yield _raw("65536 characters of four bytes", None, _with(b',"description":"' + b"\xf0\x9f\x98\x80" * 65_536 + b'"'))
    yield _raw("65537 characters", "invalid_data", _with(b',"description":"' + b"x" * 65_537 + b'"'))


def _sized(name: str, size: int) -> bytes:
    value = _with(b',"x":"%"').replace(b"%T", _ticket(name).encode())
    return value.replace(b"%", b"y" * (size - len(value) + 1))


def _headers() -> Iterator[Case]:
    good = _with(b"")
    ce = tuple(
        (f"ce_{name}", str(value).encode()) for name, value in _event("").items() if name not in {"data", "subject"}
    )
    subject = ("ce_subject", b"%T")
    as_json = ("content-type", b"application/json")
    yield _raw("no headers", None, good, ())
    yield _raw("null content type", "not_cloudevent", good, (("content-type", None),))
    yield _raw("content type not UTF-8", "not_cloudevent", good, (("content-type", b"\xff\xfe"),))
    yield _raw("null ce header", "not_cloudevent", good, (*STRUCTURED, ("ce_time", None)))
    yield _raw("ce header not UTF-8", "not_cloudevent", good, (*STRUCTURED, ("ce_time", b"\xff")))
    yield _raw("other headers null and not UTF-8", None, good, (*STRUCTURED, ("a", None), ("b", b"\xff"), ("", b"")))
    yield _raw("JSON without attributes", "not_cloudevent", good, (as_json,))
    yield _raw(
        "batch of CloudEvents", "not_cloudevent", good, (("content-type", b"application/cloudevents-batch+json"),)
    )
    yield _raw("CloudEvent in Avro", "not_cloudevent", good, (("content-type", b"application/cloudevents+avro"),))
    binary: dict[str, tuple[DlqCode | None, bytes | None, Headers]] = {
        "binary": (None, b'{"subject":"s"}', (as_json, subject, *ce)),
        "binary without content type": (None, b'{"subject":"s"}', (subject, *ce)),
        "binary of another type": ("not_cloudevent", b'{"subject":"s"}', (("content-type", b"text/xml"), subject, *ce)),
        "binary without an id": ("not_cloudevent", b'{"subject":"s"}', (as_json, subject, *ce[:1], *ce[2:])),
        "binary null": ("not_json", None, (as_json, subject, *ce)),
        "binary JSON null": ("not_cloudevent", b"null", (as_json, subject, *ce)),
        "binary array": ("invalid_data", b"[]", (as_json, subject, *ce)),
        "binary of a wrong field": ("invalid_data", b'{"subject":""}', (as_json, subject, *ce)),
        "binary without a subject": ("bad_key", b'{"subject":"s"}', (as_json, *ce)),
        "binary with a null time": ("not_cloudevent", b'{"subject":"s"}', (as_json, subject, *ce, ("ce_time", None))),
    }
    for name, (outcome, value, headers) in binary.items():
        ticket = _ticket(name).encode()
        named = tuple((key, ticket if text == b"%T" else text) for key, text in headers)
        yield Case(name, outcome, ticket, value, named)


def _attributes() -> Iterator[Case]:
    yield _case("version 0.3", "not_cloudevent", specversion="0.3")
    yield _case("no id", "not_cloudevent", id=...)
    yield _case("id of 129 characters", "not_cloudevent", id="x" * 129)
    yield _case("id with a line feed", "not_cloudevent", id="a\nb")
    yield _case("id with a NUL", "not_cloudevent", id="a\x00b")
    yield _case("id as a number", "not_cloudevent", id=5)
    yield _case("no source", "not_cloudevent", source=...)
    yield _case("source with a blank", "not_cloudevent", source="service now")
    yield _case("no type", "not_cloudevent", type=...)
    yield _case("time without an offset", "not_cloudevent", time="2026-11-24T09:30:00")
    yield _case("time as a number", "not_cloudevent", time=1_795_512_600)
    yield _case("time of an impossible day", "not_cloudevent", time="2026-02-30T09:30:00Z")
    yield _case("time in year 0", "not_cloudevent", time="0000-01-01T00:00:00Z")
    yield _case("time before year 1 in UTC", "not_cloudevent", time="0001-01-01T00:00:00+01:00")
    yield _case("time after year 9999 in UTC", "not_cloudevent", time="9999-12-31T23:59:59-01:00")
    yield _case("time at an impossible leap second", "not_cloudevent", time="2016-12-31T12:30:60Z")
    yield _case("time at a leap second", None, time="2016-12-31T23:59:60Z")
    yield _case("time in year 1", None, time="0001-01-01T00:00:00Z")
    yield _case("time in year 9999", "time_in_future", time="9999-12-31T23:59:59.999999Z")
    yield _case("content type of XML", "not_cloudevent", datacontenttype="application/xml")
    yield _case("correlation id as a number", "not_cloudevent", correlationid=5)
    yield _case("unknown attributes", None, traceparent=5, dataschema=None, extension={"a": [1]})
    yield _case("no subject", "bad_key", subject=...)
    yield _case("empty subject", "bad_key", subject="")
    yield _case("subject of 129 characters", "bad_key", subject="x" * 129)
    yield _case("subject with a blank", "bad_key", subject="T 1")
    yield _case("subject with a line feed", "bad_key", subject="T-1\n")
    yield _case("subject with a NUL", "bad_key", subject="T-1\x00")
    yield _case("subject as a number", "bad_key", subject=1)
    yield _case("another partitionkey", "bad_key", partitionkey="T-1")
    for name, key in {
        "another key": b"T-1",
        "empty key": b"",
        "key not UTF-8": b"\xff",
        "key as JSON": b'"T-1"',
    }.items():
        yield Case(name, "bad_key", key, orjson.dumps(_event(name)))
    yield Case("null key", None, None, orjson.dumps(_event("null key")))
    yield _case("unknown command", "unknown_type", type="org.itilnext.ticket.delete.v1")
    yield _case("later version", "unknown_type", type="org.itilnext.ticket.open.v2")
    yield _case("another's type", "unknown_type", type="com.github.pull.create")
    yield _case("an event as a command", "unknown_type", type="org.itilnext.ticket.opened.v1")


def _data() -> Iterator[Case]:
    yield _case("no data", "invalid_data", data=...)
    no_objects: dict[str, object] = {"null": None, "array": [], "string": "{}", "number": 5, "base64": ...}
    for name, no_object in no_objects.items():
        yield _case(f"data {name}", "invalid_data", data=no_object, data_base64="e30=")
    yield _case("unknown fields", None, data={"subject": "s", "agent_id": 5, "": None})
    wrong: dict[str, dict[str, object]] = {
        "id": {"team_id": ""},
        "id of 129 characters": {"team_id": "x" * 129},
        "name": {"subject": "x" * 501},
        "missing name": {"subject": None},
        "text": {"description": 5},
        "enum": {"priority": "urgent"},
        "enum as a number": {"priority": 1},
        "enum in capitals": {"type": "Incident"},
        "map": {"external_refs": ["INC1"]},
        "map of numbers": {"external_refs": {"snow": 1}},
    }
    for name, fields in wrong.items():
        yield _case(f"wrong {name}", "invalid_data", data={"subject": "s", **fields})
    yield from _other_commands()
    yield _case("ids with control characters", None, data={"subject": "s\x00", "requester_id": "\x00\x1b[2J\n"})


def _other_commands() -> Iterator[Case]:
    envelope = {"agent_id": "a", "reason": "r"}
    alert = {"condition": "not_assigned", "level": 1, "anchor_at": "2026-11-24T09:30:00Z", "at": "2026-11-24T09:30:00Z"}
    given = {"agent_id": "a", "resolution_type": "refund"}
    rows: list[tuple[str, DlqCode | RejectionCode, str, dict[str, object]]] = [
        ("hours as true", "invalid_data", "envelope.create", {**envelope, "response_hours": True}),
        ("hours as a string", "invalid_data", "envelope.create", {**envelope, "response_hours": "4"}),
        ("no hours at all", "invalid_data", "envelope.create", {**envelope, "response_hours": 0}),
        ("too many hours", "invalid_data", "envelope.create", {**envelope, "response_hours": 8760.5}),
        ("level as true", "invalid_data", "alert.raise", {**alert, "level": True}),
        ("level 4", "invalid_data", "alert.raise", {**alert, "level": 4}),
        ("instant without an offset", "invalid_data", "alert.raise", {**alert, "at": "2026-11-24T09:30:00"}),
        ("instants at the calendar's ends", "ticket_unknown", "alert.raise", {**alert, "at": "9999-12-31T23:59:59Z"}),
        (
            "recipients as a string",
            "invalid_data",
            "message.record",
            {"direction": "inbound", "content": "", "to": "a"},
        ),
        ("empty note", "invalid_data", "note.add", {"agent_id": "a", "content": ""}),
        ("no such ticket", "ticket_unknown", "ticket.accept", {"agent_id": "a"}),
        ("agent with control characters", "ticket_unknown", "ticket.accept", {"agent_id": "a\x00\n"}),
        (
            "any amount",
            "ticket_unknown",
            "resolution.create",
            {**given, "amount": {}},
        ),
        ("empty category", "invalid_data", "resolution.create", {**given, "what_category": ""}),
        ("category of 501 characters", "invalid_data", "resolution.create", {**given, "why_category": "x" * 501}),
        ("category of 1 MiB", "too_large", "resolution.create", {**given, "what_category": "x" * MIB}),
        ("documentation of 65537 characters", "invalid_data", "resolution.create", {**given, "where": "x" * 65_537}),
    ]
    for name, outcome, command, data in rows:
        yield _case(name, outcome, type=f"org.itilnext.{command}.v1", data=data)


CORPUS: tuple[Case, ...] = (*_json(), *_sizes(), *_headers(), *_attributes(), *_data())
