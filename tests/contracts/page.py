"""SPEC section 5's tables of commands and events as data, written down from the page and not from the models."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.contracts.kinds import (
    ANYTHING,
    CONTENT,
    HOURS,
    ID,
    INSTANT,
    LEVEL,
    NAME,
    NAMES,
    REFERENCES,
    TEXT,
    WORD,
    Kind,
    one_of,
)


@dataclass(frozen=True)
class Field:
    """A field of a command's data; the default is what an absent one counts as."""

    kind: Kind
    required: bool = False
    default: object = None


def _needs(kind: Kind) -> Field:
    return Field(kind, required=True)


def _may(kind: Kind, default: object = None) -> Field:
    return Field(kind, default=default)


PRIORITY = one_of("critical", "high", "medium", "low")
CHANNEL = one_of("email", "phone", "chat", "portal", "api", "other")
FLAG = one_of("physical_damage", "social_media", "vip", "legal", "repeat_contact")
_ACTS = {"agent_id": _needs(ID)}
_ON_ENVELOPE = {"envelope_id": _needs(ID), **_ACTS}
_ON_TASK = {"task_id": _needs(ID), **_ACTS}
_FLAGGED = {**_ACTS, "flag": _needs(FLAG), "reason": _may(NAME)}
_APPROVAL = {"resolution_id": _needs(ID), "approver_id": _needs(ID), "notes": _may(TEXT)}

COMMANDS: Mapping[str, Mapping[str, Field]] = {
    "ticket.open": {
        "type": _may(one_of("incident", "request", "change", "problem"), "incident"),
        "subject": _needs(NAME),
        "description": _may(TEXT),
        "priority": _may(PRIORITY, "medium"),
        "requester_id": _may(ID),
        "company_id": _may(ID),
        "team_id": _may(ID),
        "channel": _may(CHANNEL, "other"),
        "reference": _may(ID),
        "external_refs": _may(REFERENCES),
    },
    "ticket.accept": _ACTS,
    "ticket.transfer": {
        "new_owner_id": _needs(ID),
        "transfer_type": _needs(WORD),
        "reason": _needs(NAME),
        "authorized_by": _needs(ID),
    },
    "ticket.change_priority": {**_ACTS, "priority": _needs(PRIORITY), "reason": _may(NAME)},
    "ticket.await_customer": {**_ACTS, "reason": _may(NAME)},
    "ticket.resume": _ACTS,
    "ticket.resolve": {**_ACTS, "summary": _may(TEXT)},
    "ticket.close": {"agent_id": _may(ID)},
    "ticket.reopen": {"reason": _may(NAME), "requested_by": _may(TEXT)},
    "note.add": {
        **_ACTS,
        "content": _needs(CONTENT),
        "visibility": _may(one_of("internal", "public", "envelope_only"), "internal"),
        "envelope_id": _may(ID),
    },
    "message.record": {
        "direction": _needs(one_of("inbound", "outbound")),
        "channel": _may(CHANNEL),
        "from": _may(NAME),
        "to": _may(NAMES),
        "subject": _may(TEXT),
        "content": _needs(TEXT),
        "message_id": _may(ID),
        "agent_id": _may(ID),
    },
    "envelope.create": {
        **_ACTS,
        "reason": _needs(NAME),
        "team_id": _may(ID),
        "expert_id": _may(ID),
        "response_hours": _may(HOURS, 4),
        "envelope_id": _may(ID),
    },
    "envelope.accept": _ON_ENVELOPE,
    "envelope.complete": {**_ON_ENVELOPE, "summary": _may(TEXT)},
    "envelope.cancel": {**_ON_ENVELOPE, "reason": _may(NAME)},
    "task.create": {
        **_ACTS,
        "title": _needs(NAME),
        "description": _may(TEXT),
        "envelope_id": _may(ID),
        "assigned_to": _may(ID),
        "due_at": _may(INSTANT),
        "task_id": _may(ID),
    },
    "task.start": _ON_TASK,
    "task.complete": _ON_TASK,
    "task.cancel": _ON_TASK,
    "flag.add": _FLAGGED,
    "flag.clear": _FLAGGED,
    "resolution.create": {
        **_ACTS,
        "what_went_wrong": _may(TEXT),
        "what_category": _may(NAME),
        "why_eligible": _may(TEXT),
        "why_category": _may(NAME),
        "where": _may(TEXT),
        "resolution_type": _needs(
            one_of("refund", "credit", "replacement", "repair", "information", "workaround", "no_action")
        ),
        "details": _may(TEXT),
        "amount": _may(ANYTHING),
        "currency": _may(ANYTHING, "EUR"),
        "resolution_id": _may(ID),
    },
    "resolution.approve": _APPROVAL,
    "resolution.reject": _APPROVAL,
    "calibration.review": {
        "resolution_id": _needs(ID),
        "reviewer_id": _needs(ID),
        "outcome": _needs(one_of("upheld", "revised", "coaching_needed")),
        "notes": _may(TEXT),
    },
    "alert.raise": {
        "condition": _needs(one_of("not_assigned", "not_updated", "not_completed")),
        "level": _needs(LEVEL),
        "anchor_at": _needs(INSTANT),
        "at": _needs(INSTANT),
    },
    "alert.acknowledge": {"alert_id": _needs(ID), **_ACTS},
}

