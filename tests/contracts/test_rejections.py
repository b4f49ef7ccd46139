"""Rejections: the closed list of codes, and a record that holds the command as it was received (SPEC sections 3, 5)."""

from datetime import timedelta
from uuid import NAMESPACE_URL, uuid5

import orjson
import pytest
from hypothesis import given
from msgspec.structs import replace

from contracts.json_values import write_json
from contracts.received import read_command
from contracts.rejections import REJECTION_CODES, Refusal, write_rejection
from tests.contracts.kinds import json_values
from tests.contracts.messages import POSITION, RECORDED_AT, SOURCE, TICKET, attributes, binary, record, structured

PAGE_CODES = """
    time_in_future ticket_exists ticket_unknown ticket_closed ticket_resolved agent_unknown agent_inactive
    team_unknown ticket_already_owned agent_at_capacity transfer_not_exceptional ticket_unowned not_authorized
    same_owner not_owner no_change envelopes_open resolution_pending not_resolved envelope_unknown
    not_envelope_participant expert_unknown envelope_target_missing owner_cannot_assist envelope_exists
    envelope_not_pending assigned_to_other not_team_member envelope_not_active envelope_not_open task_exists
    task_unknown task_not_open not_task_participant flag_already_set flag_not_set documentation_missing
    amount_invalid currency_unsupported resolution_exists resolution_unknown resolution_not_pending self_approval
    calibration_not_requested already_reviewed self_review alert_already_raised alert_stale alert_unknown
    already_acknowledged
"""
REFUSAL = Refusal("no_change", "The priority is high already.", {"priority": "high", "since": RECORDED_AT})


def test_the_codes_are_those_of_the_page() -> None:
    assert set(PAGE_CODES.split()) == REJECTION_CODES


def test_a_rejection_names_its_command_and_says_why() -> None:
    value = structured(correlationid="k")
    rejection = orjson.loads(write_rejection(read_command(record(value)), REFUSAL, RECORDED_AT))
    namespace = uuid5(NAMESPACE_URL, "https://itilnext.org/event")
    name = f"{TICKET}\n{SOURCE}\nc1\nrejected:{POSITION.partition}:{POSITION.offset}"
    assert rejection == {
        "specversion": "1.0",
        "id": str(uuid5(namespace, name)),
        "source": "/itilnext/engine",
        "type": "org.itilnext.command.rejected.v1",
        "subject": TICKET,
        "time": "2026-11-24T09:30:00.123000Z",
        "datacontenttype": "application/json",
        "partitionkey": TICKET,
        "correlationid": "k",
        "causationid": "c1",
        "causationsource": SOURCE,
        "data": {
            "code": "no_change",
            "message": "The priority is high already.",
            "details": {"priority": "high", "since": "2026-11-24T09:30:00.123000Z"},
            "command": attributes(correlationid="k"),
        },
    }


def test_no_correlation_and_no_details() -> None:
    bare = Refusal("no_change", "Nothing would change.")
    rejection = orjson.loads(write_rejection(read_command(record(structured())), bare, RECORDED_AT))
    assert "correlationid" not in rejection
    assert rejection["data"]["details"] == {}


@pytest.mark.parametrize(
    "oddity",
    [
        b' "n" : 1.0',
        b'"n":1e2',
        b'"n":123456789012345678901234567890',
        b'"n":1,\t"n":2',
        b'"n":"\\u00e9\\/"',
        b'"n":-0.0',
    ],
)
def test_it_holds_the_command_byte_by_byte(oddity: bytes) -> None:
    value = structured().replace(b'"specversion"', oddity + b',"specversion"')
    assert value in write_rejection(read_command(record(value)), REFUSAL, RECORDED_AT)


@given(json_values)
def test_it_holds_what_the_engine_ignores(unknown: object) -> None:
    value = structured(data={"subject": "s", "unknown": unknown}, extension=unknown)
    rejection = orjson.loads(write_rejection(read_command(record(value)), REFUSAL, RECORDED_AT))
    assert rejection["data"]["command"] == orjson.loads(value)


def test_a_binary_command_is_shown_in_structured_mode() -> None:
    value, headers = binary(b'{"subject":"s","n":1e2}', time="2026-11-24T09:00:00Z", extra="x")
    rejection = write_rejection(read_command(record(value, headers)), REFUSAL, RECORDED_AT)
    shown = attributes(
        time="2026-11-24T09:00:00Z", extra="x", datacontenttype="application/json", data={"subject": "s", "n": 100.0}
    )
    assert orjson.loads(rejection)["data"]["command"] == shown
    assert b'{"subject":"s","n":1e2}' in rejection


def test_each_delivery_is_rejected_under_an_id_of_its_own() -> None:
    first = read_command(record(structured()))
    second = replace(first, position=replace(POSITION, offset=POSITION.offset + 1))
    later = RECORDED_AT + timedelta(days=1)
    ids = {
        orjson.loads(write_rejection(each, REFUSAL, at))["id"]
        for each in (first, second)
        for at in (RECORDED_AT, later)
    }
    assert len(ids) == 2


def test_the_same_rejection_has_the_same_bytes() -> None:
    command = read_command(record(structured()))
    assert write_rejection(command, REFUSAL, RECORDED_AT) == write_rejection(command, REFUSAL, RECORDED_AT)
    assert write_json(REFUSAL.details) == b'{"priority":"high","since":"2026-11-24T09:30:00.123000Z"}'
