"""Timelines for programs that use the engine as a library (SPEC section 9)."""

from services.decision import unknown_ticket
from services.errors import CommandRejected
from services.repositories import TicketReader
from services.timeline import TimelineEntry, timeline
from services.visibility import Viewer


class TimelineService:
    """What happened to a ticket, as one viewer may see it; who sees what is decided in `services.visibility`."""

    def __init__(self, tickets: TicketReader) -> None:
        self._tickets = tickets

    async def timeline(self, ticket_id: str, viewer: Viewer) -> list[TimelineEntry]:
        """Return the viewer's entries, in version order.

        Raises:
            CommandRejected: `ticket_unknown`.
        """
        ticket = await self._tickets.get(ticket_id)
        if ticket is None:
            raise CommandRejected(unknown_ticket(ticket_id))
        return timeline(ticket, await self._tickets.events_of(ticket_id), viewer)
