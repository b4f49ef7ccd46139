"""Notes and messages: one face, only the owner talks to the customer (SPEC section 5)."""

from contracts.commands import AddNote, RecordMessage
from contracts.events import Event, MessageRecorded, NoteAdded
from contracts.ticket import Ticket
from services.decision import Context, Decision, event_from
from services.envelopes import not_participant, unknown_envelope
from services.lifecycle import resumed
from services.ownership import not_owner


def decide_add_note(ticket: Ticket, command: AddNote, _context: Context) -> Decision:
    """Add a note: public by the owner, internal by any agent, envelope-only by who takes part in that envelope."""
    if command.visibility == "public":
        if refusal := not_owner(ticket, command.agent_id):
            return refusal
    envelope = None if command.envelope_id is None else ticket.envelope(command.envelope_id)
    if envelope is None and (command.envelope_id is not None or command.visibility == "envelope_only"):
        return unknown_envelope(command.envelope_id)
    if envelope is not None and command.visibility == "envelope_only":
        if refusal := not_participant(command.agent_id, ticket.owner_id, envelope.requested_by, envelope.expert_id):
            return refusal
    return (event_from(NoteAdded, command),)


def decide_record_message(ticket: Ticket, command: RecordMessage, context: Context) -> Decision:
    """Record what was said to or by the customer; an answer ends the wait for it, and never reopens."""
    if command.direction == "outbound":
        if refusal := not_owner(ticket, command.agent_id):
            return refusal
    events: tuple[Event, ...] = (event_from(MessageRecorded, command),)
    if command.direction == "inbound" and ticket.status == "waiting_customer":
        events = (*events, resumed(ticket, context, agent_id=None))
    return events
