"""Every command a ticket understands: one model each, as SPEC section 5 lists them. Rules live in `services`.

`agent_id` is the agent who acts. Those about resolutions are in `resolution_commands`.
"""

from typing import Annotated, Any

from pydantic import Field

from contracts.instants import Instant
from contracts.model import (
    AlertLevel,
    Channel,
    Condition,
    Direction,
    Flag,
    Id,
    Message,
    Name,
    Names,
    Priority,
    Text,
    TicketType,
    Visibility,
)
from contracts.resolution_commands import ApproveResolution, CreateResolution, RejectResolution, ReviewCalibration

DEFAULT_RESPONSE_HOURS = 4
MAX_RESPONSE_HOURS = 8760


class OpenTicket(Message):
    """Open a ticket under the id its sender chose, which is the command's subject (SPEC section 5)."""

    type: TicketType = "incident"
    subject: Name
    description: Text | None = None
    priority: Priority = "medium"
    requester_id: Id | None = None
    company_id: Id | None = None
    team_id: Id | None = None
    channel: Channel = "other"
    reference: Id | None = None
    external_refs: dict[Name, Id] | None = None


class AcceptTicket(Message):
    """Become the owner of a new ticket, for ever (SPEC section 5)."""

    agent_id: Id


class TransferTicket(Message):
    """Give a ticket to another owner because its own has left or is away for long; any other type is refused."""

    new_owner_id: Id
    transfer_type: str
    reason: Name
    authorized_by: Id


class ChangePriority(Message):
    """Change the priority, and with it the target and the calendar (SPEC sections 5 and 6)."""

    agent_id: Id
    priority: Priority
    reason: Name | None = None


class AwaitCustomer(Message):
    """Wait for the customer: the SLA clock pauses (SPEC section 5)."""

    agent_id: Id
    reason: Name | None = None


class ResumeTicket(Message):
    """Go on after waiting for the customer: the SLA clock runs again (SPEC section 5)."""

    agent_id: Id


class ResolveTicket(Message):
    """Say that the work is done (SPEC section 5)."""

    agent_id: Id
    summary: Text | None = None


class CloseTicket(Message):
    """Close a resolved ticket; without an agent the system does (SPEC section 5)."""

    agent_id: Id | None = None


class ReopenTicket(Message):
    """Take up a resolved or closed ticket again, under the same owner; `requested_by` is free text (SPEC section 5)."""

    reason: Name | None = None
    requested_by: Text | None = None


class AddNote(Message):
    """Write a note, for whom `visibility` says (SPEC sections 5 and 8)."""

    agent_id: Id
    content: Annotated[Text, Field(min_length=1)]
    visibility: Visibility = "internal"
    envelope_id: Id | None = None


class RecordMessage(Message):
    """Record what was said to or by the customer; only the owner talks to the customer (SPEC section 5)."""

    direction: Direction
    channel: Channel | None = None
    from_: Name | None = Field(default=None, alias="from")
    to: Names | None = None
    subject: Text | None = None
    content: Text
    message_id: Id | None = None
    agent_id: Id | None = None

    def wire(self) -> dict[str, Any]:
        """Return the fields with `from`, a word Python keeps for itself, under its own name."""
        return {"from" if name == "from_" else name: value for name, value in self.__dict__.items()}


class EnvelopeRequest(Message):
    """What asking for help and its event share; a legal flag may ask without a reason."""

    agent_id: Id
    team_id: Id | None = None
    expert_id: Id | None = None
    response_hours: Annotated[int | float, Field(gt=0, le=MAX_RESPONSE_HOURS)] = DEFAULT_RESPONSE_HOURS
    envelope_id: Id | None = None


class CreateEnvelope(EnvelopeRequest):
    """Ask a team or an expert for help; the owner stays (SPEC section 5)."""

    reason: Name


class AcceptEnvelope(Message):
    """Become the expert of a pending envelope (SPEC section 5)."""

    envelope_id: Id
    agent_id: Id


