"""The one door of the library: load the ticket, decide with the rules the workers use, save (SPEC section 9).

The clock is handed in, and ids follow from what was decided: no randomness. A repository whose calls suspend lets two
decisions for one agent pass each other, so that only one that answers at once keeps capacity exact; the workers have
means of their own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from contracts.commands import COMMANDS, Command
from contracts.directory import Agent
from contracts.instants import in_utc
from contracts.received import Position, ReceivedCommand
from contracts.ticket import Ticket
from services.decision import Directory
from services.handling import Accepted, Rejected, World, handle
from services.ownership import prospective_owner
from services.registry import family_of
from services.repositories import TicketChanged, TicketReader, TicketRepository

LIBRARY_SOURCE = "/itilnext/library"
_NAMES = {model: name for name, model in COMMANDS.items()}


@dataclass(frozen=True, slots=True)
class CountedCapacity:
    """Capacity for one decision, with the open tickets of the agent it is about counted beforehand."""

    owned: int

    def admits(self, agent: Agent, _ticket_id: str, _position: Position) -> bool:
        """Tell whether one more ticket stays within the agent's limit."""
        return self.owned < agent.max_tickets


class ServiceDesk:
    """Sends commands to tickets in a repository.

    Args:
        tickets: where they are kept.
        directory: who and what the rules go by.
        clock: the time of a command, with an offset from UTC.
    """

    def __init__(self, tickets: TicketRepository, directory: Directory, clock: Callable[[], datetime]) -> None:
        self._tickets = tickets
        self._directory = directory
        self._clock = clock
        self._offsets = count()

    @property
    def tickets(self) -> TicketReader:
        """Where the tickets are, to look at them."""
        return self._tickets

    @property
    def directory(self) -> Directory:
        """Who and what the rules go by."""
        return self._directory

    def now(self) -> datetime:
        """Return the clock's time in UTC.

        Raises:
            ValueError: the clock does not tell its offset.
        """
        return in_utc(self._clock())

    async def ticket(self, ticket_id: str) -> Ticket | None:
        """Return the ticket of this id."""
        return await self._tickets.get(ticket_id)

    async def send(self, ticket_id: str, command: Command) -> Ticket:
        """Return the ticket after the command.

        Raises:
            CommandRejected: the subclass of the command's family; the ticket stays as it is.
        """
        position = Position(partition=0, offset=next(self._offsets))
        while True:
            accepted = await self._decided(ticket_id, command, position)
            try:
                await self._tickets.save(accepted)
            except TicketChanged:
                continue  # another command came first: decide again, on what it left
            return accepted.ticket

    async def _decided(self, ticket_id: str, command: Command, position: Position) -> Accepted:
        ticket = await self._tickets.get(ticket_id)
        candidate = prospective_owner(command)
        owned = 0 if candidate is None else len(await self._tickets.open_tickets_of(candidate))
        received = self._received(ticket_id, 0 if ticket is None else ticket.version, command, position)
        outcome = handle(received, ticket, World(self._directory, CountedCapacity(owned)))
        if isinstance(outcome, Rejected):
            raise family_of(command)(outcome.refusal)
        assert isinstance(outcome, Accepted), "the ticket's version is part of the id: no command is a duplicate"
        return outcome

    def _received(self, ticket_id: str, version: int, command: Command, position: Position) -> ReceivedCommand:
        name = _NAMES[type(command)]
        now = self.now()
        return ReceivedCommand(
            ticket_id=ticket_id,
            source=LIBRARY_SOURCE,
            id=f"{ticket_id}:{version + 1}:{name}",
            name=name,
            time=now,
            recorded_at=now,
            correlation_id=None,
            data=command,
            as_received=command,
            position=position,
        )
