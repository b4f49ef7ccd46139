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

    async def timeline(self, ticket_id: str, viewer: Viewer, versions: range | None = None) -> list[TimelineEntry]:
        """Return the viewer's entries, in version order; of a long history, those of some versions: a page of it.

        Raises:
            CommandRejected: `ticket_unknown`.
        """
        history = await self._tickets.history(ticket_id, versions)
        if history is None:
            raise CommandRejected(unknown_ticket(ticket_id))
        return timeline(history.ticket, history.events, viewer)
