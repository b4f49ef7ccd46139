"""Ownership for programs that use the engine as a library (SPEC section 9)."""

from contracts.commands import AcceptTicket, TransferTicket
from contracts.ticket import Ticket
from services.decision import unknown_ticket
from services.desk import ServiceDesk
from services.errors import OwnershipRejected


class OwnershipService:
    """Accepting tickets, and the exceptional transfer; the rules are in `services.ownership`.

    Each method raises InvalidData for arguments of a wrong form, e.g. an empty id.
    """

    def __init__(self, desk: ServiceDesk) -> None:
        self._desk = desk

    async def accept_ticket(self, ticket_id: str, agent_id: str) -> Ticket:
        """Make the agent the owner, until the ticket is closed.

        Raises:
            OwnershipRejected: e.g. `ticket_already_owned`, `agent_at_capacity`.
        """
        return await self._desk.send(ticket_id, AcceptTicket.read({"agent_id": agent_id}))

    async def validate_ownership(self, ticket_id: str, agent_id: str) -> bool:
        """Tell whether the agent owns the ticket; nobody owns an unowned one.

        Raises:
            OwnershipRejected: `ticket_unknown`.
        """
        ticket = await self._desk.ticket(ticket_id)
        if ticket is None:
            raise OwnershipRejected(unknown_ticket(ticket_id))
        return ticket.owner_id == agent_id

    async def transfer_ownership(
        self, ticket_id: str, new_owner_id: str, transfer_type: str, reason: str, authorized_by: str
    ) -> Ticket:
        """Move the ticket to a new owner: on termination or extended leave, on a manager's authority.

        Raises:
            OwnershipRejected: e.g. `transfer_not_exceptional`, `not_authorized`, `agent_at_capacity`.
        """
        command = {
            "new_owner_id": new_owner_id,
            "transfer_type": transfer_type,
            "reason": reason,
            "authorized_by": authorized_by,
        }
        return await self._desk.send(ticket_id, TransferTicket.read(command))
