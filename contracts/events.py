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
    AwaitCustomer,
    CancelEnvelope,
    CancelTask,
    ChangePriority,
    ClearFlag,
    CloseTicket,
    CompleteEnvelope,
    CompleteTask,
    CreateTask,
    EnvelopeRequest,
    OpenTicket,
    RaiseAlert,
    RecordMessage,
    ReopenTicket,
    ResolveTicket,
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
from contracts.resolution_commands import ApproveResolution, CreateResolution, RejectResolution, ReviewCalibration
from contracts.ticket import Levels, Recipients

Seconds = int | float
"""Business seconds, to the microsecond; a whole number is written as an integer."""


class TicketOpened(OpenTicket):
    """A ticket was opened; the customer's tier is fixed from now on (SPEC section 5)."""

    reference: Id
    status: str = "new"
    due_at: Instant | None
    customer_tier: Tier


class TicketAccepted(AcceptTicket):
    """A ticket has its owner (SPEC section 5)."""


class OwnershipTransferred(TransferTicket):
    """A ticket has another owner, on a manager's authority (SPEC section 5)."""

    from_owner_id: Id
    to_owner_id: Id


class PriorityChanged(ChangePriority):
    """The priority changed, and with it when the ticket is due (SPEC section 5)."""

    from_priority: Priority
    to_priority: Priority
    due_at: Instant | None


class AwaitingCustomer(AwaitCustomer):
    """The customer's answer is awaited; the SLA clock stands (SPEC section 5)."""


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
    """The work is done; the SLA clock stands (SPEC sections 5 and 6)."""


class TicketClosed(CloseTicket):
    """A resolved ticket was closed (SPEC section 5)."""


class TicketReopened(ReopenTicket):
    """A resolved or closed ticket was taken up again; the SLA clock runs (SPEC section 5)."""

    due_at: Instant | None
    paused_seconds: Seconds


class NoteAdded(AddNote):
    """A note was written (SPEC section 5)."""


class MessageRecorded(RecordMessage):
    """A message to or from the customer was recorded (SPEC section 5)."""


class EnvelopeCreated(EnvelopeRequest):
    """By `envelope.create`, or as the second event of a legal flag: then with the flag's reason, which may be none."""

    reason: Name | None = None
    envelope_id: Id
    parent_envelope_id: Id | None = None
    level: int
    response_due_at: Instant


class EnvelopeAccepted(AcceptEnvelope):
    """An expert took up an envelope (SPEC section 5)."""


class EnvelopeCompleted(CompleteEnvelope):
    """The help of an envelope was given (SPEC section 5)."""


class EnvelopeCancelled(CancelEnvelope):
    """An envelope was withdrawn (SPEC section 5)."""


class TaskCreated(CreateTask):
    """A task was made (SPEC section 5)."""

    task_id: Id


class TaskStarted(StartTask):
    """A task was begun (SPEC section 5)."""


class TaskCompleted(CompleteTask):
    """A task was finished (SPEC section 5)."""


class TaskCancelled(CancelTask):
    """A task was dropped (SPEC section 5)."""


class FlagAdded(AddFlag):
    """A flag was set (SPEC section 5)."""


class FlagCleared(ClearFlag):
    """A flag was taken off (SPEC section 5)."""


class ResolutionCreated(CreateResolution):
    """Something was given to the customer, or will be once approved (SPEC sections 5 and 7)."""

    resolution_id: Id
    amount: str | None = None
    currency: str
    tier: ResolutionTier
    status: ResolutionStatus
    cumulative_amount: str


class CalibrationRequested(Message):
    """A resolution is to be reviewed, as the second event of its making (SPEC section 7)."""

    resolution_id: Id
    reason: str


class ResolutionApproved(ApproveResolution):
    """A resolution was approved (SPEC section 7)."""


class ResolutionRejected(RejectResolution):
    """A resolution was refused (SPEC section 7)."""


class CalibrationReviewed(ReviewCalibration):
    """A resolution was reviewed (SPEC section 7)."""


class AlertRaised(RaiseAlert):
    """A level of a condition was reached, and these people are told (SPEC section 6)."""

    alert_id: Id
    superseded_levels: Levels
    recipients: Recipients


class AlertAcknowledged(AcknowledgeAlert):
    """An alert was seen (SPEC section 5)."""


_OPENING = TicketOpened | TicketAccepted | OwnershipTransferred | PriorityChanged
_CLOCK = AwaitingCustomer | TicketResumed | TicketResolved | TicketClosed | TicketReopened
_TALK = NoteAdded | MessageRecorded
_ENVELOPE = EnvelopeCreated | EnvelopeAccepted | EnvelopeCompleted | EnvelopeCancelled
_TASK = TaskCreated | TaskStarted | TaskCompleted | TaskCancelled
_FLAG = FlagAdded | FlagCleared
ResolutionEvent = (
    ResolutionCreated | CalibrationRequested | ResolutionApproved | ResolutionRejected | CalibrationReviewed
)
_ALERT = AlertRaised | AlertAcknowledged
Event = _OPENING | _CLOCK | _TALK | _ENVELOPE | _TASK | _FLAG | ResolutionEvent | _ALERT

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
