"""Every event of a ticket: what its command said, and what the decision added (SPEC sections 3 and 5).

An event model extends the model of its command, or shares its base, so that it can't lose a field of it. A second event
of one command holds its own fields only.
"""

from typing import Any

from contracts.commands import (
    AcceptEnvelope,
    AcceptTicket,
    AcknowledgeAlert,
    AddFlag,
    AddNote,
    ApproveResolution,
    AwaitCustomer,
    CancelEnvelope,
    CancelTask,
    ChangePriority,
    ClearFlag,
    CloseTicket,
    CompleteEnvelope,
    CompleteTask,
    CreateResolution,
    CreateTask,
    EnvelopeRequest,
    OpenTicket,
    RaiseAlert,
    RecordMessage,
    RejectResolution,
    ReopenTicket,
    ResolveTicket,
    ReviewCalibration,
    StartTask,
    TransferTicket,
)
from contracts.instants import Instant
from contracts.model import (
    Id,
    Message,
    Name,
    Priority,
    ResolutionStatus,
    ResolutionTier,
    Tier,
)
from contracts.ticket import Levels, Recipients

Seconds = int | float
"""Business seconds, to the microsecond; a whole number is written as an integer."""


class TicketOpened(OpenTicket):
    reference: Id
    status: str = "new"
    due_at: Instant | None
    customer_tier: Tier


class TicketAccepted(AcceptTicket):
    pass


class OwnershipTransferred(TransferTicket):
    from_owner_id: Id
    to_owner_id: Id


class PriorityChanged(ChangePriority):
    from_priority: Priority
    to_priority: Priority
    due_at: Instant | None


class AwaitingCustomer(AwaitCustomer):
    pass


class TicketResumed(Message):
    """By an agent's `ticket.resume`, or as the second event of an inbound message: then without `agent_id`."""

    agent_id: Id | None = None
    due_at: Instant | None
    paused_seconds: Seconds

    def wire(self) -> dict[str, Any]:
        """Return the fields; nobody's `agent_id` is left out, for a second event holds only its own fields."""
        own = {"due_at": self.due_at, "paused_seconds": self.paused_seconds}
        return own if self.agent_id is None else {"agent_id": self.agent_id, **own}


class TicketResolved(ResolveTicket):
    pass


class TicketClosed(CloseTicket):
    pass


class TicketReopened(ReopenTicket):
    due_at: Instant | None
    paused_seconds: Seconds


class NoteAdded(AddNote):
    pass


class MessageRecorded(RecordMessage):
    pass


class EnvelopeCreated(EnvelopeRequest):
    """By `envelope.create`, or as the second event of a legal flag: then with the flag's reason, which may be none."""

    reason: Name | None = None
    envelope_id: Id
    parent_envelope_id: Id | None = None
    level: int
    response_due_at: Instant


class EnvelopeAccepted(AcceptEnvelope):
    pass


class EnvelopeCompleted(CompleteEnvelope):
    pass


class EnvelopeCancelled(CancelEnvelope):
    pass


class TaskCreated(CreateTask):
    task_id: Id


class TaskStarted(StartTask):
    pass


class TaskCompleted(CompleteTask):
    pass


class TaskCancelled(CancelTask):
    pass


class FlagAdded(AddFlag):
    pass


class FlagCleared(ClearFlag):
    pass


class ResolutionCreated(CreateResolution):
    resolution_id: Id
    amount: str | None = None
    currency: str
    tier: ResolutionTier
    status: ResolutionStatus
    cumulative_amount: str


class CalibrationRequested(Message):
    resolution_id: Id
    reason: str


class ResolutionApproved(ApproveResolution):
    pass


class ResolutionRejected(RejectResolution):
    pass


class CalibrationReviewed(ReviewCalibration):
    pass


class AlertRaised(RaiseAlert):
    alert_id: Id
    superseded_levels: Levels
    recipients: Recipients


class AlertAcknowledged(AcknowledgeAlert):
    pass


_OPENING = TicketOpened | TicketAccepted | OwnershipTransferred | PriorityChanged
_CLOCK = AwaitingCustomer | TicketResumed | TicketResolved | TicketClosed | TicketReopened
_TALK = NoteAdded | MessageRecorded
_ENVELOPE = EnvelopeCreated | EnvelopeAccepted | EnvelopeCompleted | EnvelopeCancelled
_TASK = TaskCreated | TaskStarted | TaskCompleted | TaskCancelled
_FLAG = FlagAdded | FlagCleared
_RESOLUTION = ResolutionCreated | CalibrationRequested | ResolutionApproved | ResolutionRejected | CalibrationReviewed
_ALERT = AlertRaised | AlertAcknowledged
Event = _OPENING | _CLOCK | _TALK | _ENVELOPE | _TASK | _FLAG | _RESOLUTION | _ALERT

EVENTS: dict[str, type[Event]] = {
    "ticket.opened": TicketOpened,
    "ticket.accepted": TicketAccepted,
    "ticket.ownership_transferred": OwnershipTransferred,
    "ticket.priority_changed": PriorityChanged,
    "ticket.awaiting_customer": AwaitingCustomer,
    "ticket.resumed": TicketResumed,
    "ticket.resolved": TicketResolved,
    "ticket.closed": TicketClosed,
    "ticket.reopened": TicketReopened,
    "note.added": NoteAdded,
    "message.recorded": MessageRecorded,
    "envelope.created": EnvelopeCreated,
    "envelope.accepted": EnvelopeAccepted,
    "envelope.completed": EnvelopeCompleted,
    "envelope.cancelled": EnvelopeCancelled,
    "task.created": TaskCreated,
    "task.started": TaskStarted,
    "task.completed": TaskCompleted,
    "task.cancelled": TaskCancelled,
    "flag.added": FlagAdded,
    "flag.cleared": FlagCleared,
    "resolution.created": ResolutionCreated,
    "calibration.requested": CalibrationRequested,
    "resolution.approved": ResolutionApproved,
    "resolution.rejected": ResolutionRejected,
    "calibration.reviewed": CalibrationReviewed,
    "alert.raised": AlertRaised,
    "alert.acknowledged": AlertAcknowledged,
}
"""The events by the name in their type, `org.itilnext.<name>.v1`."""
