"""The nine cells of each priority worked out by hand, and the rounds they belong to (SPEC section 6)."""

from datetime import datetime, timedelta

import pytest

from contracts.commands import (
    AcceptTicket,
    AddNote,
    AwaitCustomer,
    ChangePriority,
    CloseTicket,
    Command,
    CreateEnvelope,
    OpenTicket,
    RaiseAlert,
    RecordMessage,
    ReopenTicket,
    ResolveTicket,
    ResumeTicket,
)
from contracts.directory import Policy
from contracts.events import AlertRaised
from contracts.identity import event_id
from contracts.model import Condition, Priority
from contracts.ticket import Alert, Recipient
from services.alert_rounds import next_due_at, outlook
from services.alerts import ALERT_SOURCE
from tests.services.cast import MONDAY, directory, later
from tests.services.spec import TICKET, Step, Story, given

TICK = timedelta(microseconds=1)
WORLD = directory()
ACCEPT = AcceptTicket(agent_id="anna")
UNOWNED = given(OpenTicket(subject="s"))  # medium: 8 h, due 17:00
OWNED = UNOWNED.given(ACCEPT)

REACHED: dict[Priority, dict[Condition, tuple[datetime, datetime, datetime]]] = {
    "critical": {
        "not_assigned": (later(minutes=5), later(minutes=10), later(minutes=15)),
        "not_updated": (later(minutes=15), later(minutes=30), later(minutes=45)),
        "not_completed": (later(minutes=30), later(minutes=45), later(hours=1)),
    },
    "high": {
        "not_assigned": (later(minutes=15), later(minutes=30), later(hours=1)),
        "not_updated": (later(hours=1), later(hours=2), later(hours=3)),
        "not_completed": (later(hours=3), later(hours=3.5), later(hours=4)),
    },
    "medium": {
        "not_assigned": (later(hours=1), later(hours=2), later(hours=4)),
        "not_updated": (later(hours=4), later(hours=6), later(hours=8)),
        "not_completed": (later(hours=6), later(hours=7), later(hours=8)),
    },
    # Open from 08:00 to 18:00: nine hours are left of Monday, so 16 end on Tuesday at 15:00, 24 on Wednesday at 13:00.
    "low": {
        "not_assigned": (later(hours=4), later(hours=8), later(days=1, hours=6)),
        "not_updated": (later(hours=8), later(days=1, hours=6), later(days=2, hours=4)),
        "not_completed": (later(days=2), later(days=2, hours=2), later(days=2, hours=4)),
    },
}
"""When each level is reached on a ticket opened, and where it is owned accepted, on Monday at 09:00."""
CELLS = [
    (priority, condition, level)
    for priority, conditions in REACHED.items()
    for condition in conditions
    for level in (1, 2, 3)
]


def ask(story: Story, condition: Condition, level: int, at: datetime, anchor_at: datetime = MONDAY) -> Step:
    """Ask for a level as the alert worker does."""
    command = RaiseAlert(condition=condition, level=level, anchor_at=anchor_at, at=at)
    return story.when(command, at=at, source=ALERT_SOURCE)


def raised(story: Story, condition: Condition, level: int, at: datetime, anchor_at: datetime = MONDAY) -> Story:
    """Go on with a level that was raised."""
    step = ask(story, condition, level, at, anchor_at)
    step.then_accepted()
    return step.story


def asked_for(story: Story, at: datetime) -> list[tuple[Condition, int]]:
    """Return what a tick of this instant asks for."""
    return [(cell.condition, cell.level) for cell in outlook(story.now, story.directory, at).due]


def holding(priority: Priority, condition: Condition) -> Story:
    """Return a ticket for which a condition holds: not_assigned without an owner, the others with one."""
    story = given(OpenTicket(subject="s", team_id="desk", priority=priority))
    return story if condition == "not_assigned" else story.given(ACCEPT)


@pytest.mark.parametrize(("priority", "condition", "level"), CELLS)
def test_a_level_is_reached_at_its_instant_and_not_before(priority: Priority, condition: Condition, level: int) -> None:
    story, instant = holding(priority, condition), REACHED[priority][condition][level - 1]
    anchor_at = REACHED[priority][condition][2] if condition == "not_completed" else MONDAY
    ask(story, condition, level, instant - TICK, anchor_at).then_refused("alert_stale", due_at=instant)
    assert (condition, level) not in asked_for(story, instant - TICK)
    assert (condition, level) in asked_for(story, instant)
    raised(story, condition, level, instant, anchor_at)


