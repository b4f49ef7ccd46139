"""How events change the parts of a ticket: envelopes, tasks, flags, resolutions, alerts (SPEC section 5, elements)."""

from datetime import datetime
from typing import TypeVar, assert_never

from contracts.events import (
    AlertAcknowledged,
    AlertRaised,
    CalibrationRequested,
    CalibrationReviewed,
    EnvelopeAccepted,
    EnvelopeCancelled,
    EnvelopeCompleted,
    EnvelopeCreated,
    FlagAdded,
    FlagCleared,
    ResolutionApproved,
    ResolutionCreated,
    ResolutionEvent,
    ResolutionRejected,
    TaskCancelled,
    TaskCompleted,
    TaskCreated,
    TaskStarted,
)
from contracts.ticket import Alert, Calibration, CaseFlag, Envelope, Part, Resolution, Task
from contracts.trusted import trusted

P = TypeVar("P", bound=Part)


def envelopes(
    now: tuple[Envelope, ...],
    event: EnvelopeCreated | EnvelopeAccepted | EnvelopeCompleted | EnvelopeCancelled,
    at: datetime,
) -> tuple[Envelope, ...]:
    """Return the envelopes after the event."""
    match event:
        case EnvelopeCreated():
            created = Envelope(
                envelope_id=event.envelope_id,
                parent_envelope_id=event.parent_envelope_id,
                level=event.level,
                team_id=event.team_id,
                expert_id=event.expert_id,
                requested_by=event.agent_id,
                reason=event.reason,
                created_at=at,
                response_due_at=event.response_due_at,
            )
            return (*now, created)
        case EnvelopeAccepted():
            change: dict[str, object] = {"status": "active", "expert_id": event.agent_id, "accepted_at": at}
        case EnvelopeCompleted():
            change = {"status": "completed", "summary": event.summary, "completed_at": at}
        case EnvelopeCancelled():
            change = {"status": "cancelled"}
        case _:
            assert_never(event)
    return _with(now, "envelope_id", event.envelope_id, change)


def tasks(now: tuple[Task, ...], event: TaskCreated | TaskStarted | TaskCompleted | TaskCancelled) -> tuple[Task, ...]:
    """Return the tasks after the event."""
    match event:
        case TaskCreated():
            created = Task(
                task_id=event.task_id,
                envelope_id=event.envelope_id,
                title=event.title,
                description=event.description,
                created_by=event.agent_id,
                assigned_to=event.assigned_to,
                due_at=event.due_at,
            )
            return (*now, created)
        case TaskStarted():
            status = "in_progress"
        case TaskCompleted():
            status = "completed"
        case TaskCancelled():
            status = "cancelled"
        case _:
            assert_never(event)
    return _with(now, "task_id", event.task_id, {"status": status})


def flags(now: tuple[CaseFlag, ...], event: FlagAdded | FlagCleared, at: datetime) -> tuple[CaseFlag, ...]:
    """Return the flags after the event."""
    if isinstance(event, FlagCleared):
        return tuple(flag for flag in now if flag.flag != event.flag)
    return (*now, CaseFlag(flag=event.flag, reason=event.reason, set_by=event.agent_id, set_at=at))


def resolutions(
    now: tuple[Resolution, ...],
    event: ResolutionEvent,
    at: datetime,
) -> tuple[Resolution, ...]:
    """Return the resolutions after the event."""
    match event:
        case ResolutionCreated():
            return (*now, _resolution(event, at))
        case CalibrationRequested():
            change: dict[str, object] = {"calibration": Calibration(reason=event.reason)}
        case ResolutionApproved():
            change = {"status": "approved", "decided_by": event.approver_id}
        case ResolutionRejected():
            change = {"status": "rejected", "decided_by": event.approver_id}
        case CalibrationReviewed():
            asked = next(one.calibration for one in now if one.resolution_id == event.resolution_id)
            reviewed = {"outcome": event.outcome, "reviewer_id": event.reviewer_id}
            change = {"calibration": asked and asked.model_copy(update=reviewed)}
        case _:
            assert_never(event)
    return _with(now, "resolution_id", event.resolution_id, change)


def alerts(now: tuple[Alert, ...], event: AlertRaised | AlertAcknowledged, at: datetime) -> tuple[Alert, ...]:
    """Return the alerts after the event."""
    if isinstance(event, AlertAcknowledged):
        return _with(now, "alert_id", event.alert_id, {"acknowledged_by": event.agent_id})
    raised = Alert(
        alert_id=event.alert_id,
        condition=event.condition,
        level=event.level,
        superseded_levels=event.superseded_levels,
        anchor_at=event.anchor_at,
        raised_at=at,
        recipients=event.recipients,
    )
    return (*now, raised)


def _resolution(event: ResolutionCreated, at: datetime) -> Resolution:
    return Resolution(
        resolution_id=event.resolution_id,
        resolution_type=event.resolution_type,
        what_category=event.what_category,
        why_category=event.why_category,
        where=event.where,
        amount=event.amount,
        currency=event.currency,
        cumulative_amount=event.cumulative_amount,
        tier=event.tier,
        status=event.status,
        created_by=event.agent_id,
        created_at=at,
        decided_by=event.agent_id if event.status == "approved" else None,
    )


def _with(parts: tuple[P, ...], key: str, identity: str, change: dict[str, object]) -> tuple[P, ...]:
    """Return the parts with the one of this id changed, in the same order."""
    return tuple(
        trusted(type(part), {**part.__dict__, **change}) if getattr(part, key) == identity else part for part in parts
    )
