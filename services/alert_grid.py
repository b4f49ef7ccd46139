"""The alerts of one ticket at a glance: three conditions by three levels, as of an instant (SPEC sections 6 and 9)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from contracts.instants import Instant
from contracts.model import Condition, Model
from contracts.ticket import Alert, Ticket
from services.alert_rounds import CONDITIONS, LEVELS, anchor_of, reached_at
from services.decision import Directory

CellState = Literal["not_holding", "to_come", "due", "superseded", "raised", "acknowledged"]


class AlertCell(Model):
    """One level of one condition of a ticket, in the round that runs.

    `not_holding`: the condition does not hold, nothing runs. `to_come`: reached at `due_at`. `due`: reached, but not
    raised yet. `superseded`: a higher level was raised in its place. `raised`, `acknowledged`: what became of it.
    `alert` is the one that was raised, or was raised in its place.
    """

    condition: Condition
    level: int
    state: CellState
    anchor_at: Instant | None = None
    due_at: Instant | None = None
    alert: Alert | None = None


def alert_grid(ticket: Ticket, directory: Directory, at: datetime) -> tuple[AlertCell, ...]:
    """Return all nine cells: by condition as in the table of SPEC section 6, then by level."""
    return tuple(_grid(ticket, directory, at))


def unseen_alerts(ticket: Ticket) -> tuple[Alert, ...]:
    """Return the alerts nobody has acknowledged; none once the ticket is resolved."""
    return tuple(alert for alert in ticket.alerts if alert.acknowledged_by is None) if ticket.is_open else ()


def _grid(ticket: Ticket, directory: Directory, at: datetime) -> Iterator[AlertCell]:
    for condition in CONDITIONS:
        anchor_at = anchor_of(ticket, condition)
        for level in LEVELS:
            if anchor_at is None:
                yield AlertCell(condition=condition, level=level, state="not_holding")
                continue
            due_at = reached_at(directory, ticket, condition, level, anchor_at)
            alert = _counting(ticket, condition, level, anchor_at)
            if alert is None:
                state: CellState = "due" if due_at <= at else "to_come"
            elif alert.level != level:
                state = "superseded"
            else:
                state = "raised" if alert.acknowledged_by is None else "acknowledged"
            yield AlertCell(
                condition=condition, level=level, state=state, anchor_at=anchor_at, due_at=due_at, alert=alert
            )


def _counting(ticket: Ticket, condition: Condition, level: int, anchor_at: datetime) -> Alert | None:
    """Return the alert of this round by which a level counts as raised."""
    for alert in ticket.alerts:
        if (alert.condition, alert.anchor_at) == (condition, anchor_at):
            if level == alert.level or level in alert.superseded_levels:
                return alert
    return None
