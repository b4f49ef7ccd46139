"""The door: each record is a command, or has exactly one DLQ code, the first that applies (SPEC section 3)."""

import tracemalloc
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any, get_args

import orjson
import pytest
from msgspec import structs

from contracts.cloudevents import MAX_VALUE_BYTES, STRUCTURED_HEADERS
from contracts.commands import COMMANDS, OpenTicket
from contracts.dead_letters import BadKey, DlqCode, Headers, NotCloudEvent, Unreadable
from contracts.identity import command_key
from contracts.instants import LATEST, parse_instant
from contracts.received import RawRecord, read_command
from tests.contracts.messages import (
    ABSENT,
    POSITION,
    RECORDED_AT,
    SOURCE,
    TICKET,
    attributes,
    binary,
    record,
    structured,
)
from tests.contracts.page import least_data


def code_of(raw: RawRecord) -> str | None:
    """The DLQ code of a record, None where it is a command."""
    try:
        read_command(raw)
    except Unreadable as error:
        return error.code
    return None


def test_nothing_of_a_command_outlives_it_however_long_its_source() -> None:
    length, count = 400_000, 30
    tracemalloc.start()
    try:
        for number in range(count):
            source = f"/{number}/" + "s" * length
            assert read_command(record(structured(source=source))).key == command_key(source, "c1")
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 2 * length


def test_a_command_with_all_that_a_decision_may_know() -> None:
    value = structured(time="2026-11-24T09:29:00+00:00", correlationid="k")
    command = read_command(record(value))
    assert (command.ticket_id, command.source, command.id, command.name) == (TICKET, SOURCE, "c1", "ticket.open")
    assert (command.time, command.recorded_at) == (parse_instant("2026-11-24T09:29:00Z"), RECORDED_AT)
    assert (command.correlation_id, command.position) == ("k", POSITION)
    assert command.data == OpenTicket(subject="Printer on fire")
    assert command.key == command_key(SOURCE, "c1")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_read_in_both_modes(name: str) -> None:
    kind, data = f"org.itilnext.{name}.v1", least_data(name)
    command = read_command(record(structured(type=kind, data=data)))
    assert (command.name, type(command.data)) == (name, COMMANDS[name])
    in_binary = read_command(record(*binary(orjson.dumps(data), type=kind)))
    assert structs.replace(in_binary, as_received=None) == structs.replace(command, as_received=None)


def test_without_a_time_the_record_tells_it_and_the_other_way_round() -> None:
    assert read_command(record(structured())).time == RECORDED_AT
    assert read_command(record(structured(), timestamp=0)).time == parse_instant("1970-01-01T00:00:00Z")
    stamped = read_command(record(structured(time="0001-01-01T00:00:00Z"), timestamp=-1))
    assert stamped.time == stamped.recorded_at == parse_instant("0001-01-01T00:00:00Z")
    with pytest.raises(NotCloudEvent, match="no timestamp"):
        read_command(record(structured(), timestamp=-1))
    assert read_command(record(structured(), timestamp=2**63 - 1)).recorded_at == LATEST


@pytest.mark.parametrize("subject", ["x", "X" * 128, "INC-2026_03.1:2", "-", "0"])
def test_a_ticket_id(subject: str) -> None:
    assert read_command(record(structured(subject=subject), key=subject.encode())).ticket_id == subject


@pytest.mark.parametrize(
    "subject",
    [ABSENT, None, "", "x" * 129, "a b", "a/b", "a\n", "a\x00", "é", "\N{ARABIC-INDIC DIGIT ONE}", 5, True, ["x"], {}],
    ids=repr,
)
def test_what_is_no_ticket_id(subject: object) -> None:
    with pytest.raises(BadKey, match="subject"):
        read_command(record(structured(subject=subject), key=None))


@pytest.mark.parametrize("key", [b"", b"T-2", b"t-1", b"T-1 ", b"\xff", b"T-1\x00"])
def test_a_key_that_is_not_the_subject(key: bytes) -> None:
    with pytest.raises(BadKey, match="key"):
        read_command(record(structured(), key=key))


@pytest.mark.parametrize("partitionkey", ["", "T-2", 5, True, ["T-1"]])
def test_a_partitionkey_that_is_not_the_subject(partitionkey: object) -> None:
    with pytest.raises(BadKey, match="partitionkey"):
        read_command(record(structured(partitionkey=partitionkey), key=None))


@pytest.mark.parametrize("key", [None, b"T-1"])
@pytest.mark.parametrize("partitionkey", [ABSENT, None, "T-1"], ids=repr)
def test_keys_that_are_right(key: bytes | None, partitionkey: object) -> None:
    assert read_command(record(structured(partitionkey=partitionkey), key=key)).ticket_id == TICKET


@dataclass(frozen=True)
class _Draft:
    """A record to be spoiled."""

    attributes: Mapping[str, Any] = field(default_factory=attributes)
    key: bytes = TICKET.encode()
    ending: bytes = b""

    def spoiled(self, **changed: object) -> "_Draft":
        return replace(self, attributes={**self.attributes, **changed})

    def code(self, headers: Headers) -> str | None:
        return code_of(record(orjson.dumps(self.attributes) + self.ending, headers, self.key))


FAULTS: Mapping[str, Callable[[_Draft], _Draft]] = {
    "too_large": lambda draft: draft.spoiled(padding="x" * MAX_VALUE_BYTES),
    "not_json": lambda draft: replace(draft, ending=b"}"),
    "not_cloudevent": lambda draft: draft.spoiled(time="yesterday"),
    "bad_key": lambda draft: replace(draft, key=b"another"),
    "unknown_type": lambda draft: draft.spoiled(type="org.itilnext.ticket.delete.v1"),
    "invalid_data": lambda draft: draft.spoiled(data={}),
}


def test_the_codes_are_those_of_the_page_in_its_order() -> None:
    assert (*FAULTS, "internal_error") == get_args(DlqCode)


@pytest.mark.parametrize("count", range(len(FAULTS) + 1))
def test_of_several_faults_the_first_of_the_page_is_told(count: int) -> None:
    for codes in combinations(FAULTS, count):
        draft = _Draft()
        for code in codes:
            draft = FAULTS[code](draft)
        assert draft.code(STRUCTURED_HEADERS) == (codes[0] if codes else None), codes


def test_a_bad_header_counts_after_the_json_and_before_the_key() -> None:
    headers = (*STRUCTURED_HEADERS, ("ce_id", None))
    assert _Draft().code(headers) == "not_cloudevent"
    assert FAULTS["bad_key"](_Draft()).code(headers) == "not_cloudevent"
    assert FAULTS["not_json"](_Draft()).code(headers) == "not_json"
