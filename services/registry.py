"""The index of the engine: every command, the agents it names, when it is decided, and by whom (SPEC section 5).

Adding a command means a model and an entry in `contracts.commands`, an entry here, a decide function, its events in
`contracts.events` and `services.evolve`, and a spec.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from contracts import commands as c
from contracts import resolution_commands as r
from contracts.rejections import Refusal
from contracts.ticket import Ticket
from services import alerts, calibrations, communication, envelopes, flags, lifecycle, ownership, resolutions, tasks
from services.decision import Context, Decision
from services.errors import (
    AlertRejected,
    CommandRejected,
    EnvelopeRejected,
    FlagRejected,
    LifecycleRejected,
    NoteRejected,
    OwnershipRejected,
    ResolutionRejected,
    TaskRejected,
)

_ACTING = ("agent_id",)


@dataclass(frozen=True, slots=True)
class Rule:
    """How one command is decided.

    `agents` are the fields that must name active agents; `when_resolved` and `when_closed` tell whether it is decided
    on such tickets; `before_agents` is a refusal that comes before any agent is looked up.
    """

    decide: Callable[[Ticket, Any, Context], Decision]
    family: type[CommandRejected]
    agents: tuple[str, ...] = _ACTING
    when_resolved: bool = False
    when_closed: bool = False
    before_agents: Callable[[Any], Refusal | None] | None = None


RULES: Mapping[type[c.Command], Rule] = {
    c.AcceptTicket: Rule(ownership.decide_accept, OwnershipRejected),
    c.TransferTicket: Rule(
        ownership.decide_transfer,
        OwnershipRejected,
        agents=("new_owner_id", "authorized_by"),
        before_agents=ownership.transfer_not_exceptional,
    ),
    c.ChangePriority: Rule(lifecycle.decide_change_priority, LifecycleRejected),
    c.AwaitCustomer: Rule(lifecycle.decide_await_customer, LifecycleRejected),
    c.ResumeTicket: Rule(lifecycle.decide_resume, LifecycleRejected),
    c.ResolveTicket: Rule(lifecycle.decide_resolve, LifecycleRejected),
    c.CloseTicket: Rule(lifecycle.decide_close, LifecycleRejected, when_resolved=True),
    c.ReopenTicket: Rule(lifecycle.decide_reopen, LifecycleRejected, agents=(), when_resolved=True, when_closed=True),
    c.AddNote: Rule(communication.decide_add_note, NoteRejected, when_resolved=True),
    c.RecordMessage: Rule(communication.decide_record_message, NoteRejected, when_resolved=True),
    c.CreateEnvelope: Rule(envelopes.decide_create, EnvelopeRejected),
    c.AcceptEnvelope: Rule(envelopes.decide_accept, EnvelopeRejected),
    c.CompleteEnvelope: Rule(envelopes.decide_complete, EnvelopeRejected),
    c.CancelEnvelope: Rule(envelopes.decide_cancel, EnvelopeRejected),
    c.CreateTask: Rule(tasks.decide_create, TaskRejected, agents=("agent_id", "assigned_to")),
    c.StartTask: Rule(tasks.decide_start, TaskRejected),
    c.CompleteTask: Rule(tasks.decide_complete, TaskRejected),
    c.CancelTask: Rule(tasks.decide_cancel, TaskRejected),
    c.AddFlag: Rule(flags.decide_add, FlagRejected),
    c.ClearFlag: Rule(flags.decide_clear, FlagRejected),
    r.CreateResolution: Rule(resolutions.decide_create, ResolutionRejected),
    r.ApproveResolution: Rule(resolutions.decide_approve, ResolutionRejected, agents=("approver_id",)),
    r.RejectResolution: Rule(resolutions.decide_reject, ResolutionRejected, agents=("approver_id",)),
    r.ReviewCalibration: Rule(
        calibrations.decide_review,
        ResolutionRejected,
        agents=("reviewer_id",),
        when_resolved=True,
        when_closed=True,
    ),
    c.RaiseAlert: Rule(alerts.decide_raise, AlertRejected, agents=(), when_resolved=True),
    c.AcknowledgeAlert: Rule(alerts.decide_acknowledge, AlertRejected, when_resolved=True),
}
"""Every command but `ticket.open`, which has no ticket yet and is decided by `lifecycle.decide_open`."""


def family_of(command: c.Command) -> type[CommandRejected]:
    """Return the error that refusals of this command are raised as by the library."""
    return LifecycleRejected if isinstance(command, c.OpenTicket) else RULES[type(command)].family