_STRINGS = st.text(max_size=20).filter(str.isprintable)
_MONEY = st.decimals(0, 10**12 - 1, places=2).map(str)
_SECONDS = st.integers(0, 10**9) | st.floats(0, 10**9)
_CLOCK = {"due_at": INSTANT.right, "paused_seconds": _SECONDS}
_RECIPIENT = st.fixed_dictionaries(
    {"agent_id": ID.right, "role": st.sampled_from(["tech", "supervisor", "manager"]), "reason": _STRINGS}
)

EVENTS: Mapping[str, tuple[str | None, Mapping[str, SearchStrategy[Any]]]] = {
    "ticket.opened": (
        "ticket.open",
        {
            "reference": ID.right,
            "status": st.just("new"),
            "due_at": INSTANT.right,
            "customer_tier": st.sampled_from(["standard", "premium", "vip"]),
        },
    ),
    "ticket.accepted": ("ticket.accept", {}),
    "ticket.ownership_transferred": ("ticket.transfer", {"from_owner_id": ID.right, "to_owner_id": ID.right}),
    "ticket.priority_changed": (
        "ticket.change_priority",
        {"from_priority": PRIORITY.right, "to_priority": PRIORITY.right, "due_at": INSTANT.right},
    ),
    "ticket.awaiting_customer": ("ticket.await_customer", {}),
    "ticket.resumed": ("ticket.resume", _CLOCK),
    "ticket.resolved": ("ticket.resolve", {}),
    "ticket.closed": ("ticket.close", {}),
    "ticket.reopened": ("ticket.reopen", _CLOCK),
    "note.added": ("note.add", {}),
    "message.recorded": ("message.record", {}),
    "envelope.created": (
        "envelope.create",
        {
            "envelope_id": ID.right,
            "parent_envelope_id": st.none() | ID.right,
            "level": st.integers(2, 9),
            "response_due_at": INSTANT.right,
        },
    ),
    "envelope.accepted": ("envelope.accept", {}),
    "envelope.completed": ("envelope.complete", {}),
    "envelope.cancelled": ("envelope.cancel", {}),
    "task.created": ("task.create", {"task_id": ID.right}),
    "task.started": ("task.start", {}),
    "task.completed": ("task.complete", {}),
    "task.cancelled": ("task.cancel", {}),
    "flag.added": ("flag.add", {}),
    "flag.cleared": ("flag.clear", {}),
    "resolution.created": (
        "resolution.create",
        {
            "amount": st.none() | _MONEY,
            "currency": _STRINGS,
            "resolution_id": ID.right,
            "tier": st.sampled_from(["agent", "team_lead", "manager"]),
            "status": st.sampled_from(["approved", "pending_approval"]),
            "cumulative_amount": _MONEY,
        },
    ),
    "calibration.requested": (None, {"resolution_id": ID.right, "reason": _STRINGS}),
    "resolution.approved": ("resolution.approve", {}),
    "resolution.rejected": ("resolution.reject", {}),
    "calibration.reviewed": ("calibration.review", {}),
    "alert.raised": (
        "alert.raise",
        {
            "alert_id": ID.right,
            "superseded_levels": st.lists(st.integers(1, 3), max_size=2),
            "recipients": st.lists(_RECIPIENT, max_size=2),
        },
    ),
    "alert.acknowledged": ("alert.acknowledge", {}),
}
"""By event: the command whose fields it holds, None for a second event, and its own fields beside those."""


def command_data(name: str) -> SearchStrategy[dict[str, Any]]:
    """Valid data of a command: required fields, and of the others some given, some null, some left out."""
    fields = COMMANDS[name]
    required = {key: field.kind.right for key, field in fields.items() if field.required}
    optional = {key: st.none() | field.kind.right for key, field in fields.items() if not field.required}
    return st.fixed_dictionaries(required, optional=optional)


def event_data(name: str) -> SearchStrategy[dict[str, Any]]:
    """Valid data of an event: every field, null where the command may leave it out and it has no default."""
    command, own = EVENTS[name]
    said = {
        key: field.kind.right if field.required or field.default is not None else st.none() | field.kind.right
        for key, field in (COMMANDS[command] if command else {}).items()
    }
    return st.fixed_dictionaries({**said, **own})


def least_data(name: str) -> dict[str, Any]:
    """The least that is a command of this name: each required field, at a limit of its kind."""
    return {key: field.kind.limits[0] for key, field in COMMANDS[name].items() if field.required}
