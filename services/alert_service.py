"""Alerts for programs that use the engine as a library (SPEC section 9)."""

from collections.abc import Callable
from datetime import datetime

from services.alert_grid import AlertCell, alert_grid
from services.decision import Directory, unknown_ticket
from services.errors import AlertRejected
from services.repositories import TicketReader


class AlertService:
    """Looking at alerts; the rules are in `services.alert_rounds`, and only the alert worker raises one.

    Args:
        tickets: where tickets are looked up.
        directory: whose policy and calendars tell when a level is reached.
        clock: the time that is meant where none is given, with an offset from UTC.
    """

    def __init__(self, tickets: TicketReader, directory: Directory, clock: Callable[[], datetime]) -> None:
        self._tickets = tickets
        self._directory = directory
        self._clock = clock

    async def check_ticket_alerts(self, ticket_id: str, at: datetime | None = None) -> list[AlertCell]:
        """Return the nine cells of the ticket as of an instant; nothing is raised by looking.

        A cell, not an `Alert`: most levels have not been raised, so have no id, no time and nobody who was told, and
        what is asked about them is when they come due. Where a level was raised the cell holds its `Alert`.

        Raises:
            AlertRejected: `ticket_unknown`.
        """
        ticket = await self._tickets.get(ticket_id)
        if ticket is None:
            raise AlertRejected(unknown_ticket(ticket_id))
        return list(alert_grid(ticket, self._directory, self._clock() if at is None else at))
