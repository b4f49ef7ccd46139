"""CloudEvents 1.0 on Kafka: both modes in, and what makes an attribute malformed (SPEC section 3)."""

from datetime import timedelta

import orjson
import pytest
from msgspec.structs import replace

from contracts.cloudevents import MAX_VALUE_BYTES, STRUCTURED_HEADERS, event_type, read_cloud_event
from contracts.dead_letters import Headers, NotCloudEvent, NotJson, TooLarge
from contracts.json_values import write_json
from tests.contracts.messages import ABSENT, SOURCE, TICKET, attributes, binary, structured

FULL = {"time": "2026-11-24T10:30:00+01:00", "datacontenttype": "application/json", "correlationid": "k"}


@pytest.mark.parametrize(
    "headers",
    [
        STRUCTURED_HEADERS,
        (("content-type", b"application/cloudevents+json; charset=utf-8"),),
        (("content-type", b"Application/CloudEvents+JSON"),),
        (),
        (("other", None), ("another", b"\xff")),
        (*STRUCTURED_HEADERS, ("ce_id", b"ignored, for the content type decides")),
    ],
)
def test_structured_mode(headers: Headers) -> None:
    value = structured(**FULL, partitionkey=TICKET, extension={"of": "no interest"})
    event = read_cloud_event(value, headers)
    assert (event.id, event.source, event.type, event.subject) == ("c1", SOURCE, event_type("ticket.open"), TICKET)
    assert event.time is not None
    assert event.time.isoformat() == "2026-11-24T09:30:00+00:00"
    assert event.time.utcoffset() == timedelta(0)
    assert (event.partitionkey, event.correlationid) == (TICKET, "k")
    assert event.data == {"subject": "Printer on fire"}
    assert write_json(event.as_received) == value


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", ABSENT])
def test_binary_mode(content_type: object) -> None:
    value, headers = binary(**{**FULL, "datacontenttype": ABSENT}, content_type=content_type)
    event = read_cloud_event(value, (*headers, ("other", None)))
    alike = read_cloud_event(structured(**FULL), STRUCTURED_HEADERS)
    assert replace(event, as_received=None) == replace(alike, as_received=None)
    received = orjson.loads(write_json(event.as_received))
    assert received == attributes(**{**FULL, "datacontenttype": content_type})


def test_data_in_binary_mode_is_shown_byte_by_byte() -> None:
    value, headers = binary(b'{ "subject": "a", "subject": "b", "n": 1e2 }')
    assert value in write_json(read_cloud_event(value, headers).as_received)


@pytest.mark.parametrize("name", ["specversion", "id", "source", "type"])
@pytest.mark.parametrize("value", [ABSENT, None, "", 1, 1.0, True, [], {}, "a\nb", "\x7f", "\x85"], ids=repr)
def test_a_required_attribute_missing_or_malformed(name: str, value: object) -> None:
    with pytest.raises(NotCloudEvent, match=name):
        read_cloud_event(structured(**{name: value}), ())


@pytest.mark.parametrize("name", ["time", "datacontenttype", "correlationid"])
@pytest.mark.parametrize("value", ["", 1, 1.0, True, [], {}, "a\nb"], ids=repr)
def test_an_optional_attribute_malformed(name: str, value: object) -> None:
    with pytest.raises(NotCloudEvent, match=name):
        read_cloud_event(structured(**{name: value}), ())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("specversion", "0.3"),
        ("specversion", "1.1"),
        ("id", "x" * 129),
        ("source", "not a URI"),
        ("source", "/connectors/é"),
        ("source", "/50%"),
        ("source", "/%zz"),
        ("time", "2026-11-24T09:30:00"),
        ("time", "0001-01-01T00:00:00+01:00"),
        ("time", "10000-01-01T00:00:00Z"),
        ("datacontenttype", "text/json"),
        ("datacontenttype", "application/xml"),
        ("datacontenttype", "application/json+x"),
    ],
)
def test_a_value_no_attribute_can_have(name: str, value: str) -> None:
    with pytest.raises(NotCloudEvent, match=name):
        read_cloud_event(structured(**{name: value}), ())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", "x" * 128),
        ("id", "\N{GRINNING FACE}" * 128),
        ("source", "https://example.org:8080/a%20b?c=d#e"),
        ("source", "urn:itil:connector"),
        ("source", "mailto:desk@example.org"),
        ("source", "x"),
        ("source", "/" + "a" * 100_000),
        ("datacontenttype", "application/json;charset=utf-8"),
        ("datacontenttype", "Application/JSON ; charset=utf-8"),
        ("time", None),
        ("correlationid", None),
        ("datacontenttype", None),
    ],
)
def test_a_value_an_attribute_can_have(name: str, value: object) -> None:
    assert read_cloud_event(structured(**{name: value}), ()).data


def test_a_long_source_that_is_almost_right_is_refused_at_once() -> None:
    with pytest.raises(NotCloudEvent, match="source"):
        read_cloud_event(structured(source="a" * 400_000 + " "), ())


@pytest.mark.parametrize("value", [b"[]", b"5", b'"x"', b"true", b"null", b" null "])
def test_a_structured_value_is_an_object(value: bytes) -> None:
    with pytest.raises(NotCloudEvent):
        read_cloud_event(value, STRUCTURED_HEADERS)


@pytest.mark.parametrize(
    "content_type",
    ["application/cloudevents", "application/cloudevents-batch+json", "application/cloudevents+avro", "text/plain", ""],
)
def test_an_unknown_content_type_has_no_attributes_to_go_by(content_type: str) -> None:
    with pytest.raises(NotCloudEvent):
        read_cloud_event(structured(), (("content-type", content_type.encode()),))
    value, headers = binary(content_type=content_type)
    with pytest.raises(NotCloudEvent, match="datacontenttype"):
        read_cloud_event(value, headers)


@pytest.mark.parametrize("name", ["content-type", "ce_id", "ce_anything"])
@pytest.mark.parametrize("text", [None, b"\xff\xfe"])
def test_a_header_the_engine_reads_is_never_null_and_always_utf_8(name: str, text: bytes | None) -> None:
    _, headers = binary()
    kept = tuple(header for header in headers if header[0] != name)
    with pytest.raises(NotCloudEvent, match=name):
        read_cloud_event(b"{}", (*kept, (name, text)))
    with pytest.raises(NotJson):
        read_cloud_event(b"{", (*kept, (name, text)))


def test_binary_null() -> None:
    _, headers = binary()
    with pytest.raises(NotJson):
        read_cloud_event(None, headers)
    with pytest.raises(NotCloudEvent):
        read_cloud_event(b"null", headers)


def test_a_value_over_the_limit_is_not_even_parsed() -> None:
    padding = MAX_VALUE_BYTES - len(structured(data={"subject": "s", "x": ""}))
    assert read_cloud_event(structured(data={"subject": "s", "x": "y" * padding}), ()).id == "c1"
    with pytest.raises(TooLarge, match="524289 bytes"):
        read_cloud_event(structured(data={"subject": "s", "x": "y" * (padding + 1)}), ())
    with pytest.raises(TooLarge):
        read_cloud_event(b"\xff" * (1024 * 1024), ())
