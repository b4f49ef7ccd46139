"""The pause clock and `due_at`, each worked out by hand (SPEC section 6)."""

from contracts.commands import (
    AcceptTicket,
    AwaitCustomer,
    ChangePriority,
    CloseTicket,
    OpenTicket,
    RecordMessage,
    ReopenTicket,
    ResolveTicket,
    ResumeTicket,
)
from contracts.directory import BusinessCalendar, Policy
from contracts.instants import LATEST
from tests.services.cast import directory, later
from tests.services.spec import given

AWAIT = AwaitCustomer(agent_id="anna")
RESUME = ResumeTicket(agent_id="anna")
RESOLVE = ResolveTicket(agent_id="anna")
OWNED = given(OpenTicket(subject="s"), AcceptTicket(agent_id="anna"))  # medium: 8 h, due 17:00
CRITICAL = given(OpenTicket(subject="s", priority="critical"), AcceptTicket(agent_id="anna"))  # 1 h, 24x7, due 10:00


def test_only_business_time_of_a_pause_counts() -> None:
    # Waiting from 17:00 to 09:00 the next day: one hour before closing, one after opening.
    paused = OWNED.given(AWAIT, at=later(hours=8)).given(RESUME, at=later(days=1))
    assert paused.now.paused_seconds == 2 * 3600
    assert paused.now.due_at == later(days=1)  # 09:00 on Tuesday: 9 of the 10 hours on Monday, one more


def test_around_the_clock_every_second_of_a_pause_counts() -> None:
    paused = CRITICAL.given(AWAIT, at=later(minutes=30)).given(RESUME, at=later(days=2, minutes=30))
    assert paused.now.paused_seconds == 2 * 24 * 3600
    assert paused.now.due_at == later(days=2, hours=1)


def test_pauses_add_up() -> None:
    once = OWNED.given(AWAIT, at=later(hours=1)).given(RESUME, at=later(hours=2))
    twice = once.given(AWAIT, at=later(hours=3)).given(RESUME, at=later(hours=3, minutes=30))
    assert twice.now.paused_seconds == 3600 + 1800
    assert twice.now.due_at == later(days=1, hours=-0.5)  # 17:00 + 1:30: 18:00, then from 08:00 to 08:30


def test_a_pause_is_counted_to_the_microsecond_and_whole_seconds_are_written_as_an_integer() -> None:
    fraction = CRITICAL.given(AWAIT).given(RESUME, at=later(seconds=0.000001))
    assert fraction.now.paused_seconds == 0.000001
    whole = CRITICAL.given(AWAIT, at=later(seconds=0.5)).given(RESUME, at=later(seconds=2.5))
    assert (whole.now.paused_seconds, type(whole.now.paused_seconds)) == (2, int)


def test_a_resolved_ticket_s_pause_runs_from_the_wait_to_the_reopening() -> None:
    waited = OWNED.given(AWAIT, at=later(hours=1)).given(RESOLVE, at=later(hours=2))
    closed = waited.given(CloseTicket(), at=later(hours=3))
    reopened = closed.given(ReopenTicket(), at=later(hours=4))
    assert reopened.now.paused_seconds == 3 * 3600  # since 10:00, not since 11:00 nor 12:00
    assert reopened.now.due_at == later(days=1, hours=1)  # 9 of 11 hours on Monday, then to 10:00
    assert reopened.now.paused_since is None


def test_an_answer_of_the_customer_ends_the_pause() -> None:
    waiting = OWNED.given(AWAIT, at=later(hours=1))
    answered = waiting.given(RecordMessage(direction="inbound", content="here it is"), at=later(hours=2))
    assert (answered.now.status, answered.now.paused_seconds) == ("in_progress", 3600)
    assert answered.now.due_at == later(hours=9)


def test_a_pause_counts_by_the_calendar_of_the_priority_at_its_end() -> None:
    # From 17:00 to 09:00 the next day, changed to critical meanwhile: all 16 hours count.
    waiting = OWNED.given(AWAIT, at=later(hours=8))
    urgent = waiting.given(ChangePriority(agent_id="anna", priority="critical"), at=later(hours=9))
    assert (urgent.now.due_at, urgent.now.paused_seconds) == (later(hours=1), 0)
    resumed = urgent.given(RESUME, at=later(days=1))
    assert resumed.now.paused_seconds == 16 * 3600
    assert resumed.now.due_at == later(hours=1 + 16)


def test_what_was_paused_is_not_reckoned_again_on_another_calendar() -> None:
    # 24 hours paused around the clock are 24 business hours after the change: with the target 32 of them, 9 on Monday,
    # 10 on Tuesday and on Wednesday, the last 3 to 11:00 on Thursday.
    paused = CRITICAL.given(AWAIT).given(RESUME, at=later(days=1))
    calmer = paused.given(ChangePriority(agent_id="anna", priority="medium"), at=later(days=1))
    assert (calmer.now.paused_seconds, calmer.now.due_at) == (24 * 3600, later(days=3, hours=2))


def test_the_policy_names_the_calendar() -> None:
    nights = BusinessCalendar(id="nights", timezone="Europe/Berlin", hours={"mon": (("22:00", "24:00"),)})
    policy = Policy(calendars={"medium": "nights", "critical": "elsewhere", "low": "24x7"})
    world = given().with_directory(directory(nights, policy))

    def due(command: OpenTicket) -> object:
        return world.when(command).then_accepted().due_at

    # Monday nights from 21:00 to 23:00 UTC: 8 hours take four Mondays.
    assert due(OpenTicket(subject="s")) == later(days=21, hours=14)
    assert due(OpenTicket(subject="s", priority="low")) == later(hours=24)
    # A calendar the directory does not hold stands for the default business calendar.
    assert due(OpenTicket(subject="s", priority="critical")) == later(hours=1)
    evening = world.when(OpenTicket(subject="s", priority="critical"), at=later(hours=9.5)).then_accepted()
    assert evening.due_at == later(days=1)  # an hour from 08:00


def test_the_ends_of_time_are_no_error() -> None:
    ancient = OWNED.now.opened_at.replace(year=1, month=1, day=1, hour=0)
    story = given(OpenTicket(subject="s"), AcceptTicket(agent_id="anna"), AWAIT, at=ancient)
    story.given(RESUME, at=ancient.replace(year=40))
    last = ancient.replace(year=9999, month=12, day=31, hour=23)
    assert given(OpenTicket(subject="s", priority="low"), at=last).now.due_at == LATEST
