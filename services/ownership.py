"""Ownership is sacred: who accepts a ticket owns it until it is closed; only an exceptional transfer changes that.

Rules of `ticket.accept` and `ticket.transfer` (SPEC section 5).
"""

from typing import get_args

from contracts.commands import AcceptTicket, Command, TransferTicket
from contracts.events import OwnershipTransferred, TicketAccepted
from contracts.model import TransferType
from contracts.rejections import Refusal
from contracts.ticket import Ticket
from services.decision import Context, Decision, event_from, refuse

EXCEPTIONAL_TRANSFERS = frozenset(get_args(TransferType))


def decide_accept(ticket: Ticket, command: AcceptTicket, context: Context) -> Decision:
    """Make the agent the owner of an unowned ticket, where the agent has a place for it."""
    if ticket.owner_id is not None:
        return refuse(
            "ticket_already_owned",
            f"{ticket.owner_id} owns this ticket until it is closed; offer help through an envelope.",
            owner_id=ticket.owner_id,
        )
    if full := at_capacity(command.agent_id, context):
        return full
    return (event_from(TicketAccepted, command),)


def transfer_not_exceptional(command: TransferTicket) -> Refusal | None:
    """Refuse every transfer but those a termination or an extended leave makes necessary."""
    if command.transfer_type in EXCEPTIONAL_TRANSFERS:
        return None
    return refuse(
        "transfer_not_exceptional",
        "Ownership changes only on termination or extended_leave; to bring in help, create an envelope.",
        allowed=sorted(EXCEPTIONAL_TRANSFERS),
    )


def decide_transfer(ticket: Ticket, command: TransferTicket, context: Context) -> Decision:
    """Move an owned ticket to a new owner, on an active manager's authority."""
    if ticket.owner_id is None:
        return refuse("ticket_unowned", "Nobody owns this ticket yet; it is accepted, not transferred.")
    authority = context.directory.agent(command.authorized_by)
    if authority is None or authority.role != "manager":
        return refuse("not_authorized", f"{command.authorized_by} is no manager; a manager must authorise a transfer.")
    if command.new_owner_id == ticket.owner_id:
        return refuse("same_owner", f"{ticket.owner_id} owns this ticket already.")
    if full := at_capacity(command.new_owner_id, context):
        return full
    moved = {"from_owner_id": ticket.owner_id, "to_owner_id": command.new_owner_id}
    return (event_from(OwnershipTransferred, command, **moved),)


def prospective_owner(command: Command) -> str | None:
    """Return the agent whose capacity this command asks for."""
    match command:
        case AcceptTicket():
            return command.agent_id
        case TransferTicket():
            return command.new_owner_id
        case _:
            return None


def at_capacity(agent_id: str, context: Context) -> Refusal | None:
    """Refuse where one more open ticket would take the agent past `max_tickets`."""
    agent = context.directory.agent(agent_id)
    if agent is None or context.capacity.admits(agent, context.ticket_id, context.received.position):
        return None
    return refuse(
        "agent_at_capacity",
        f"{agent_id} already owns {agent.max_tickets} open tickets; choose another agent or resolve one first.",
        max_tickets=agent.max_tickets,
    )


def not_owner(ticket: Ticket, agent_id: str | None) -> Refusal | None:
    """Refuse whoever does not own the ticket; nobody owns an unowned one."""
    if agent_id is not None and agent_id == ticket.owner_id:
        return None
    owner = "Nobody owns this ticket" if ticket.owner_id is None else f"{ticket.owner_id} owns this ticket"
    return refuse("not_owner", f"{owner}; only its owner may do this.", owner_id=ticket.owner_id)
