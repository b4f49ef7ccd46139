"""One command, one outcome: time, identity, ids and the hash chain, whatever the command (SPEC section 3)."""

from datetime import timedelta
from hashlib import sha256
from uuid import NAMESPACE_URL, uuid5

import pytest

from contracts.commands import AcceptTicket, AddFlag, AddNote, AwaitCustomer, Command, OpenTicket, RecordMessage
from contracts.directory import Policy
from contracts.instants import format_instant
from contracts.json_values import read_json
from contracts.recorded import RecordedEvent
from services.handling import Accepted, Rejected
from tests.services.cast import directory, later
from tests.services.spec import SOURCE, TICKET, Story, given

OPEN = OpenTicket(subject="s", team_id="desk")
OWNED = given(OPEN, AcceptTicket(agent_id="anna"))
NOTE = AddNote(agent_id="anna", content="n")
PUBLIC_BY_BEN = AddNote(agent_id="ben", content="n", visibility="public")


def last_event(story: Story) -> dict[str, object]:
    event = read_json(story.events[-1].value)
    assert isinstance(event, dict)
    return event


def test_a_command_happens_at_its_time() -> None:
    ticket = OWNED.when(NOTE, at=later(hours=1)).then_accepted()
    assert ticket.updated_at == later(hours=1)


def test_a_ticket_s_time_never_runs_backwards() -> None:
    step = OWNED.given(NOTE, at=later(hours=1)).when(NOTE, at=later(minutes=1))
    assert step.then_accepted().updated_at == later(hours=1)
    assert step.story.events[-1].time == later(hours=1)
    assert last_event(step.story)["time"] == "2026-01-05T10:00:00.000000Z"


def test_a_refusal_carries_the_effective_time_too() -> None:
    story = OWNED.given(NOTE, at=later(hours=1))
    assert story.when(PUBLIC_BY_BEN, at=later(minutes=1)).then_refused("not_owner").at == later(hours=1)
    assert story.when(PUBLIC_BY_BEN, at=later(hours=2)).then_refused("not_owner").at == later(hours=2)


def test_without_a_ticket_a_refusal_carries_the_command_s_time() -> None:
    assert given().when(NOTE, at=later(hours=1)).then_refused("ticket_unknown").at == later(hours=1)


@pytest.mark.parametrize("command", [NOTE, OPEN, PUBLIC_BY_BEN])
def test_a_time_more_than_five_minutes_after_the_record_s_is_refused_at_the_record_s(command: Command) -> None:
    beyond = later(minutes=5, seconds=0.000001)
    for story in (OWNED, given()):
        refused = story.when(command, at=beyond, recorded_at=later()).then_refused("time_in_future")
        assert refused.at == later()


def test_five_minutes_ahead_are_allowed() -> None:
    OWNED.when(NOTE, at=later(minutes=5), recorded_at=later()).then_accepted()


def test_the_ticket_s_own_time_may_be_ahead_of_the_record_s() -> None:
    story = OWNED.given(NOTE, at=later(hours=1))
    story.when(NOTE, at=later(), recorded_at=later()).then_accepted()


def test_an_accepted_identity_is_accepted_once_whatever_it_says_the_next_time() -> None:
    story = OWNED.when(NOTE, command_id="mine").story
    story.when(NOTE, command_id="mine").then_nothing()
    story.when(PUBLIC_BY_BEN, command_id="mine").then_nothing()
    story.when(OPEN, command_id="mine").then_nothing()
    story.when(NOTE, command_id="mine", at=later(days=1), recorded_at=later()).then_nothing()
    story.when(NOTE, command_id="mine", source="/connectors/other").then_accepted()
    story.when(NOTE, command_id="other").then_accepted()


def test_the_command_that_opened_the_ticket_is_a_duplicate_of_itself() -> None:
    opened = given().when(OPEN, command_id="first").story
    opened.when(OPEN, command_id="first").then_nothing()
    opened.when(OPEN, command_id="second").then_refused("ticket_exists")


def test_a_refused_command_sent_again_is_decided_afresh() -> None:
    story = given(OPEN)
    refused = story.when(AwaitCustomer(agent_id="anna"), command_id="mine")
    refused.then_refused("ticket_unowned")
    accepted = refused.story.given(AcceptTicket(agent_id="anna"))
    accepted.when(AwaitCustomer(agent_id="anna"), command_id="mine").then_accepted()


def test_a_command_is_remembered_by_the_hash_of_its_source_and_id_with_its_effective_time() -> None:
    ticket = given().when(OPEN, command_id="ä1", at=later(hours=1)).then_accepted()
    key = sha256(f"{SOURCE}\nä1".encode()).hexdigest()[:16]
    assert ticket.recent_commands == {key: "2026-01-05T10:00:00.000000Z"}


