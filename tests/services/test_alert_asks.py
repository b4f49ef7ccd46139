"""When levels come due around closed hours, who may ask for them, and how often (SPEC section 6)."""

from contracts.commands import OpenTicket, RaiseAlert
from services.alert_rounds import cells
from services.alerts import ALERT_SOURCE
from tests.services.cast import MONDAY, directory, later
from tests.services.spec import given

WORLD = directory()
UNOWNED = given(OpenTicket(subject="s"))  # medium: 8 h, due 17:00


def test_thresholds_run_on_business_time_before_and_after_the_anchor() -> None:
    friday = later(days=4, hours=8)  # 17:00: an hour to closing
    story = given(OpenTicket(subject="s", priority="high"), at=friday)
    assert story.now.due_at == later(days=7, hours=2)  # Monday, 11:00
    reached = {(cell.condition, cell.level): cell.due_at for cell in cells(story.now, WORLD)}
    assert reached["not_assigned", 3] == later(days=4, hours=9)  # at closing, not at the next opening
    assert reached["not_completed", 1] == later(days=7, hours=1)
    slow = given(OpenTicket(subject="s", priority="medium"), at=later(days=4, hours=1))  # Friday, 10:00: due at 18:00
    assert slow.now.due_at == later(days=4, hours=9)


def test_a_warning_of_as_much_time_as_is_closed_lies_before_closing() -> None:
    story = given(OpenTicket(subject="s"), at=later(hours=2))  # due on Tuesday at 09:00
    assert story.now.due_at == later(days=1)
    reached = {cell.level: cell.due_at for cell in cells(story.now, WORLD) if cell.condition == "not_completed"}
    # The latest instant with an hour to go is 08:00; with two, 17:00 the day before.
    assert reached == {1: later(hours=8), 2: later(hours=23), 3: later(days=1)}


def test_only_the_alert_worker_raises_alerts() -> None:
    command = RaiseAlert(condition="not_assigned", level=1, anchor_at=MONDAY, at=later(hours=1))
    UNOWNED.when(command, at=later(hours=1)).then_refused("not_authorized")


def test_the_same_question_twice_is_answered_once() -> None:
    command = RaiseAlert(condition="not_assigned", level=1, anchor_at=MONDAY, at=later(hours=1))
    once = UNOWNED.when(command, at=later(hours=1), source=ALERT_SOURCE, command_id="same")
    once.then_accepted()
    once.story.when(command, at=later(hours=2), source=ALERT_SOURCE, command_id="same").then_nothing()
    once.story.when(command, at=later(hours=2), source=ALERT_SOURCE).then_refused("alert_already_raised")
