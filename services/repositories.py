"""Where tickets are kept, as the library sees it; in memory here, for tests and small programs (SPEC section 9).

A repository stores what a decision brought about and looks tickets up. It decides nothing.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from contracts.ticket import Ticket
from services.handling import Accepted
from services.history import History
from services.score_facts import ScoreFacts, facts_of

if TYPE_CHECKING:
    from contracts.recorded import RecordedEvent


class TicketChanged(Exception):
    """The ticket has other events than the decision was taken on: load it again and decide afresh."""


class TicketReader(Protocol):
    """Tickets to look at. The implementations share one suite of tests."""

    async def get(self, ticket_id: str) -> Ticket | None:
        """Return the ticket as of its last event."""

    async def open_tickets_of(self, agent_id: str) -> tuple[Ticket, ...]:
        """Return the tickets the agent owns that are neither resolved nor closed, by id."""

    async def history(self, ticket_id: str, versions: range | None = None) -> History | None:
        """Return the ticket with its events, or those of some versions, as of one moment; None for no ticket."""


class WorkReader(Protocol):
    """Open tickets by what their score rests on; `at` is the instant they are to be scored at.

    The implementations share one suite of tests.
    """

    async def get(self, ticket_id: str) -> Ticket | None:
        """Return the ticket as of its last event."""

    async def work_of_agent(self, agent_id: str, at: datetime) -> Sequence[ScoreFacts]:
        """Return the open tickets the agent owns, in no particular order."""

    async def work_of_team(self, team_id: str, at: datetime) -> Sequence[ScoreFacts]:
        """Return the open tickets that were opened for the team, owned or not, in no particular order."""


class TicketRepository(TicketReader, Protocol):
    """Tickets by id, to be changed too."""

    async def save(self, accepted: Accepted) -> None:
        """Append the events and keep the ticket after them, both or neither.

        Raises:
            TicketChanged: the first event does not follow the ticket's last one here.
        """


class InMemoryTickets:
    """A `TicketRepository` and a `WorkReader` that lives and dies with its program."""

    def __init__(self) -> None:
        self._tickets: dict[str, Ticket] = {}
        self._events: dict[str, list[RecordedEvent]] = defaultdict(list)
        self._open: dict[str, set[str]] = defaultdict(set)
        self._open_of_team: dict[str, set[str]] = defaultdict(set)

    async def get(self, ticket_id: str) -> Ticket | None:
        """See `TicketReader.get`."""
        return self._tickets.get(ticket_id)

    async def save(self, accepted: Accepted) -> None:
        """See `TicketRepository.save`."""
        ticket = accepted.ticket
        before = self._tickets.get(ticket.id)
        last = ("", 0) if before is None else (before.head_hash, before.version)
        first = accepted.events[0]
        if (first.prev_hash, first.version - 1) != last:
            raise TicketChanged(f"{ticket.id} is at version {last[1]}, not {first.version - 1}")
        self._tickets[ticket.id] = ticket
        self._events[ticket.id] += accepted.events
        if before is not None and before.owner_id is not None:
            self._open[before.owner_id].discard(ticket.id)
        if ticket.owner_id is not None and ticket.is_open:
            self._open[ticket.owner_id].add(ticket.id)
        if ticket.team_id is not None and ticket.is_open:
            self._open_of_team[ticket.team_id].add(ticket.id)
        elif ticket.team_id is not None:
            self._open_of_team[ticket.team_id].discard(ticket.id)

    async def open_tickets_of(self, agent_id: str) -> tuple[Ticket, ...]:
        """See `TicketReader.open_tickets_of`."""
        return tuple(self._tickets[ticket_id] for ticket_id in sorted(self._open.get(agent_id, ())))

    async def history(self, ticket_id: str, versions: range | None = None) -> History | None:
        """See `TicketReader.history`."""
        ticket = self._tickets.get(ticket_id)
        if ticket is None:
            return None
        events = self._events[ticket_id]
        return History.of(ticket, (e for e in events if versions is None or e.version in versions))

    async def work_of_agent(self, agent_id: str, _at: datetime) -> Sequence[ScoreFacts]:
        """See `WorkReader.work_of_agent`."""
        return [facts_of(self._tickets[ticket_id]) for ticket_id in self._open.get(agent_id, ())]

    async def work_of_team(self, team_id: str, _at: datetime) -> Sequence[ScoreFacts]:
        """See `WorkReader.work_of_team`."""
        return [facts_of(self._tickets[ticket_id]) for ticket_id in self._open_of_team.get(team_id, ())]
