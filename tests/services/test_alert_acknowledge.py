"""Acknowledging an alert: by a recipient, a lead or a manager, once (SPEC section 5)."""

import pytest

from contracts.commands import AcceptTicket, AcknowledgeAlert, CloseTicket, OpenTicket, RaiseAlert, ResolveTicket
from contracts.directory import Agent, Team
from contracts.events import AlertAcknowledged
from services.alerts import ALERT_SOURCE
from tests.services.cast import MONDAY, directory, later
from tests.services.spec import Story, given


def _raised(story: Story) -> Story:
    command = RaiseAlert(condition="not_updated", level=1, anchor_at=MONDAY, at=later(hours=4))
    step = story.when(command, at=later(hours=4), source=ALERT_SOURCE)
    step.then_accepted()
    return step.story


OWNED = given(OpenTicket(subject="s", team_id="desk"), AcceptTicket(agent_id="anna"))
RAISED = _raised(OWNED)  # anna is told
ALERT_ID = RAISED.now.alerts[0].alert_id


@pytest.mark.parametrize("agent_id", ["anna", "lea", "max"])
def test_a_recipient_a_lead_or_a_manager_acknowledges(agent_id: str) -> None:
    command = AcknowledgeAlert(alert_id=ALERT_ID, agent_id=agent_id)
    ticket = RAISED.when(command, at=later(hours=5)).then(AlertAcknowledged(**command.fields()))
    assert ticket.alerts[0].acknowledged_by == agent_id
    assert ticket.agent_activity_at == later(hours=5)  # somebody has looked at the ticket


def test_nobody_else_does() -> None:
    RAISED.when(AcknowledgeAlert(alert_id=ALERT_ID, agent_id="ben")).then_refused("not_authorized")
    RAISED.when(AcknowledgeAlert(alert_id=ALERT_ID, agent_id="zoe")).then_refused("agent_inactive")
    RAISED.when(AcknowledgeAlert(alert_id=ALERT_ID, agent_id="nobody")).then_refused("agent_unknown")


def test_who_stood_in_when_it_was_raised_is_a_recipient() -> None:
    owner_is_away = directory(Agent(id="anna", team_ids=("desk",), is_active=False, substitute_id="ben"))
    told = _raised(OWNED.with_directory(owner_is_away)).with_directory(directory(Team(id="desk")))
    told.when(AcknowledgeAlert(alert_id=told.now.alerts[0].alert_id, agent_id="ben")).then_accepted()


def test_once() -> None:
    seen = RAISED.given(AcknowledgeAlert(alert_id=ALERT_ID, agent_id="anna"))
    again = AcknowledgeAlert(alert_id=ALERT_ID, agent_id="lea")
    seen.when(again).then_refused("already_acknowledged", acknowledged_by="anna")
    seen.when(AcknowledgeAlert(alert_id=ALERT_ID, agent_id="ben")).then_refused("already_acknowledged")


def test_an_unknown_alert_comes_first() -> None:
    RAISED.when(AcknowledgeAlert(alert_id="a-9", agent_id="ben")).then_refused("alert_unknown", alert_id="a-9")


def test_on_a_resolved_ticket_it_still_can_be_on_a_closed_one_not() -> None:
    resolved = RAISED.given(ResolveTicket(agent_id="anna"))
    command = AcknowledgeAlert(alert_id=ALERT_ID, agent_id="anna")
    resolved.when(command).then_accepted()
    resolved.given(CloseTicket()).when(command).then_refused("ticket_closed")
