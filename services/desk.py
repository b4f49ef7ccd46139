"""The one door of the library: load the ticket, decide with the rules the workers use, save (SPEC section 9).

The clock is handed in, and ids follow from what was decided: no randomness. A repository whose calls suspend lets two
decisions for one agent pass each other, so that only one that answers at once keeps capacity exact; the workers have
means of their own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import assert_never

from contracts.commands import COMMANDS, Command
from contracts.directory import Agent
from contracts.instants import in_utc
from contracts.received import Position, ReceivedCommand, ticket_id_of
from contracts.ticket import Ticket
from services.decision import Directory
from services.handling import Accepted, Duplicate, Outcome, Rejected, World, handle
from services.ownership import prospective_owner
from services.registry import family_of
from services.repositories import TicketChanged, TicketReader, TicketRepository

LIBRARY_SOURCE = "/itilnext/library"
_NAMES = {model: name for name, model in COMMANDS.items()}


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a command goes by beside what it says: sent again under the same source and id, it does nothing."""

    source: str
    id: str
    time: datetime


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

    async def send(self, ticket_id: str, command: Command, stamp: Stamp | None = None) -> Ticket:
        """Return the ticket after the command; without a stamp it is a new one of this library, and happens now.

        Raises:
            CommandRejected: the subclass of the command's family; the ticket stays as it is.
            BadKey: what is given can't be a ticket's id.
        """
        position = Position(partition=0, offset=next(self._offsets))
        while True:
            ticket = await self._tickets.get(ticket_id)
            received = _received(ticket_id, command, stamp or self._stamp(ticket_id, ticket, command), position)
            outcome = await self._outcome(received, ticket)
            match outcome:
                case Rejected():
                    raise family_of(command)(outcome.refusal)
                case Duplicate():
                    assert ticket is not None, "a ticket that is not there has accepted no command"
                    return ticket
                case Accepted():
                    try:
                        await self._tickets.save(outcome)
                    except TicketChanged:
                        continue  # another command came first: decide again, on what it left
                    return outcome.ticket
                case _:
                    assert_never(outcome)

    async def _outcome(self, received: ReceivedCommand, ticket: Ticket | None) -> Outcome:
        candidate = prospective_owner(received.data)
        owned = 0 if candidate is None else len(await self._tickets.open_tickets_of(candidate))
        return handle(received, ticket, World(self._directory, CountedCapacity(owned)))

    def _stamp(self, ticket_id: str, ticket: Ticket | None, command: Command) -> Stamp:
        """Return one that no earlier command of the ticket had: its version is in it."""
        version = 0 if ticket is None else ticket.version
        return Stamp(LIBRARY_SOURCE, f"{ticket_id}:{version + 1}:{_NAMES[type(command)]}", self.now())


def _received(ticket_id: str, command: Command, stamp: Stamp, position: Position) -> ReceivedCommand:
    time = in_utc(stamp.time)
    return ReceivedCommand(
        ticket_id=ticket_id_of(ticket_id),
        source=stamp.source,
        id=stamp.id,
        name=_NAMES[type(command)],
        time=time,
        recorded_at=time,
        correlation_id=None,
        data=command,
        as_received=command,
        position=position,
    )
