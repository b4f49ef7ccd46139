"""What a DLQ record's headers tell: what came, and Kafka Connect's names for why it is there (SPEC section 3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.dead_letters import (
    BadKey,
    DlqCode,
    Headers,
    InternalError,
    InvalidData,
    NotCloudEvent,
    NotJson,
    TooLarge,
    UnknownType,
    Unreadable,
    dead_letter_headers,
)

CODES: dict[type[Unreadable], DlqCode] = {
    TooLarge: "too_large",
    NotJson: "not_json",
    NotCloudEvent: "not_cloudevent",
    BadKey: "bad_key",
    UnknownType: "unknown_type",
    InvalidData: "invalid_data",
    InternalError: "internal_error",
}
PREFIX = "__connect.errors."
received_headers = st.lists(st.tuples(st.text(max_size=8), st.none() | st.binary(max_size=8)), max_size=5).map(tuple)


@pytest.mark.parametrize(("error", "code"), CODES.items())
def test_every_reason_has_its_code(error: type[Unreadable], code: DlqCode) -> None:
    assert dict(dead_letter_headers((), error("why"), "commands", 3, 7))["itilnext.error.code"] == code.encode()


def test_the_headers_of_the_page() -> None:
    told = dead_letter_headers((), BadKey("the key is not the subject"), "itilnext.ticket.commands.v1", 3, 1234)
    assert dict(told) == {
        f"{PREFIX}topic": b"itilnext.ticket.commands.v1",
        f"{PREFIX}partition": b"3",
        f"{PREFIX}offset": b"1234",
        f"{PREFIX}stage": b"KEY_CONVERTER",
        f"{PREFIX}exception.class.name": b"contracts.dead_letters.BadKey",
        f"{PREFIX}exception.message": b"the key is not the subject",
        "itilnext.error.code": b"bad_key",
    }


@given(received_headers)
def test_headers_as_received_come_first(received: Headers) -> None:
    headers = dead_letter_headers(received, NotJson("why"), "commands", 0, 0)
    assert headers[: len(received)] == received
    assert len(headers) == len(received) + 7


def test_a_replayed_record_tells_the_last_reason_only() -> None:
    received: Headers = (("a", None), ("a", b"\xff"), ("itilnext-moved", b"1:2"))
    once = dead_letter_headers(received, NotJson("first"), "commands", 0, 1)
    twice = dead_letter_headers(once, BadKey("second"), "commands", 2, 3)
    assert twice == dead_letter_headers(received, BadKey("second"), "commands", 2, 3)


def test_a_long_or_odd_message_still_is_a_header() -> None:
    told = dict(dead_letter_headers((), InternalError("x" * 100_000), "commands", 0, 0))
    assert told[f"{PREFIX}exception.message"] == b"x" * 1024
    odd = dict(
        dead_letter_headers((), InternalError("caf\N{LATIN SMALL LETTER E WITH ACUTE} \ud800"), "commands", 0, 0)
    )
    assert odd[f"{PREFIX}exception.message"] == b"caf\xc3\xa9 \\ud800"
