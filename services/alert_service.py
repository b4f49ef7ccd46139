"""Alerts for programs that use the engine as a library (SPEC section 9)."""

from datetime import datetime

from contracts.commands import RaiseAlert
from contracts.instants import in_utc
from contracts.ticket import Alert
from services.alert_rounds import Cell, outlook
from services.alerts import ALERT_SOURCE, ask_id
from services.decision import unknown_ticket
from services.desk import ServiceDesk, Stamp
from services.errors import AlertRejected


class AlertService:
    """Raising alerts, as the alert worker does at a tick; the rules are in `services.alert_rounds` and `alerts`."""

    def __init__(self, desk: ServiceDesk) -> None:
        self._desk = desk

    async def check_ticket_alerts(self, ticket_id: str, at: datetime | None = None) -> list[Alert]:
        """Raise what has come due on the ticket by an instant, else by the desk's clock, and return it.

        Of each condition that is the highest level reached, unless it was raised or superseded before: a second check
        raises nothing anew. To look without raising, see `services.alert_grid`.

        Raises:
            AlertRejected: `ticket_unknown`; or `alert_stale` where another command came between, over a repository
                whose calls suspend.
            ValueError: the time is without an offset from UTC.
        """
        instant = self._desk.now() if at is None else in_utc(at)
        ticket = await self._desk.ticket(ticket_id)
        if ticket is None:
            raise AlertRejected(unknown_ticket(ticket_id))
        due = outlook(ticket, self._desk.directory, instant).due
        return [await self._raised(ticket_id, cell, instant) for cell in due]

    async def _raised(self, ticket_id: str, cell: Cell, at: datetime) -> Alert:
        ask = RaiseAlert(condition=cell.condition, level=cell.level, anchor_at=cell.anchor_at, at=at)
        ticket = await self._desk.send(ticket_id, ask, Stamp(ALERT_SOURCE, ask_id(cell), at))
        of_cell = (cell.condition, cell.level, cell.anchor_at)
        return next(each for each in ticket.alerts if (each.condition, each.level, each.anchor_at) == of_cell)
