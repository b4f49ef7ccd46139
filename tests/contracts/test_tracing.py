"""A command's trace is read from header or attribute, handed on as a header, and never a reason to refuse it."""

import pytest

from contracts.cloudevents import STRUCTURED_HEADERS
from contracts.dead_letters import Headers
from contracts.received import read_command
from contracts.tracing import with_traceparent
from tests.contracts.messages import record, structured

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
OTHER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"


def trace_of(headers: Headers = STRUCTURED_HEADERS, **attributes: object) -> str | None:
    return read_command(record(structured(**attributes), headers)).traceparent


def test_a_command_without_a_trace_has_none() -> None:
    assert trace_of() is None


def test_a_trace_is_read_from_the_attribute() -> None:
    assert trace_of(traceparent=TRACE) == TRACE


def test_a_trace_is_read_from_the_header_which_tells_the_last_hop() -> None:
    headers = with_traceparent(STRUCTURED_HEADERS, TRACE)
    assert trace_of(headers) == TRACE
    assert trace_of(headers, traceparent=OTHER) == TRACE


@pytest.mark.parametrize(
    "value",
    [
        "",
        "printer on fire",
        TRACE.upper(),
        TRACE + "-more",
        TRACE.replace("00-", "ff-", 1),
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-4bf92f3577b34da6a3ce929d0e0e4736-{'0' * 16}-01",
        5,
        None,
        {"a": 1},
    ],
)
def test_what_is_no_trace_is_ignored(value: object) -> None:
    assert trace_of(traceparent=value) is None


@pytest.mark.parametrize("raw", [None, b"", b"\xff\xfe", TRACE.encode() + b"\n"])
def test_a_header_that_is_no_trace_is_ignored(raw: bytes | None) -> None:
    assert trace_of((*STRUCTURED_HEADERS, ("traceparent", raw))) is None


def test_of_two_headers_none_counts() -> None:
    assert trace_of(with_traceparent(with_traceparent(STRUCTURED_HEADERS, TRACE), OTHER)) is None