@pytest.mark.parametrize(("priority", "condition", "level"), CELLS)
def test_the_next_instant_of_a_ticket_is_that_of_its_first_level_to_come(
    priority: Priority, condition: Condition, level: int
) -> None:
    story = holding(priority, condition)
    reached = {other: REACHED[priority][other] for other in REACHED[priority]}
    hidden = "not_updated" if condition == "not_assigned" else "not_assigned"
    to_come = [instants[level - 1] if name == condition else instants[0] for name, instants in reached.items()]
    if level > 1:
        anchor_at = reached[condition][2] if condition == "not_completed" else MONDAY
        story = raised(story, condition, level - 1, reached[condition][level - 2], anchor_at)
    expected = min(at for name, at in zip(reached, to_come, strict=True) if name != hidden)
    assert next_due_at(story.now, WORLD) == expected


def test_an_alert_tells_all_that_was_asked_and_who_is_told() -> None:
    at = later(hours=4)
    step = ask(given(OpenTicket(subject="s", team_id="desk")), "not_assigned", 3, at)
    alert_id = event_id(TICKET, ALERT_SOURCE, "c1", "alert")
    told = (
        Recipient(agent_id="anna", role="tech", reason="team_member"),
        Recipient(agent_id="ben", role="tech", reason="team_member"),
        Recipient(agent_id="lea", role="tech", reason="team_member"),
        Recipient(agent_id="max", role="tech", reason="team_member"),
        Recipient(agent_id="nora", role="tech", reason="team_member"),
    )
    ticket = step.then(
        AlertRaised(
            alert_id=alert_id,
            condition="not_assigned",
            level=3,
            superseded_levels=(1, 2),
            anchor_at=MONDAY,
            at=at,
            recipients=told,
        )
    )
    assert ticket.alerts == (
        Alert(
            alert_id=alert_id,
            condition="not_assigned",
            level=3,
            superseded_levels=(1, 2),
            anchor_at=MONDAY,
            raised_at=at,
            recipients=told,
        ),
    )


def test_levels_climb_one_by_one_when_each_is_ticked() -> None:
    story = UNOWNED
    for level, hours in ((1, 1), (2, 2), (3, 4)):
        assert asked_for(story, later(hours=hours)) == [("not_assigned", level)]
        story = raised(story, "not_assigned", level, later(hours=hours))
        assert asked_for(story, later(hours=hours)) == []
    assert [(alert.level, alert.superseded_levels) for alert in story.now.alerts] == [(1, ()), (2, ()), (3, ())]


@pytest.mark.parametrize(("before", "level", "superseded"), [((), 2, (1,)), ((), 3, (1, 2)), ((1,), 3, (2,))])
def test_of_several_levels_due_at_once_the_highest_is_raised_and_the_others_count(
    before: tuple[int, ...], level: int, superseded: tuple[int, ...]
) -> None:
    story, at = UNOWNED, later(days=1)
    for earlier in before:
        story = raised(story, "not_assigned", earlier, later(hours=1))
    step = ask(story, "not_assigned", level, at)
    assert step.then_accepted().alerts[-1].superseded_levels == superseded
    for counted in (*before, *superseded, level):
        ask(step.story, "not_assigned", counted, at).then_refused("alert_already_raised")


def test_what_is_superseded_once_is_not_named_again() -> None:
    second = raised(UNOWNED, "not_assigned", 2, later(hours=2))
    third = raised(second, "not_assigned", 3, later(hours=4))
    assert [alert.superseded_levels for alert in third.now.alerts] == [(1,), ()]


def test_all_three_conditions_have_rounds_of_their_own() -> None:
    assert asked_for(OWNED, later(hours=8)) == [("not_updated", 3), ("not_completed", 3)]
    assert asked_for(UNOWNED, later(hours=8)) == [("not_assigned", 3), ("not_completed", 3)]
    story = raised(OWNED, "not_updated", 3, later(hours=8))
    assert asked_for(story, later(hours=8)) == [("not_completed", 3)]


def test_an_alert_is_not_activity_and_a_note_starts_a_new_round() -> None:
    story = raised(OWNED, "not_updated", 1, later(hours=4))
    assert story.now.agent_activity_at == MONDAY
    noted = story.given(AddNote(agent_id="ben", content="n"), at=later(hours=5))
    ask(noted, "not_updated", 2, later(hours=6)).then_refused("alert_stale", anchor_at=later(hours=5))
    assert asked_for(noted, later(hours=9) - TICK) == [("not_completed", 3)]
    assert asked_for(noted, later(hours=9)) == [("not_updated", 1), ("not_completed", 3)]
    again = raised(noted, "not_updated", 1, later(hours=9), later(hours=5))
    assert [alert.anchor_at for alert in again.now.alerts] == [MONDAY, later(hours=5)]


