"""The nine cells of a ticket, and who still has to look at an alert (SPEC sections 6 and 8)."""

from contracts.commands import AcceptTicket, AcknowledgeAlert, AddNote, OpenTicket, RaiseAlert, ResolveTicket
from services.alert_grid import alert_grid
from services.alerts import ALERT_SOURCE
from services.view_index import index_entries
from tests.services.cast import MONDAY, later
from tests.services.spec import Story, given

OWNED = given(OpenTicket(subject="s", team_id="desk"), AcceptTicket(agent_id="anna"))


def _raised(story: Story, level: int, hours: float) -> Story:
    command = RaiseAlert(condition="not_updated", level=level, anchor_at=MONDAY, at=later(hours=hours))
    step = story.when(command, at=later(hours=hours), source=ALERT_SOURCE)
    step.then_accepted()
    return step.story


def _states(story: Story, hours: float) -> list[str]:
    return [cell.state for cell in alert_grid(story.now, story.directory, later(hours=hours))]


def _listed(story: Story) -> set[tuple[str, str]]:
    return {(entry.key, entry.member) for entry in index_entries(story.now) if entry.kind == "alerts"}


def test_nine_cells_of_which_those_that_hold_tell_when_they_come_due() -> None:
    cells = alert_grid(OWNED.now, OWNED.directory, MONDAY)
    assert [(cell.condition, cell.level, cell.due_at) for cell in cells] == [
        *(("not_assigned", level, None) for level in (1, 2, 3)),
        *(("not_updated", level, later(hours=hours)) for level, hours in ((1, 4), (2, 6), (3, 8))),
        *(("not_completed", level, later(hours=hours)) for level, hours in ((1, 6), (2, 7), (3, 8))),
    ]
    assert [cell.anchor_at for cell in cells] == [None] * 3 + [MONDAY] * 3 + [later(hours=8)] * 3


def test_a_cell_is_due_from_its_instant_until_it_is_raised() -> None:
    assert _states(OWNED, 5.99) == ["not_holding"] * 3 + ["due", "to_come", "to_come"] + ["to_come"] * 3
    assert _states(OWNED, 6) == ["not_holding"] * 3 + ["due", "due", "to_come"] + ["due", "to_come", "to_come"]


def test_what_was_raised_superseded_and_acknowledged_shows_its_alert() -> None:
    raised = _raised(OWNED, 2, 6)
    alert = raised.now.alerts[0]
    assert _states(raised, 6)[3:6] == ["superseded", "raised", "to_come"]
    seen = raised.given(AcknowledgeAlert(alert_id=alert.alert_id, agent_id="lea"), at=later(hours=6))
    # To acknowledge is an agent's activity, so the clock of not_updated starts anew.
    assert _states(seen, 6)[3:6] == ["to_come"] * 3
    assert [cell.alert for cell in alert_grid(raised.now, raised.directory, MONDAY)[3:6]] == [alert, alert, None]


def test_an_acknowledged_alert_stays_in_the_cell_of_its_round() -> None:
    story = given(OpenTicket(subject="s", team_id="desk"))
    command = RaiseAlert(condition="not_assigned", level=1, anchor_at=MONDAY, at=later(hours=1))
    raised = story.when(command, at=later(hours=1), source=ALERT_SOURCE).story
    seen = raised.given(AcknowledgeAlert(alert_id=raised.now.alerts[0].alert_id, agent_id="lea"))
    assert _states(seen, 1)[:3] == ["acknowledged", "to_come", "to_come"]


def test_earlier_rounds_are_not_in_the_grid() -> None:
    noted = _raised(OWNED, 1, 4).given(AddNote(agent_id="ben", content="n"), at=later(hours=5))
    assert _states(noted, 5)[3:6] == ["to_come"] * 3


def test_an_alert_stands_on_the_list_of_its_recipients_until_acknowledged_or_resolved() -> None:
    raised = _raised(OWNED, 2, 6)
    alert_id = raised.now.alerts[0].alert_id
    assert _listed(raised) == {("anna", f"T-1/{alert_id}"), ("lea", f"T-1/{alert_id}")}
    assert _listed(raised.given(AcknowledgeAlert(alert_id=alert_id, agent_id="lea"))) == set()
    assert _listed(raised.given(ResolveTicket(agent_id="anna"))) == set()
