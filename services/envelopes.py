"""Envelopes: experts are asked in, to any level, while the owner stays the owner (SPEC section 5)."""

from datetime import datetime, timedelta

from contracts.commands import AcceptEnvelope, CancelEnvelope, CompleteEnvelope, CreateEnvelope
from contracts.events import EnvelopeAccepted, EnvelopeCancelled, EnvelopeCompleted, EnvelopeCreated
from contracts.instants import shift
from contracts.rejections import Refusal
from contracts.ticket import Envelope, Ticket
from services.decision import Context, Decision, Directory, event_from, refuse, unknown_team
from services.ownership import not_owner

OWNERS_LEVEL = 2
"""The owner works on level 1, so the envelopes an owner makes are on level 2."""


def decide_create(ticket: Ticket, command: CreateEnvelope, context: Context) -> Decision:
    """Ask for help: by the owner on level 2, or by an active expert on the level below the expert's own."""
    if ticket.owner_id is None:
        return refuse("ticket_unowned", "Nobody owns this ticket yet; accept it first, then ask for help.")
    parent = None if command.agent_id == ticket.owner_id else parent_for(ticket, command.agent_id)
    if parent is None:
        if refusal := not_owner(ticket, command.agent_id):
            return refusal
    team_id = command.team_id
    if command.team_id is None and command.expert_id is None:
        team_id = ticket.team_id
    if refusal := _target_refused(ticket, command, team_id, context.directory):
        return refusal
    envelope_id = command.envelope_id or context.new_id("envelope")
    if ticket.envelope(envelope_id) is not None:
        message = f"This ticket has an envelope {envelope_id} already; choose another id."
        return refuse("envelope_exists", message, envelope_id=envelope_id)
    created = event_from(
        EnvelopeCreated,
        command,
        envelope_id=envelope_id,
        team_id=team_id,
        parent_envelope_id=parent.envelope_id if parent else None,
        level=parent.level + 1 if parent else OWNERS_LEVEL,
        response_due_at=response_due_at(context.at, command.response_hours),
    )
    return (created,)


def response_due_at(at: datetime, hours: float) -> datetime:
    """Return when an answer is due: after elapsed, not business, hours."""
    return shift(at, timedelta(hours=hours))


def decide_accept(ticket: Ticket, command: AcceptEnvelope, context: Context) -> Decision:
    """Take on a pending envelope: its named expert, or a member of its team; never the ticket's owner."""
    envelope = ticket.envelope(command.envelope_id)
    if envelope is None:
        return unknown_envelope(command.envelope_id)
    if envelope.status != "pending":
        return refuse("envelope_not_pending", f"The envelope is {envelope.status}.", status=envelope.status)
    if command.agent_id == ticket.owner_id:
        return _owner_cannot_assist(command.agent_id)
    if envelope.expert_id is not None:
        if envelope.expert_id != command.agent_id:
            message = f"The envelope is meant for {envelope.expert_id}."
            return refuse("assigned_to_other", message, expert_id=envelope.expert_id)
    else:
        agent = context.directory.agent(command.agent_id)
        if agent is None or envelope.team_id not in agent.team_ids:
            message = f"Only members of team {envelope.team_id} may accept this envelope."
            return refuse("not_team_member", message, team_id=envelope.team_id)
    return (event_from(EnvelopeAccepted, command),)


def decide_complete(ticket: Ticket, command: CompleteEnvelope, _context: Context) -> Decision:
    """Finish an active envelope: by its expert or the owner; its children may go on."""
    envelope = ticket.envelope(command.envelope_id)
    if envelope is None:
        return unknown_envelope(command.envelope_id)
    if envelope.status != "active":
        return refuse("envelope_not_active", f"The envelope is {envelope.status}.", status=envelope.status)
    if refusal := not_participant(command.agent_id, ticket.owner_id, envelope.expert_id):
        return refusal
    return (event_from(EnvelopeCompleted, command),)


def decide_cancel(ticket: Ticket, command: CancelEnvelope, _context: Context) -> Decision:
    """Take back a request for help: by who asked, or the owner."""
    envelope = ticket.envelope(command.envelope_id)
    if envelope is None:
        return unknown_envelope(command.envelope_id)
    if not envelope.is_open:
        return refuse("envelope_not_open", f"The envelope is {envelope.status}.", status=envelope.status)
    if refusal := not_participant(command.agent_id, ticket.owner_id, envelope.requested_by):
        return refusal
    return (event_from(EnvelopeCancelled, command),)


def unknown_envelope(envelope_id: str | None) -> Refusal:
    """Refuse an id that names no envelope of this ticket."""
    return refuse("envelope_unknown", f"This ticket has no envelope {envelope_id}.", envelope_id=envelope_id)


def not_participant(agent_id: str, *allowed: str | None) -> Refusal | None:
    """Refuse an agent who is none of those allowed to act on the envelope."""
    if agent_id in allowed:
        return None
    may = sorted({agent for agent in allowed if agent is not None})
    message = f"{agent_id} takes no part in this envelope that allows this; {' or '.join(may)} may."
    return refuse("not_envelope_participant", message, allowed=may)


def parent_for(ticket: Ticket, expert_id: str | None) -> Envelope | None:
    """Return the active envelope of this expert on the highest level; of several the one accepted last."""
    parent: Envelope | None = None
    for envelope in ticket.envelopes:
        if envelope.status != "active" or envelope.expert_id != expert_id:
            continue
        if parent is None or _rank(envelope) >= _rank(parent):
            parent = envelope
    return parent


def _rank(envelope: Envelope) -> tuple[int, datetime]:
    return envelope.level, envelope.accepted_at or envelope.created_at


def _target_refused(
    ticket: Ticket, command: CreateEnvelope, team_id: str | None, directory: Directory
) -> Refusal | None:
    if command.team_id is not None and directory.team(command.team_id) is None:
        return unknown_team(command.team_id)
    if command.expert_id is not None:
        expert = directory.agent(command.expert_id)
        if expert is None or not expert.is_active:
            message = f"{command.expert_id} is no active agent of the directory."
            return refuse("expert_unknown", message, expert_id=command.expert_id)
    elif team_id is None:
        return refuse("envelope_target_missing", "Name a team_id or an expert_id; the ticket has no team itself.")
    return _owner_cannot_assist(command.expert_id) if command.expert_id == ticket.owner_id else None


def _owner_cannot_assist(owner_id: str | None) -> Refusal:
    return refuse("owner_cannot_assist", f"{owner_id} owns this ticket and can't assist on it; ask somebody else.")