def test_a_command_of_two_events_is_remembered_once() -> None:
    waiting = OWNED.given(AwaitCustomer(agent_id="anna"))
    answered = waiting.given(RecordMessage(direction="inbound", content="m"))
    assert len(answered.now.recent_commands) == 4
    assert answered.now.version == 5


def test_the_newest_256_commands_are_remembered_and_all_of_seven_days() -> None:
    old = given(OPEN, *[NOTE] * 299)
    assert len(old.now.recent_commands) == 300  # none older than seven days
    week = old.given(NOTE, at=later(days=7))
    assert len(week.now.recent_commands) == 301  # not older than seven days: exactly so old
    after = old.given(NOTE, at=later(days=7, seconds=0.000001))
    assert len(after.now.recent_commands) == 256
    assert set(after.now.recent_commands.values()) == {
        format_instant(later()),
        format_instant(later(days=7, seconds=0.000001)),
    }


def test_a_forgotten_command_is_no_duplicate_and_a_remembered_one_is() -> None:
    story = given(OPEN, *[NOTE] * 255).given(NOTE, at=later(days=8))
    story.when(OPEN, command_id="c0").then_refused("ticket_exists")
    story.when(NOTE, command_id="c1").then_nothing()


def test_an_event_s_attributes_are_the_page_s() -> None:
    step = OWNED.when(NOTE, command_id="mine", correlation_id="thread-1", at=later(hours=1))
    before = OWNED.events[-1]
    event = last_event(step.story)
    space = uuid5(NAMESPACE_URL, "https://itilnext.org/event")
    assert event == {
        "specversion": "1.0",
        "id": str(uuid5(space, f"{TICKET}\n{SOURCE}\nmine\n0")),
        "source": "/itilnext/engine",
        "type": "org.itilnext.note.added.v1",
        "subject": TICKET,
        "time": "2026-01-05T10:00:00.000000Z",
        "datacontenttype": "application/json",
        "partitionkey": TICKET,
        "correlationid": "thread-1",
        "causationid": "mine",
        "causationsource": SOURCE,
        "ticketversion": 3,
        "prevhash": sha256(before.value).hexdigest(),
        "data": {"agent_id": "anna", "content": "n", "visibility": "internal", "envelope_id": None},
    }


def test_without_a_correlation_id_there_is_none() -> None:
    assert "correlationid" not in last_event(OWNED.given(NOTE))


def test_the_first_event_follows_none_and_the_second_of_a_command_has_index_one() -> None:
    first = read_json(OWNED.events[0].value)
    assert (first["ticketversion"], first["prevhash"]) == (1, "")
    legal = given(OPEN).with_directory(directory(Policy(legal_team_id="legal")))
    events = legal.when(AddFlag(agent_id="anna", flag="legal"), command_id="mine").story.events[-2:]
    space = uuid5(NAMESPACE_URL, "https://itilnext.org/event")
    assert [event.id for event in events] == [str(uuid5(space, f"{TICKET}\n{SOURCE}\nmine\n{i}")) for i in (0, 1)]
    assert events[1].prev_hash == sha256(events[0].value).hexdigest()
    assert {(event.cause_id, event.time) for event in events} == {("mine", later())}


def test_the_same_inputs_give_the_same_bytes() -> None:
    def told() -> list[bytes]:
        story = given(OPEN, AcceptTicket(agent_id="anna")).given(AwaitCustomer(agent_id="anna"), at=later(hours=1))
        return [event.value for event in story.given(RecordMessage(direction="inbound", content="m")).events]

    assert told() == told()


def test_the_snapshot_tells_the_offset_of_the_last_command_that_changed_it() -> None:
    refused = OWNED.when(PUBLIC_BY_BEN)
    assert isinstance(refused.outcome, Rejected)
    step = refused.story.when(NOTE)
    assert isinstance(step.outcome, Accepted)
    assert step.outcome.ticket.source_offset == 3  # open, accept and the refused one came before


def test_versions_and_the_head_hash_tie_the_ticket_to_its_log() -> None:
    def hashed(event: RecordedEvent) -> str:
        return sha256(event.value).hexdigest()

    assert (OWNED.now.version, OWNED.now.head_hash) == (2, hashed(OWNED.events[-1]))


def test_an_agent_s_activity_is_any_accepted_command_but_opening() -> None:
    assert given(OPEN).now.agent_activity_at is None
    flagged = given(OPEN).given(AddFlag(agent_id="ben", flag="vip"), at=later(hours=1))
    assert flagged.now.agent_activity_at == later(hours=1)
    assert timedelta(0) < flagged.now.updated_at - flagged.now.opened_at
