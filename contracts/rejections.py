"""Refusals of a command, and the `command.rejected` they become (SPEC sections 3 and 5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

from contracts.cloudevents import event_type
from contracts.identity import event_id, rejection_part
from contracts.json_values import write_json
from contracts.received import ReceivedCommand
from contracts.recorded import Cause, caused_event

RejectionCode = Literal[
    "time_in_future",
    "ticket_exists",
    "ticket_unknown",
    "ticket_closed",
    "ticket_resolved",
    "agent_unknown",
    "agent_inactive",
    "team_unknown",
    "ticket_already_owned",
    "agent_at_capacity",
    "transfer_not_exceptional",
    "ticket_unowned",
    "not_authorized",
    "same_owner",
    "not_owner",
    "no_change",
    "envelopes_open",
    "resolution_pending",
    "not_resolved",
    "envelope_unknown",
    "not_envelope_participant",
    "expert_unknown",
    "envelope_target_missing",
    "owner_cannot_assist",
    "envelope_exists",
    "envelope_not_pending",
    "assigned_to_other",
    "not_team_member",
    "envelope_not_active",
    "envelope_not_open",
    "task_exists",
    "task_unknown",
    "task_not_open",
    "not_task_participant",
    "flag_already_set",
    "flag_not_set",
    "documentation_missing",
    "amount_invalid",
    "currency_unsupported",
    "resolution_unknown",
    "resolution_exists",
    "resolution_not_pending",
    "self_approval",
    "calibration_not_requested",
    "already_reviewed",
    "self_review",
    "alert_unknown",
    "alert_already_raised",
    "alert_stale",
    "already_acknowledged",
]
REJECTION_CODES: frozenset[str] = frozenset(get_args(RejectionCode))
REJECTED_TYPE = event_type("command.rejected")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a command is refused: a code of the closed list, a sentence a person can act on, details for a program."""

    code: RejectionCode
    message: str
    details: Mapping[str, object] = field(default_factory=dict)


def write_rejection(command: ReceivedCommand, refusal: Refusal, at: datetime) -> bytes:
    """Serialise the rejection of one delivery of a command; it holds the command as received."""
    part = rejection_part(command.position.partition, command.position.offset)
    identity = event_id(command.ticket_id, command.source, command.id, part)
    cause = Cause(command.ticket_id, command.source, command.id, command.correlation_id, at)
    event = caused_event(identity, REJECTED_TYPE, cause)
    event["data"] = {
        "code": refusal.code,
        "message": refusal.message,
        "details": refusal.details,
        "command": command.as_received,
    }
    return write_json(event)
