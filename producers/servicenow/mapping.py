"""What a row asks for: one function per sentence of SPEC section 11, in the order of a row's commands.

Each step sees the row and the ticket as the steps before it have left it, and asks for one command or none. So a row
that changes nothing sends nothing, and no step is asked twice for one row. Nothing here knows how commands travel.
"""

from collections.abc import Callable
from dataclasses import replace

from contracts.commands import (
    AcceptEnvelope,
    AcceptTicket,
    AddNote,
    AwaitCustomer,
    ChangePriority,
    CloseTicket,
    CompleteEnvelope,
    CreateEnvelope,
    OpenTicket,
    ReopenTicket,
    ResolveTicket,
    ResumeTicket,
)
from contracts.model import Priority
from producers.servicenow.command_ids import IMPORT_AGENT, envelope_id
from producers.servicenow.row import ACTIVE, AWAITING_CUSTOMER, CLOSED, Row
from producers.servicenow.ticket_here import Sent, TicketHere, after

DEFAULT_PRIORITY: Priority = "medium"
"""Of an incident that is opened without a known priority, as `ticket.open` has it (SPEC section 5)."""


def commands_of(row: Row, ticket: TicketHere) -> tuple[list[Sent], TicketHere]:
    """Return the commands the row asks for, in their order, and the ticket after them."""
    asked: list[Sent] = []
    for step in STEPS:
        command = step(ticket, row)
        if command is not None:
            asked.append(command)
            ticket = after(ticket, command)
    return asked, replace(ticket, incident_state=row.state or ticket.incident_state)


def _open(ticket: TicketHere, row: Row) -> OpenTicket | None:
    """The first row opens the ticket; an unknown part of the subject stays `?`."""
    if ticket.exists:
        return None
    return OpenTicket(
        subject=f"{row.category or '?'} / {row.subcategory or '?'}",
        priority=row.priority or DEFAULT_PRIORITY,
        requester_id=row.caller,
        team_id=row.group,
        channel=row.channel,
        reference=row.number,
    )


def _accept(ticket: TicketHere, row: Row) -> AcceptTicket | None:
    """The first named assignee accepts; on the row that ends an unowned incident, whoever can be named."""
    if ticket.owner is not None:
        return None
    agent = row.assignee
    if row.ends:
        agent = row.assignee or row.resolver or IMPORT_AGENT
    return None if agent is None else AcceptTicket(agent_id=agent)


def _reopen(ticket: TicketHere, row: Row) -> ReopenTicket | None:
    """From resolved or closed back to `Active` or to waiting, the ticket is reopened; its owner stays."""
    if ticket.is_open or not (row.state == ACTIVE or row.awaits):
        return None
    return ReopenTicket(reason=f"{row.state} again in ServiceNow")


def _resume(ticket: TicketHere, row: Row) -> ResumeTicket | None:
    """Back from waiting for the customer, also to waiting for something else; resolving needs no resume."""
    back = row.state not in (None, AWAITING_CUSTOMER) and not row.ends
    if not ticket.awaiting_customer or not back:
        return None
    return ResumeTicket(agent_id=_actor(ticket))


def _change_priority(ticket: TicketHere, row: Row) -> ChangePriority | None:
    """A changed priority is changed here, up to the row that resolves."""
    if not ticket.is_open or row.priority is None or row.priority == ticket.priority:
        return None
    return ChangePriority(agent_id=_actor(ticket), priority=row.priority)


def _complete_envelope(ticket: TicketHere, row: Row) -> CompleteEnvelope | None:
    """The envelope ends when the assignee changes again, to the owner too, or the incident resolves.

    An assignee who is cleared changes nothing.
    """
    if ticket.assist is None:
        return None
    changed = row.assignee not in (None, ticket.assist.expert)
    if not changed and not row.ends:
        return None
    return CompleteEnvelope(envelope_id=ticket.assist.envelope_id, agent_id=_actor(ticket))


def _create_envelope(ticket: TicketHere, row: Row) -> CreateEnvelope | None:
    """Another assignee than the owner is asked in, with the row's group; the owner keeps the ticket.

    The row that resolves asks nobody in, and after it assignees are ignored.
    """
    if not ticket.is_open or row.ends:
        return None
    if row.assignee in (None, ticket.owner) or ticket.assist is not None:
        return None
    return CreateEnvelope(
        agent_id=_actor(ticket),
        reason=f"Assigned to {row.assignee} in ServiceNow",
        expert_id=row.assignee,
        team_id=row.group,
        envelope_id=envelope_id(row),
    )


def _accept_envelope(ticket: TicketHere, _row: Row) -> AcceptEnvelope | None:
    """Who was asked in accepts at once."""
    if ticket.assist is None or ticket.assist.accepted:
        return None
    return AcceptEnvelope(envelope_id=ticket.assist.envelope_id, agent_id=ticket.assist.expert)


def _await_customer(ticket: TicketHere, row: Row) -> AwaitCustomer | None:
    """`Awaiting User Info` waits for the customer, where somebody owns the ticket."""
    if row.state != AWAITING_CUSTOMER or ticket.owner is None or ticket.awaiting_customer:
        return None
    return AwaitCustomer(agent_id=ticket.owner, reason=f"{row.state} in ServiceNow")


def _note(ticket: TicketHere, row: Row) -> AddNote | None:
    """Any other waiting, and waiting for the customer of an unowned ticket, is an internal note."""
    if not row.awaits or ticket.awaiting_customer or row.state == ticket.incident_state:
        return None
    return AddNote(agent_id=_actor(ticket), content=f"{row.state} in ServiceNow")


def _resolve(ticket: TicketHere, row: Row) -> ResolveTicket | None:
    """Resolved, or closed without having been: the owner resolves, the closed code tells how."""
    if not ticket.is_open or not row.ends:
        return None
    return ResolveTicket(agent_id=_actor(ticket), summary=row.closed_code)


def _close(ticket: TicketHere, row: Row) -> CloseTicket | None:
    """The system closes."""
    if ticket.closed or row.state != CLOSED:
        return None
    return CloseTicket()


def _actor(ticket: TicketHere) -> str:
    """Return who acts on the ticket: its owner, and where there is none the import itself."""
    return ticket.owner or IMPORT_AGENT


STEPS: tuple[Callable[[TicketHere, Row], Sent | None], ...] = (
    _open,
    _accept,
    _reopen,
    _resume,
    _change_priority,
    _complete_envelope,
    _create_envelope,
    _accept_envelope,
    _await_customer,
    _note,
    _resolve,
    _close,
)
"""The order of commands within a row, as SPEC section 11 lists it."""
