"""The life of a ticket: opened, prioritised, paused, resumed, resolved, closed and reopened (SPEC section 5)."""

from datetime import datetime

from contracts.commands import (
    AwaitCustomer,
    ChangePriority,
    CloseTicket,
    OpenTicket,
    ReopenTicket,
    ResolveTicket,
    ResumeTicket,
)
from contracts.events import (
    AwaitingCustomer,
    PriorityChanged,
    TicketClosed,
    TicketOpened,
    TicketReopened,
    TicketResolved,
    TicketResumed,
)
from contracts.model import Tier
from contracts.received import Position
from contracts.ticket import Ticket
from contracts.trusted import trusted
from services.decision import Context, Decision, Directory, event_from, refuse, unknown_team
from services.ownership import not_owner
from services.sla_clock import due_at, paused_seconds_at

_REFERENCE_LETTERS = {"incident": "INC", "request": "REQ", "change": "CHG", "problem": "PRB"}
_TIERS: tuple[Tier, ...] = ("standard", "premium", "vip")


def decide_open(command: OpenTicket, context: Context) -> Decision:
    """Open a ticket under the id its sender chose; the customer's tier is fixed now."""
    directory = context.directory
    if command.team_id is not None and directory.team(command.team_id) is None:
        return unknown_team(command.team_id)
    tier = _customer_tier(directory, command)
    reference = command.reference or _reference(command, context.at, context.received.position)
    due = due_at(directory, command.priority, tier, context.at, 0)
    return (event_from(TicketOpened, command, reference=reference, status="new", due_at=due, customer_tier=tier),)


def decide_change_priority(ticket: Ticket, command: ChangePriority, context: Context) -> Decision:
    """Change the priority, and with it the target and the calendar the ticket runs on."""
    agent = context.directory.agent(command.agent_id)
    if agent is None or not agent.leads:
        if refusal := not_owner(ticket, command.agent_id):
            return refusal
    if command.priority == ticket.priority:
        return refuse("no_change", f"The priority is {ticket.priority} already.")
    due = due_at(context.directory, command.priority, ticket.customer_tier, ticket.opened_at, ticket.paused_seconds)
    change = {"from_priority": ticket.priority, "to_priority": command.priority, "due_at": due}
    return (event_from(PriorityChanged, command, **change),)


def decide_await_customer(ticket: Ticket, command: AwaitCustomer, _context: Context) -> Decision:
    """Pause the SLA clock until the customer answers."""
    if ticket.owner_id is None:
        return refuse("ticket_unowned", "Nobody owns this ticket yet; accept it first.")
    if refusal := not_owner(ticket, command.agent_id):
        return refusal
    if ticket.status == "waiting_customer":
        return refuse("no_change", "The ticket waits for its customer already.")
    return (event_from(AwaitingCustomer, command),)


def decide_resume(ticket: Ticket, command: ResumeTicket, context: Context) -> Decision:
    """Go on after waiting for the customer; the SLA clock runs again."""
    if refusal := not_owner(ticket, command.agent_id):
        return refusal
    if ticket.status != "waiting_customer":
        return refuse("no_change", "The ticket does not wait for its customer.")
    return (resumed(ticket, context, command.agent_id),)


def resumed(ticket: Ticket, context: Context, agent_id: str | None) -> TicketResumed:
    """Build the event that ends a wait for the customer, by the owner or by the customer's answer."""
    paused, due = _clock_restarted(ticket, context)
    return trusted(TicketResumed, {"agent_id": agent_id, "due_at": due, "paused_seconds": paused})


def decide_resolve(ticket: Ticket, command: ResolveTicket, _context: Context) -> Decision:
    """Resolve the ticket once no envelope is open and no resolution waits for approval."""
    if refusal := not_owner(ticket, command.agent_id):
        return refusal
    if envelope_ids := [envelope.envelope_id for envelope in ticket.envelopes if envelope.is_open]:
        return refuse(
            "envelopes_open",
            "Envelopes are still open; complete or cancel them first.",
            envelope_ids=envelope_ids,
        )
    pending = [r.resolution_id for r in ticket.resolutions if r.status == "pending_approval"]
    if pending:
        return refuse("resolution_pending", "A resolution waits for approval.", resolution_ids=pending)
    return (event_from(TicketResolved, command),)


def decide_close(ticket: Ticket, command: CloseTicket, context: Context) -> Decision:
    """Close a resolved ticket: by its owner, a lead, a manager, or (without an agent) the system."""
    if ticket.resolved_at is None:
        return refuse("not_resolved", "Only a resolved ticket can be closed; resolve it first.")
    if command.agent_id is not None:
        agent = context.directory.agent(command.agent_id)
        if agent is None or not agent.leads:
            if refusal := not_owner(ticket, command.agent_id):
                return refusal
    return (event_from(TicketClosed, command),)


def decide_reopen(ticket: Ticket, command: ReopenTicket, context: Context) -> Decision:
    """Reopen a resolved or closed ticket under the same owner; the clock runs on from where it stood."""
    if ticket.is_open:
        return refuse("not_resolved", "The ticket is open; only a resolved or closed one can be reopened.")
    paused, due = _clock_restarted(ticket, context)
    return (event_from(TicketReopened, command, due_at=due, paused_seconds=paused),)


def _clock_restarted(ticket: Ticket, context: Context) -> tuple[int | float, datetime]:
    paused = paused_seconds_at(context.directory, ticket, ticket.priority, context.at)
    due = due_at(context.directory, ticket.priority, ticket.customer_tier, ticket.opened_at, paused)
    return paused, due


def _customer_tier(directory: Directory, command: OpenTicket) -> Tier:
    """Return the higher of the contact's and the company's tier; unknown customers are standard."""
    contact = None if command.requester_id is None else directory.contact(command.requester_id)
    company_id = command.company_id or (contact.company_id if contact else None)
    company = None if company_id is None else directory.company(company_id)
    return max((known.tier for known in (contact, company) if known), key=_TIERS.index, default="standard")


def _reference(command: OpenTicket, at: datetime, position: Position) -> str:
    letters = _REFERENCE_LETTERS[command.type]
    return f"{letters}-{at.year:04d}-{position.partition:02d}-{position.offset:06d}"