def test_a_message_of_the_customer_is_no_update() -> None:
    written = OWNED.given(RecordMessage(direction="inbound", content="and?"), at=later(hours=3))
    assert asked_for(written, later(hours=4)) == [("not_updated", 1)]


@pytest.mark.parametrize(
    ("then", "refused"),
    [
        ((), ()),
        ((AwaitCustomer(agent_id="anna"),), ("not_updated", "not_completed")),
        ((ResolveTicket(agent_id="anna"),), ("not_updated", "not_completed")),
        ((CreateEnvelope(agent_id="anna", reason="r", team_id="network"),), ()),
    ],
)
def test_a_condition_that_does_not_hold_is_stale(then: tuple[Command, ...], refused: tuple[Condition, ...]) -> None:
    story = OWNED.given(*then)
    at, anchors = later(days=3), {"not_assigned": MONDAY, "not_updated": MONDAY, "not_completed": later(hours=8)}
    for condition, anchor_at in anchors.items():
        step = ask(story, condition, 3, at, anchor_at)  # type: ignore[arg-type] # the keys are conditions
        if condition == "not_assigned" or condition in refused:
            step.then_refused("alert_stale", status=story.now.status)
        else:
            step.then_accepted()
    assert [condition for condition, _ in asked_for(story, at)] == [
        condition for condition in ("not_updated", "not_completed") if condition not in refused
    ]


def test_a_closed_ticket_takes_no_alert() -> None:
    closed = OWNED.given(ResolveTicket(agent_id="anna"), CloseTicket())
    ask(closed, "not_completed", 3, later(days=3), later(hours=8)).then_refused("ticket_closed")
    assert next_due_at(closed.now, WORLD) is None


def test_a_pause_moves_the_due_time_and_begins_a_new_round() -> None:
    warned = raised(OWNED, "not_completed", 1, later(hours=6), later(hours=8))
    waiting = warned.given(AwaitCustomer(agent_id="anna"), at=later(hours=6))
    assert asked_for(waiting, later(days=5)) == []
    resumed = waiting.given(ResumeTicket(agent_id="anna"), at=later(hours=7))
    assert resumed.now.due_at == later(hours=9)
    assert asked_for(resumed, later(hours=7)) == [("not_completed", 1)]
    raised(resumed, "not_completed", 1, later(hours=7), later(hours=9))


def test_a_pause_without_business_time_goes_on_with_the_round() -> None:
    warned = raised(OWNED, "not_completed", 1, later(hours=6), later(hours=8))
    waiting = warned.given(AwaitCustomer(agent_id="anna"), at=later(hours=9))
    resumed = waiting.given(ResumeTicket(agent_id="anna"), at=later(hours=23))  # from closing to opening
    assert resumed.now.due_at == later(hours=8)
    ask(resumed, "not_completed", 1, later(hours=23), later(hours=8)).then_refused("alert_already_raised")
    assert asked_for(resumed, later(hours=23)) == [("not_completed", 3)]


def test_a_reopened_ticket_is_watched_again() -> None:
    resolved = OWNED.given(ResolveTicket(agent_id="anna"), at=later(hours=1))
    assert next_due_at(resolved.now, WORLD) is None
    reopened = resolved.given(ReopenTicket(), at=later(hours=3))
    assert (reopened.now.due_at, reopened.now.agent_activity_at) == (later(days=1), later(hours=3))
    assert next_due_at(reopened.now, WORLD) == later(hours=7)  # not_updated, four hours after the reopening


def test_a_changed_priority_moves_the_due_time_and_the_thresholds() -> None:
    urgent = UNOWNED.given(ChangePriority(agent_id="lea", priority="critical"), at=later(minutes=1))
    assert asked_for(urgent, later(minutes=10)) == [("not_assigned", 2)]
    assert asked_for(urgent, later(hours=1)) == [("not_assigned", 3), ("not_completed", 3)]


def test_a_changed_policy_holds_for_thresholds_at_once_and_for_the_due_time_at_the_next_clock_event() -> None:
    changed = directory(
        Policy(
            targets={"medium": "PT4H"},
            thresholds={
                "medium": {"not_assigned": ("PT2M", "PT4M", "PT6M"), "not_completed": ("PT3H", "PT1H", "PT0S")}
            },
        )
    )
    story = UNOWNED.with_directory(changed)
    assert asked_for(story, later(minutes=2)) == [("not_assigned", 1)]
    assert asked_for(story, later(hours=5)) == [("not_assigned", 3), ("not_completed", 1)]  # three hours before 17:00
    assert story.now.due_at == later(hours=8)
