"""From the events of a ticket to its state: `evolve(ticket, event)`, without directory, clock or I/O (SPEC section 5).

Folding a ticket's events with this gives its snapshot, `source_offset` aside. An event is a fact: nothing is refused.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, assert_never

from contracts.events import (
    AlertAcknowledged,
    AlertRaised,
    AwaitingCustomer,
    CalibrationRequested,
    CalibrationReviewed,
    EnvelopeAccepted,
    EnvelopeCancelled,
    EnvelopeCompleted,
    EnvelopeCreated,
    Event,
    FlagAdded,
    FlagCleared,
    MessageRecorded,
    NoteAdded,
    OwnershipTransferred,
    PriorityChanged,
    ResolutionApproved,
    ResolutionCreated,
    ResolutionRejected,
    TaskCancelled,
    TaskCompleted,
    TaskCreated,
    TaskStarted,
    TicketAccepted,
    TicketClosed,
    TicketOpened,
    TicketReopened,
    TicketResolved,
    TicketResumed,
)
from contracts.identity import command_key
from contracts.instants import format_instant, shift
from contracts.model import TicketStatus
from contracts.recorded import RecordedEvent
from contracts.ticket import Ticket
from contracts.trusted import trusted
from services import evolve_parts

REMEMBERED_COMMANDS = 256
REMEMBERED_FOR = timedelta(days=7)


_BLANK: dict[str, Any] = {
    name: field.get_default(call_default_factory=True) for name, field in Ticket.model_fields.items()
}
"""A ticket's fields as they are before anything is told of it."""


class BrokenHistory(Exception):
    """A ticket's events do not follow from one another: the first is no `ticket.opened`, or another one is."""


def evolve(ticket: Ticket | None, event: RecordedEvent, source_offset: int | None = None) -> Ticket:
    """Return the ticket after one more event; `source_offset` is its command's, where that is known.

    Raises:
        BrokenHistory: the event can't come next.
    """
    data = event.data
    if isinstance(data, TicketOpened):
        if ticket is not None:
            raise BrokenHistory(f"{event.ticket_id} is opened twice, at version {event.version}")
        changes = fields = _opened(data, event)
    elif ticket is None:
        raise BrokenHistory(f"{event.ticket_id} begins with {event.name}")
    else:
        changes = _changes(ticket, data, event.time)
        fields = {**ticket.__dict__, **changes}
        if _is_agent_activity(data):
            fields["agent_activity_at"] = event.time
    fields["updated_at"] = event.time
    fields["version"] = event.version
    fields["head_hash"] = event.head_hash
    fields["recent_commands"] = _remembered(fields["recent_commands"], event)
    if source_offset is not None:
        fields["source_offset"] = source_offset
    evolved = trusted(Ticket, fields)
    if changes:
        fields["status"] = status_of(evolved)  # still under construction: nobody has seen it
    return evolved


def fold(events: Iterable[RecordedEvent]) -> Ticket | None:
    """Return the ticket its events make, None for no events.

    Raises:
        BrokenHistory: the events don't follow from one another.
    """
    ticket: Ticket | None = None
    for event in events:
        ticket = evolve(ticket, event)
    return ticket


def status_of(ticket: Ticket) -> TicketStatus:
    """Return the status, which is a function of the ticket: the first that fits (SPEC section 5)."""
    if ticket.closed_at is not None:
        return "closed"
    if ticket.resolved_at is not None:
        return "resolved"
    if ticket.paused_since is not None:
        return "waiting_customer"
    if ticket.owner_id is None:
        return "new"
    if any(envelope.is_open for envelope in ticket.envelopes):
        return "waiting_internal"
    return "in_progress"


def _opened(opened: TicketOpened, event: RecordedEvent) -> dict[str, Any]:
    told = {name: value for name, value in opened.__dict__.items() if name in _BLANK}
    return {**_BLANK, **told, "id": event.ticket_id, "opened_at": event.time}


def _changes(ticket: Ticket, event: Event, at: datetime) -> dict[str, Any]:  # noqa: C901, PLR0911, PLR0912 one case an event
    match event:  # the most frequent first
        case NoteAdded():
            return _first_response(ticket, at) if event.visibility == "public" else {}
        case MessageRecorded():
            return _first_response(ticket, at) if event.direction == "outbound" else {}
        case TicketAccepted():
            return {"owner_id": event.agent_id, "owner_accepted_at": at}
        case OwnershipTransferred():
            return {"owner_id": event.to_owner_id}
        case PriorityChanged():
            return {"priority": event.to_priority, "due_at": event.due_at}
        case AwaitingCustomer():
            return {"paused_since": at}
        case TicketResumed():
            return {"paused_since": None, "paused_seconds": event.paused_seconds, "due_at": event.due_at}
        case TicketResolved():
            return {"resolved_at": at, "paused_since": ticket.paused_since or at}
        case TicketClosed():
            return {"closed_at": at}
        case TicketReopened():
            clock = {"paused_since": None, "paused_seconds": event.paused_seconds, "due_at": event.due_at}
            return {"resolved_at": None, "closed_at": None, **clock}
        case EnvelopeCreated() | EnvelopeAccepted() | EnvelopeCompleted() | EnvelopeCancelled():
            return {"envelopes": evolve_parts.envelopes(ticket.envelopes, event, at)}
        case TaskCreated() | TaskStarted() | TaskCompleted() | TaskCancelled():
            return {"tasks": evolve_parts.tasks(ticket.tasks, event)}
        case FlagAdded() | FlagCleared():
            return {"flags": evolve_parts.flags(ticket.flags, event, at)}
        case (
            ResolutionCreated()
            | CalibrationRequested()
            | ResolutionApproved()
            | ResolutionRejected()
            | CalibrationReviewed()
        ):
            return {"resolutions": evolve_parts.resolutions(ticket.resolutions, event, at)}
        case AlertRaised() | AlertAcknowledged():
            return {"alerts": evolve_parts.alerts(ticket.alerts, event, at)}
        case TicketOpened():
            return {}
        case _:
            assert_never(event)


def _first_response(ticket: Ticket, at: datetime) -> dict[str, Any]:
    return {} if ticket.first_response_at is not None else {"first_response_at": at}


def _is_agent_activity(event: Event) -> bool:
    """Every command counts as an agent's, but an alert of the engine and a message of the customer (SPEC section 5)."""
    if isinstance(event, MessageRecorded):
        return event.direction == "outbound"
    return not isinstance(event, AlertRaised)


def _remembered(recent: dict[str, str], event: RecordedEvent) -> dict[str, str]:
    """Remember the event's command; times never run backwards, so the first entries are the oldest."""
    remembered = {**recent, command_key(event.cause_source, event.cause_id): format_instant(event.time)}
    surplus = len(remembered) - REMEMBERED_COMMANDS
    if surplus > 0:
        horizon = format_instant(shift(event.time, -REMEMBERED_FOR))
        for key in list(remembered)[:surplus]:
            if remembered[key] >= horizon:
                break
            del remembered[key]
    return remembered
