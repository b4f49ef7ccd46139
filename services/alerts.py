"""Alerts climb: the tech, then the supervisor, then the manager; each once, none lost (SPEC sections 5 and 6)."""

from collections.abc import Iterator

from contracts.commands import AcknowledgeAlert, RaiseAlert
from contracts.events import AlertAcknowledged, AlertRaised
from contracts.instants import format_instant
from contracts.rejections import Refusal
from contracts.ticket import Alert, Ticket
from services.alert_recipients import recipients
from services.alert_rounds import LEVELS, Cell, anchor_of, counted_levels, reached_at
from services.decision import Context, Decision, event_from, refuse

ALERT_SOURCE = "/itilnext/alerts"
"""Only the alert worker raises alerts; the broker's rights decide who may write under this source."""


def ask_id(cell: Cell) -> str:
    """Return the id of the command that asks for a level: the same level of the same round always has the same one."""
    return f"{cell.condition}:{cell.level}:{format_instant(cell.anchor_at)}"


def decide_raise(ticket: Ticket, command: RaiseAlert, context: Context) -> Decision:
    """Raise a level that is true at `at` and not raised yet; the lower ones it leaves behind count as raised."""
    if context.received.source != ALERT_SOURCE:
        return refuse("not_authorized", f"Only {ALERT_SOURCE} raises alerts.")
    counted = counted_levels(ticket, command.condition, command.anchor_at)
    if command.level in counted:
        message = f"Level {command.level} of {command.condition} was raised or superseded in this round."
        return refuse("alert_already_raised", message)
    if stale := _stale(ticket, command, context):
        return stale
    return (
        event_from(
            AlertRaised,
            command,
            alert_id=context.new_id("alert"),
            superseded_levels=tuple(level for level in LEVELS if level < command.level and level not in counted),
            recipients=recipients(ticket, command.level, context.directory),
        ),
    )


def decide_acknowledge(ticket: Ticket, command: AcknowledgeAlert, context: Context) -> Decision:
    """Take note of an alert: by a recipient, a lead or a manager, once."""
    alert = next((alert for alert in ticket.alerts if alert.alert_id == command.alert_id), None)
    if alert is None:
        return refuse("alert_unknown", f"This ticket has no alert {command.alert_id}.", alert_id=command.alert_id)
    if alert.acknowledged_by is not None:
        by = alert.acknowledged_by
        return refuse("already_acknowledged", f"{by} has acknowledged this alert.", acknowledged_by=by)
    agent = context.directory.agent(command.agent_id)
    if command.agent_id not in _told(alert) and (agent is None or not agent.leads):
        return refuse("not_authorized", "Only a recipient of the alert, a team lead or a manager may acknowledge it.")
    return (event_from(AlertAcknowledged, command),)


def _stale(ticket: Ticket, command: RaiseAlert, context: Context) -> Refusal | None:
    anchor_at = anchor_of(ticket, command.condition)
    if anchor_at is None:
        return refuse("alert_stale", f"{command.condition} does not hold any more.", status=ticket.status)
    if anchor_at != command.anchor_at:
        return refuse("alert_stale", f"The clock of {command.condition} has started anew.", anchor_at=anchor_at)
    due_at = reached_at(context.directory, ticket, command.condition, command.level, anchor_at)
    if command.at < due_at:
        return refuse("alert_stale", f"Level {command.level} is reached later than asked for.", due_at=due_at)
    return None


def _told(alert: Alert) -> Iterator[str]:
    return (recipient.agent_id for recipient in alert.recipients)
