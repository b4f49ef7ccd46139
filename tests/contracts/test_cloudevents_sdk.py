"""The official CloudEvents SDK as an oracle, both ways: it reads what the engine writes, the engine what it writes."""

from datetime import datetime
from typing import Any

import orjson
import pytest
from cloudevents.core.bindings import kafka
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.cloudevents import STRUCTURED_HEADERS
from contracts.commands import COMMANDS
from contracts.directory import directory_value, read_directory_change
from contracts.events import EVENTS
from contracts.instants import format_instant
from contracts.json_values import write_json
from contracts.received import Position, RawRecord, read_command
from contracts.recorded import NO_EVENT_YET, Cause, Head, record_event
from contracts.rejections import Refusal, write_rejection
from tests.contracts.kinds import instant_as_shown, instants
from tests.contracts.messages import POSITION, RECORDED_AT, RECORDED_AT_MS, SOURCE, TICKET, record, structured
from tests.contracts.page import command_data, event_data

# CloudEvents' String: Unicode without control characters. The SDK writes JSON escapes, the engine plain UTF-8.
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)
sources = st.sampled_from([SOURCE, "https://example.org/a%20b?c=d#e", "urn:itil:connector"])
ticket_ids = st.text("abcXYZ019._:-", min_size=1, max_size=128)


def _as_the_sdk_reads(value: bytes) -> tuple[dict[str, Any], object]:
    """Attributes and data of a record the engine wrote."""
    headers = {name: text or b"" for name, text in STRUCTURED_HEADERS}
    event = kafka.from_kafka_event(kafka.KafkaMessage(headers, None, value))
    return event.get_attributes(), event.get_data()


def _written(value: bytes) -> tuple[dict[str, Any], object]:
    """Attributes and data of a record, parsed as plain JSON."""
    event: dict[str, Any] = orjson.loads(value)
    data = event.pop("data")
    return {**event, "time": instant_as_shown(event["time"])}, data


@pytest.mark.parametrize("name", EVENTS)
@settings(max_examples=10)
@given(data=st.data(), at=instants.map(instant_as_shown), correlation_id=st.none() | texts)
def test_it_reads_our_events(name: str, data: st.DataObject, at: datetime, correlation_id: str | None) -> None:
    said = EVENTS[name].model_validate(data.draw(event_data(name)), by_name=False, by_alias=True)
    cause = Cause(TICKET, data.draw(sources), data.draw(texts), correlation_id, at)
    after = data.draw(st.sampled_from([NO_EVENT_YET, Head(7, "ab" * 32)]))
    value = record_event(said, 0, cause, after).value
    assert _as_the_sdk_reads(value) == _written(value)


def test_it_reads_our_rejections() -> None:
    command = read_command(record(structured(correlationid="k")))
    value = write_rejection(command, Refusal("no_change", "Nothing would change."), RECORDED_AT)
    assert _as_the_sdk_reads(value) == _written(value)


def test_it_reads_our_directory_entries() -> None:
    value = write_json(directory_value("agent", "anna", "/hr", {"name": "Anna"}))
    attributes, data = _as_the_sdk_reads(value)
    assert attributes["type"] == "org.itilnext.directory.agent.v1"
    assert data == {"id": "anna", "name": "Anna"}
    assert read_directory_change(b"agent:anna", value, STRUCTURED_HEADERS).id == "anna"


@pytest.mark.parametrize("mode", ["structured", "binary"])
@pytest.mark.parametrize("with_key", [True, False])
@given(data=st.data(), at=instants.map(instant_as_shown), ticket_id=ticket_ids)
def test_we_read_its_commands(mode: str, *, with_key: bool, data: st.DataObject, at: datetime, ticket_id: str) -> None:
    name = data.draw(st.sampled_from(sorted(COMMANDS)))
    said = data.draw(command_data(name))
    attributes = {
        "id": data.draw(texts),
        "source": data.draw(sources),
        "type": f"org.itilnext.{name}.v1",
        "subject": ticket_id,
        "time": at,
        "datacontenttype": "application/json",
        **({"partitionkey": ticket_id} if with_key else {}),
        **data.draw(st.fixed_dictionaries({}, optional={"correlationid": texts, "traceparent": texts})),
    }
    write = kafka.to_structured_event if mode == "structured" else kafka.to_binary_event
    message = write(CloudEvent(dict(attributes), said))
    key = message.key.encode() if isinstance(message.key, str) else message.key
    assert key == (ticket_id.encode() if with_key else None)
    command = read_command(RawRecord(POSITION, RECORDED_AT_MS, key, message.value, tuple(message.headers.items())))
    assert (command.ticket_id, command.source, command.id) == (ticket_id, attributes["source"], attributes["id"])
    assert (command.name, command.time) == (name, at)
    assert command.correlation_id == attributes.get("correlationid")
    assert command.data == COMMANDS[name].read(said)
    shown = orjson.loads(write_json(command.as_received))
    assert instant_as_shown(shown.pop("time")) == at
    assert shown.pop("data") == said
    assert shown.pop("specversion") == "1.0"
    assert shown == {key: text for key, text in attributes.items() if key != "time"}


def test_it_reads_a_time_as_we_write_it() -> None:
    value = structured(time=format_instant(RECORDED_AT))
    attributes, _ = _as_the_sdk_reads(value)
    command = read_command(RawRecord(Position(0, 0), -1, None, value, ()))
    assert attributes["time"] == command.time == RECORDED_AT
