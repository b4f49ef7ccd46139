"""Every command a ticket understands: one model each, as SPEC section 5 lists them. Rules live in `services`."""

from typing import Annotated, Any

from pydantic import Field

from contracts.instants import Instant
from contracts.model import (
    AlertLevel,
    CalibrationOutcome,
    Channel,
    Condition,
    Direction,
    Flag,
    Id,
    Message,
    Name,
    Names,
    Priority,
    ResolutionType,
    Text,
    TicketType,
    Visibility,
)

DEFAULT_RESPONSE_HOURS = 4
MAX_RESPONSE_HOURS = 8760


class OpenTicket(Message):
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
    agent_id: Id


class TransferTicket(Message):
    new_owner_id: Id
    transfer_type: str
    reason: Name
    authorized_by: Id


class ChangePriority(Message):
    agent_id: Id
    priority: Priority
    reason: Name | None = None


class AwaitCustomer(Message):
    agent_id: Id
    reason: Name | None = None


class ResumeTicket(Message):
    agent_id: Id


class ResolveTicket(Message):
    agent_id: Id
    summary: Text | None = None


class CloseTicket(Message):
    agent_id: Id | None = None


class ReopenTicket(Message):
    reason: Name | None = None
    requested_by: Name | None = None


class AddNote(Message):
    agent_id: Id
    content: Annotated[Text, Field(min_length=1)]
    visibility: Visibility = "internal"
    envelope_id: Id | None = None


class RecordMessage(Message):
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
    reason: Name


class AcceptEnvelope(Message):
    envelope_id: Id
    agent_id: Id


class CompleteEnvelope(Message):
    envelope_id: Id
    agent_id: Id
    summary: Text | None = None


class CancelEnvelope(Message):
    envelope_id: Id
    agent_id: Id
    reason: Name | None = None


class CreateTask(Message):
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
    pass


class CompleteTask(TaskCommand):
    pass


class CancelTask(TaskCommand):
    pass


class AddFlag(Message):
    agent_id: Id
    flag: Flag
    reason: Name | None = None


class ClearFlag(Message):
    agent_id: Id
    flag: Flag
    reason: Name | None = None


class CreateResolution(Message):
    """`amount` and `currency` are of any type here: what is wrong with them is a refusal, not a DLQ record."""

    agent_id: Id
    what_went_wrong: Text | None = None
    what_category: Name | None = None
    why_eligible: Text | None = None
    why_category: Name | None = None
    where: Text | None = None
    resolution_type: ResolutionType
    details: Text | None = None
    amount: Any = None
    currency: Any = "EUR"
    resolution_id: Id | None = None


class ResolutionDecision(Message):
    """What approve and reject of a resolution share."""

    resolution_id: Id
    approver_id: Id
    notes: Text | None = None


class ApproveResolution(ResolutionDecision):
    pass


class RejectResolution(ResolutionDecision):
    pass


class ReviewCalibration(Message):
    resolution_id: Id
    reviewer_id: Id
    outcome: CalibrationOutcome
    notes: Text | None = None


class RaiseAlert(Message):
    condition: Condition
    level: AlertLevel
    anchor_at: Instant
    at: Instant


class AcknowledgeAlert(Message):
    alert_id: Id
    agent_id: Id


Command = (
    OpenTicket
    | AcceptTicket
    | TransferTicket
    | ChangePriority
    | AwaitCustomer
    | ResumeTicket
    | ResolveTicket
    | CloseTicket
    | ReopenTicket
    | AddNote
    | RecordMessage
    | CreateEnvelope
    | AcceptEnvelope
    | CompleteEnvelope
    | CancelEnvelope
    | CreateTask
    | StartTask
    | CompleteTask
    | CancelTask
    | AddFlag
    | ClearFlag
    | CreateResolution
    | ApproveResolution
    | RejectResolution
    | ReviewCalibration
    | RaiseAlert
    | AcknowledgeAlert
)

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