class CompleteEnvelope(Message):
    """Say that the help asked for was given (SPEC section 5)."""

    envelope_id: Id
    agent_id: Id
    summary: Text | None = None


class CancelEnvelope(Message):
    """Withdraw a pending or active envelope (SPEC section 5)."""

    envelope_id: Id
    agent_id: Id
    reason: Name | None = None


class CreateTask(Message):
    """Add a piece of work to a ticket or to one of its envelopes (SPEC section 5)."""

    agent_id: Id
    title: Name
    description: Text | None = None
    envelope_id: Id | None = None
    assigned_to: Id | None = None
    due_at: Instant | None = None
    task_id: Id | None = None


class TaskCommand(Message):
    """What start, complete and cancel of a task share."""

    task_id: Id
    agent_id: Id


class StartTask(TaskCommand):
    """Begin an open task (SPEC section 5)."""


class CompleteTask(TaskCommand):
    """Finish a task (SPEC section 5)."""


class CancelTask(TaskCommand):
    """Drop a task (SPEC section 5)."""


class AddFlag(Message):
    """Mark a case for what makes it special (SPEC section 5)."""

    agent_id: Id
    flag: Flag
    reason: Name | None = None


class ClearFlag(Message):
    """Take a mark off a case (SPEC section 5)."""

    agent_id: Id
    flag: Flag
    reason: Name | None = None


class RaiseAlert(Message):
    """Tell that a level of a condition is reached; only the alert worker may (SPEC sections 5 and 6)."""

    condition: Condition
    level: AlertLevel
    anchor_at: Instant
    at: Instant


class AcknowledgeAlert(Message):
    """Say that an alert was seen (SPEC section 5)."""

    alert_id: Id
    agent_id: Id


_TICKET = OpenTicket | AcceptTicket | TransferTicket | ChangePriority
_CLOCK = AwaitCustomer | ResumeTicket | ResolveTicket | CloseTicket | ReopenTicket
_TALK = AddNote | RecordMessage
_ENVELOPE = CreateEnvelope | AcceptEnvelope | CompleteEnvelope | CancelEnvelope
_TASK = CreateTask | StartTask | CompleteTask | CancelTask
_FLAG = AddFlag | ClearFlag
_RESOLUTION = CreateResolution | ApproveResolution | RejectResolution | ReviewCalibration
_ALERT = RaiseAlert | AcknowledgeAlert
Command = _TICKET | _CLOCK | _TALK | _ENVELOPE | _TASK | _FLAG | _RESOLUTION | _ALERT

COMMANDS: dict[str, type[Command]] = {
    "ticket.open": OpenTicket,
    "ticket.accept": AcceptTicket,
    "ticket.transfer": TransferTicket,
    "ticket.change_priority": ChangePriority,
    "ticket.await_customer": AwaitCustomer,
    "ticket.resume": ResumeTicket,
    "ticket.resolve": ResolveTicket,
    "ticket.close": CloseTicket,
    "ticket.reopen": ReopenTicket,
    "note.add": AddNote,
    "message.record": RecordMessage,
    "envelope.create": CreateEnvelope,
    "envelope.accept": AcceptEnvelope,
    "envelope.complete": CompleteEnvelope,
    "envelope.cancel": CancelEnvelope,
    "task.create": CreateTask,
    "task.start": StartTask,
    "task.complete": CompleteTask,
    "task.cancel": CancelTask,
    "flag.add": AddFlag,
    "flag.clear": ClearFlag,
    "resolution.create": CreateResolution,
    "resolution.approve": ApproveResolution,
    "resolution.reject": RejectResolution,
    "calibration.review": ReviewCalibration,
    "alert.raise": RaiseAlert,
    "alert.acknowledge": AcknowledgeAlert,
}
"""The commands by the name in their type, `org.itilnext.<name>.v1`."""
