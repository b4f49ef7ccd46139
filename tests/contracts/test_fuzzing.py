"""Whatever a record holds, the door answers with a command or with a reason why it is none, and with nothing else."""

from typing import Any

import orjson
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.cloudevents import STRUCTURED_HEADERS
from contracts.commands import COMMANDS
from contracts.dead_letters import Headers, Unreadable, dead_letter_headers
from contracts.received import RawRecord, ReceivedCommand, read_command
from contracts.rejections import Refusal, write_rejection
from tests.contracts.kinds import json_values
from tests.contracts.messages import POSITION, TICKET, attributes, binary, record, structured
from tests.contracts.page import command_data

REFUSAL = Refusal("no_change", "Nothing would change.")
HEADER_NAMES = ("content-type", "ce_id", "ce_type", "ce_time", "ce_subject", "ce_specversion", "ce_", "other")
HEADER_VALUES = (b"application/cloudevents+json", b"application/json", b"1.0", TICKET.encode())
some_headers = st.lists(
    st.tuples(
        st.sampled_from(HEADER_NAMES) | st.text(max_size=10),
        st.none() | st.binary(max_size=20) | st.sampled_from(HEADER_VALUES),
    ),
    max_size=6,
).map(tuple)
some_keys = st.none() | st.binary(max_size=10) | st.just(TICKET.encode())
some_timestamps = st.integers(-1, 2**63 - 1)
structured_or_none = st.sampled_from([STRUCTURED_HEADERS, ()])


@st.composite
def commands(draw: st.DrawFn) -> dict[str, Any]:
    """A valid command of any type, as attributes and data."""
    name = draw(st.sampled_from(sorted(COMMANDS)))
    return attributes(type=f"org.itilnext.{name}.v1", data=draw(command_data(name)))


@st.composite
def spoiled_bytes(draw: st.DrawFn) -> bytes:
    """A valid command with some bytes cut out, repeated or replaced."""
    value = orjson.dumps(draw(commands()))
    for _ in range(draw(st.integers(1, 4))):
        begin = draw(st.integers(0, len(value)))
        end = draw(st.integers(begin, min(begin + 8, len(value))))
        between = draw(
            st.binary(max_size=4) | st.sampled_from([b'"', b"{", b"[", b"\\u", b"null", value[begin : end + 1] * 2])
        )
        value = value[:begin] + between + value[end:]
    return value


@st.composite
def spoiled_fields(draw: st.DrawFn) -> bytes:
    """A valid command with some attributes and fields replaced by any JSON, added, or left out."""
    command = draw(commands())
    for fields in (command, command["data"]):
        for name in draw(st.lists(st.sampled_from([*fields, "time", "partitionkey", "unknown"]), max_size=2)):
            fields[name] = draw(json_values)
            if draw(st.booleans()) and fields is not command:
                del fields[name]
    return orjson.dumps(command)


def _answered(raw: RawRecord) -> ReceivedCommand | Unreadable:
    """Read a record, and check that what comes next can go on from there. Any other exception fails the test."""
    try:
        command = read_command(raw)
    except Unreadable as error:
        headers = dead_letter_headers(raw.headers, error, "commands", POSITION.partition, POSITION.offset)
        assert all(text is None or isinstance(text, bytes) for _, text in headers)
        return error
    assert raw.key in (None, command.ticket_id.encode())
    rejection = orjson.loads(write_rejection(command, REFUSAL, command.recorded_at))
    assert rejection["subject"] == rejection["data"]["command"]["subject"] == command.ticket_id
    return command


@given(st.none() | st.binary(max_size=200), some_headers, some_keys, some_timestamps)
@example(b"\xff" * 600_000, (), None, 0)
def test_any_bytes(value: bytes | None, headers: Headers, key: bytes | None, timestamp: int) -> None:
    _answered(RawRecord(POSITION, timestamp, key, value, headers))


@given(json_values, some_headers, some_keys, some_timestamps)
def test_any_json(value: object, headers: Headers, key: bytes | None, timestamp: int) -> None:
    _answered(RawRecord(POSITION, timestamp, key, orjson.dumps(value), headers))


@given(spoiled_bytes(), structured_or_none, some_keys, some_timestamps)
def test_a_command_with_some_bytes_changed(value: bytes, headers: Headers, key: bytes | None, timestamp: int) -> None:
    answer = _answered(RawRecord(POSITION, timestamp, key, value, headers))
    if isinstance(answer, ReceivedCommand):
        rejection = orjson.loads(write_rejection(answer, REFUSAL, answer.time))
        assert rejection["data"]["command"] == orjson.loads(value)


@given(spoiled_fields(), structured_or_none, some_keys)
def test_a_command_with_some_fields_changed(value: bytes, headers: Headers, key: bytes | None) -> None:
    _answered(record(value, headers, key))


@given(spoiled_fields().map(orjson.loads), some_headers)
def test_a_binary_command_with_some_headers_changed(event: dict[str, Any], added: Headers) -> None:
    value, headers = binary(orjson.dumps(event.pop("data", None)), **event)
    _answered(record(value, headers + added))


@given(commands())
def test_a_good_command_is_read(event: dict[str, Any]) -> None:
    command = _answered(record(structured(**event)))
    assert isinstance(command, ReceivedCommand)
    assert f"org.itilnext.{command.name}.v1" == event["type"]
