"""Events: their attributes, their data, their place in the chain; what is written is read back (SPEC section 3)."""

from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from itertools import pairwise
from typing import Any, get_args
from uuid import NAMESPACE_URL, uuid5

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts.commands import COMMANDS
from contracts.events import EVENTS, Event, TicketAccepted, TicketOpened, TicketResumed
from contracts.recorded import NO_EVENT_YET, Cause, Head, UnreadableEvent, read_recorded_event, record_event
from tests.contracts import page
from tests.contracts.kinds import characters, instant_as_shown, instants
from tests.contracts.messages import SOURCE, TICKET

AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
CAUSE = Cause(TICKET, SOURCE, "c1", "k", AT)
ACCEPTED = TicketAccepted(agent_id="anna")
texts = st.text(characters, min_size=1, max_size=20)
causes = st.builds(Cause, texts, texts, texts, st.none() | texts, st.datetimes(timezones=st.just(UTC)))
heads = st.builds(Head, st.integers(0, 10**6), st.binary(min_size=32, max_size=32).map(bytes.hex))


def test_the_events_are_those_of_the_page() -> None:
    assert EVENTS.keys() == page.EVENTS.keys()
    assert set(EVENTS.values()) == set(get_args(Event))


@pytest.mark.parametrize("name", page.EVENTS)
def test_an_event_has_the_fields_of_its_command_and_its_own(name: str) -> None:
    command, own = page.EVENTS[name]
    said = page.COMMANDS[command] if command else {}
    fields = {field.alias or key for key, field in EVENTS[name].model_fields.items()}
    assert fields == {*said, *own}


@pytest.mark.parametrize("name", page.EVENTS)
@settings(max_examples=25)
@given(data=st.data(), cause=causes, index=st.integers(0, 9), after=heads)
def test_what_is_recorded_is_read_back(name: str, data: st.DataObject, cause: Cause, index: int, after: Head) -> None:
    event = EVENTS[name].model_validate(data.draw(page.event_data(name)), by_name=False, by_alias=True)
    recorded = record_event(event, index, cause, after)
    assert read_recorded_event(recorded.value) == recorded
    assert recorded.name == name
    assert recorded.head == Head(after.version + 1, sha256(recorded.value).hexdigest())


@pytest.mark.parametrize("name", page.EVENTS)
@settings(max_examples=25)
@given(data=st.data())
def test_data_holds_every_known_field_null_where_absent(name: str, data: st.DataObject) -> None:
    said = data.draw(page.event_data(name))
    event = EVENTS[name].model_validate(said, by_name=False, by_alias=True)
    written = orjson.loads(record_event(event, 0, CAUSE, NO_EVENT_YET).value)["data"]
    assert written.keys() == said.keys()
    for key, value in said.items():
        if isinstance(value, str) and isinstance(written[key], str) and written[key] != value:
            assert instant_as_shown(written[key]) == instant_as_shown(value)
        else:
            assert written[key] == value


def test_the_attributes_of_an_event() -> None:
    after = Head(4, "ab" * 32)
    written = orjson.loads(record_event(ACCEPTED, 1, CAUSE, after).value)
    namespace = uuid5(NAMESPACE_URL, "https://itilnext.org/event")
    assert written == {
        "specversion": "1.0",
        "id": str(uuid5(namespace, f"{TICKET}\n{SOURCE}\nc1\n1")),
        "source": "/itilnext/engine",
        "type": "org.itilnext.ticket.accepted.v1",
        "subject": TICKET,
        "time": "2026-11-24T09:30:00.000000Z",
        "datacontenttype": "application/json",
        "partitionkey": TICKET,
        "correlationid": "k",
        "causationid": "c1",
        "causationsource": SOURCE,
        "ticketversion": 5,
        "prevhash": "ab" * 32,
        "data": {"agent_id": "anna"},
    }


def test_a_command_without_a_correlation_id_gives_events_without_one() -> None:
    event = record_event(ACCEPTED, 0, replace(CAUSE, correlation_id=None), NO_EVENT_YET)
    assert "correlationid" not in orjson.loads(event.value)
    assert read_recorded_event(event.value).correlation_id is None


@given(st.lists(instants.map(instant_as_shown), min_size=1, max_size=6))
def test_the_chain_goes_over_exact_bytes_without_a_gap(times: list[datetime]) -> None:
    head, events = NO_EVENT_YET, []
    for index, at in enumerate(times):
        event = record_event(ACCEPTED, index, replace(CAUSE, at=at), head)
        head = event.head
        events.append(event)
    assert (events[0].version, events[0].prev_hash) == (1, "")
    for earlier, later in pairwise(events):
        assert later.version == earlier.version + 1
        assert orjson.loads(later.value)["prevhash"] == sha256(earlier.value).hexdigest()


@given(causes, heads)
def test_the_same_inputs_give_the_same_bytes(cause: Cause, after: Head) -> None:
    assert record_event(ACCEPTED, 0, cause, after) == record_event(ACCEPTED, 0, cause, after)


def test_an_events_data_extends_its_commands() -> None:
    fields = COMMANDS["ticket.open"].read({"subject": "s"}).fields()
    opened = TicketOpened(**{**fields, "reference": "R", "due_at": AT, "customer_tier": "vip"})
    assert {name: opened.wire()[name] for name in fields if name != "reference"} == {
        name: value for name, value in fields.items() if name != "reference"
    }


def test_a_resume_as_a_second_event_has_no_agent() -> None:
    own = {"due_at": None, "paused_seconds": 1.5}
    event = record_event(TicketResumed.model_validate(own), 1, CAUSE, NO_EVENT_YET)
    assert orjson.loads(event.value)["data"] == own
    assert read_recorded_event(event.value) == event


def _damaged(change: Callable[[dict[str, Any]], object]) -> bytes:
    event = orjson.loads(record_event(ACCEPTED, 0, CAUSE, NO_EVENT_YET).value)
    change(event)
    return orjson.dumps(event)


# Whether a text is the right one, the chain and the audit tell; that these are texts is for the reader.
TEXTS = ("id", "subject", "causationid", "causationsource", "prevhash")
CHECKED = ("specversion", "source", "type", "time", "ticketversion", "data")


@pytest.mark.parametrize("name", [*TEXTS, *CHECKED])
def test_damage_is_told(name: str) -> None:
    with pytest.raises(UnreadableEvent):
        read_recorded_event(_damaged(lambda event: event.pop(name)))
    for value in (None, 0, True, [], {"agent_id": 5}, *(("",) if name in CHECKED else ())):
        with pytest.raises(UnreadableEvent):
            read_recorded_event(_damaged(lambda event, value=value: event.update({name: value})))  # type: ignore[misc]


@pytest.mark.parametrize("value", [None, b"", b"{", b"[]", b"null", b"5", b"\xff"])
def test_what_is_no_event(value: bytes | None) -> None:
    with pytest.raises(UnreadableEvent):
        read_recorded_event(value)


def test_an_event_of_a_later_version_is_told_by_its_type() -> None:
    with pytest.raises(UnreadableEvent, match=r"ticket\.accepted\.v2"):
        read_recorded_event(_damaged(lambda event: event.update(type="org.itilnext.ticket.accepted.v2")))
