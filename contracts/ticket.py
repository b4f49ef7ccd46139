"""The ticket and its parts, as the state topic and the Redis view hold them (SPEC section 5, state snapshot).

Snapshots are the engine's own writing, so they are read without strictness: JSON lists become tuples.
"""

from typing import Annotated

from pydantic import Field

from contracts.instants import Instant
from contracts.model import (
    AlertRole,
    CalibrationOutcome,
    Channel,
    Condition,
    EnvelopeStatus,
    Flag,
    Model,
    Priority,
    ResolutionStatus,
    ResolutionTier,
    ResolutionType,
    TaskStatus,
    TicketStatus,
    TicketType,
    Tier,
)
from contracts.trusted import trusted


class Part(Model):
    """Immutable piece of a snapshot."""


class Envelope(Part):
    """A request for expert help: the assist sub-case of a ticket, whose owner stays."""

    envelope_id: str
    parent_envelope_id: str | None = None
    level: int
    status: EnvelopeStatus = "pending"
    team_id: str | None = None
    expert_id: str | None = None
    requested_by: str
    reason: str | None = None
    summary: str | None = None
    created_at: Instant
    accepted_at: Instant | None = None
    completed_at: Instant | None = None
    response_due_at: Instant

    @property
    def is_open(self) -> bool:
        """Whether help may still come: pending or active."""
        return self.status in ("pending", "active")


class Task(Part):
    """A piece of work on a ticket or within one of its envelopes."""

    task_id: str
    envelope_id: str | None = None
    title: str
    description: str | None = None
    status: TaskStatus = "open"
    created_by: str
    assigned_to: str | None = None
    due_at: Instant | None = None


class CaseFlag(Part):
    """A mark that changes how a case is treated, e.g. legal."""

    flag: Flag
    reason: str | None = None
    set_by: str
    set_at: Instant


class Calibration(Part):
    """The review of a resolution: requested for `reason`, then decided."""

    reason: str
    outcome: CalibrationOutcome | None = None
    reviewer_id: str | None = None


class Resolution(Part):
    """What was given to the customer, by whom and within which tier."""

    resolution_id: str
    resolution_type: ResolutionType
    what_category: str | None = None
    why_category: str | None = None
    where: str | None = None
    amount: str | None = None
    currency: str
    cumulative_amount: str
    tier: ResolutionTier
    status: ResolutionStatus
    created_by: str
    created_at: Instant
    decided_by: str | None = None
    calibration: Calibration | None = None


class Recipient(Part):
    """Who is told of an alert, in which role and why (SPEC section 6)."""

    agent_id: str
    role: AlertRole
    reason: str


# Also within strict messages these come as JSON lists.
Levels = Annotated[tuple[int, ...], Field(strict=False)]
Recipients = Annotated[tuple[Recipient, ...], Field(strict=False)]


class Alert(Part):
    """One level of one condition, raised once per anchor."""

    alert_id: str
    condition: Condition
    level: int
    superseded_levels: Levels = ()
    anchor_at: Instant
    raised_at: Instant
    recipients: Recipients = ()
    acknowledged_by: str | None = None


class Ticket(Part):
    """A ticket after its event number `version`; folding its events gives the same (SPEC section 5)."""

    id: str
    reference: str
    type: TicketType
    subject: str
    description: str | None = None
    status: TicketStatus = "new"
    priority: Priority
    owner_id: str | None = None
    owner_accepted_at: Instant | None = None
    requester_id: str | None = None
    company_id: str | None = None
    customer_tier: Tier = "standard"
    team_id: str | None = None
    channel: Channel = "other"
    external_refs: dict[str, str] | None = None
    opened_at: Instant
    updated_at: Instant
    agent_activity_at: Instant | None = None
    first_response_at: Instant | None = None
    resolved_at: Instant | None = None
    closed_at: Instant | None = None
    due_at: Instant | None = None
    paused_since: Instant | None = None
    paused_seconds: int | float = 0
    version: int
    head_hash: str
    source_offset: int = -1
    recent_commands: dict[str, str] = Field(default_factory=dict)
    envelopes: tuple[Envelope, ...] = ()
    tasks: tuple[Task, ...] = ()
    flags: tuple[CaseFlag, ...] = ()
    resolutions: tuple[Resolution, ...] = ()
    alerts: tuple[Alert, ...] = ()

    def changed(self, **fields: object) -> "Ticket":
        """Return a copy with some fields replaced; values are trusted, for they come from accepted events."""
        return trusted(Ticket, {**self.__dict__, **fields})

    @property
    def is_open(self) -> bool:
        """Whether it is neither resolved nor closed: such tickets count against their owner's capacity."""
        return self.resolved_at is None and self.closed_at is None

    def envelope(self, envelope_id: str) -> Envelope | None:
        """Return the envelope of this id, if it is one of this ticket's."""
        return next((envelope for envelope in self.envelopes if envelope.envelope_id == envelope_id), None)

    def task(self, task_id: str) -> Task | None:
        """Return the task of this id, if it is one of this ticket's."""
        return next((task for task in self.tasks if task.task_id == task_id), None)

    def resolution(self, resolution_id: str) -> Resolution | None:
        """Return the resolution of this id, if it is one of this ticket's."""
        return next((one for one in self.resolutions if one.resolution_id == resolution_id), None)

    def has_flag(self, flag: Flag) -> bool:
        """Whether this flag is set."""
        return any(one.flag == flag for one in self.flags)
