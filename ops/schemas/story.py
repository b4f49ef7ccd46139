"""One ticket's life as its senders wrote it, told so that every command and every event occurs: the schemas' examples.

Plain words only; `examples` has the engine act on them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.identity import event_id

TICKET = "INC-4711"
BEGIN = "2026-11-23T09:00:00.000000Z"
CONNECTOR = "/connectors/example"
ALERTS = "/itilnext/alerts"

DIRECTORY: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    ("agent", "ann", {"name": "Ann Archer", "email": "ann@example.org", "team_ids": ["desk"]}),
    ("agent", "bob", {"name": "Bob Baker", "team_ids": ["network"], "substitute_id": "ann"}),
    ("agent", "lea", {"name": "Lea Long", "role": "team_lead", "team_ids": ["desk"], "empowerment_limit": "250.00"}),
    ("agent", "max", {"name": "Max Mayer", "role": "manager", "team_ids": ["desk"]}),
    ("team", "desk", {"name": "Service desk", "lead_id": "lea", "manager_id": "max"}),
    ("team", "network", {"name": "Network", "lead_id": "lea", "manager_id": "max", "tier2_limit": "1000.00"}),
    ("team", "legal", {"name": "Legal"}),
    ("company", "acme", {"name": "Acme", "domain": "acme.example", "tier": "premium"}),
    ("contact", "carl", {"email": "carl@acme.example", "first_name": "Carl", "company_id": "acme"}),
    (
        "calendar",
        "berlin",
        {
            "timezone": "Europe/Berlin",
            "hours": {"mon": [["08:00", "12:00"], ["13:00", "18:00"]], "fri": [["08:00", "16:00"]]},
            "holidays": ["2026-12-25"],
            "holiday_country": "DE",
        },
    ),
    (
        "policy",
        "default",
        {
            "targets": {"high": "PT4H"},
            "thresholds": {"high": {"not_assigned": ["PT15M", "PT30M", "PT1H"]}},
            "calendars": {"critical": "24x7", "low": "berlin"},
            "vip_target_factor": 0.5,
            "legal_team_id": "legal",
            "currencies": {"USD": {"agent": "100.00", "team_lead": "500.00"}},
            "calibration_sample_percent": 5,
        },
    ),
)


@dataclass(frozen=True, slots=True)
class Sent:
    """A command as sent, so many minutes after the story's begin; its id is its place in the story."""

    minute: int
    name: str
    fields: Mapping[str, Any]
    source: str = CONNECTOR


_ALERT = event_id(TICKET, ALERTS, "2", "alert")
_OPEN = {
    "type": "incident",
    "subject": "No network on the third floor",
    "description": "All desks are dark since 08:45.",
    "priority": "critical",
    "requester_id": "carl",
    "team_id": "desk",
    "channel": "phone",
    "external_refs": {"monitoring": "4711"},
}
_APOLOGY = {
    "agent_id": "ann",
    "what_went_wrong": "The switch was replaced during office hours.",
    "what_category": "change",
    "why_eligible": "Outside of the agreed window.",
    "why_category": "sla",
    "resolution_type": "credit",
}

STORY = (
    Sent(0, "ticket.open", _OPEN),
    Sent(
        5,
        "alert.raise",
        {"condition": "not_assigned", "level": 1, "anchor_at": BEGIN, "at": "2026-11-23T09:05:00.000000Z"},
        ALERTS,
    ),
    Sent(6, "alert.acknowledge", {"alert_id": _ALERT, "agent_id": "ann"}),
    Sent(7, "ticket.accept", {"agent_id": "ann"}),
    Sent(8, "ticket.accept", {"agent_id": "bob"}),
    Sent(9, "note.add", {"agent_id": "ann", "content": "Switch 3.1 does not answer.", "visibility": "internal"}),
    Sent(10, "flag.add", {"agent_id": "ann", "flag": "legal", "reason": "A contract with penalties."}),
    Sent(11, "flag.clear", {"agent_id": "ann", "flag": "legal", "reason": "The penalty clause has ended."}),
    Sent(
        12,
        "envelope.create",
        {
            "agent_id": "ann",
            "reason": "Knows the switches",
            "expert_id": "bob",
            "response_hours": 2,
            "envelope_id": "env-1",
        },
    ),
    Sent(13, "envelope.accept", {"envelope_id": "env-1", "agent_id": "bob"}),
    Sent(
        14,
        "task.create",
        {
            "agent_id": "bob",
            "title": "Replace switch 3.1",
            "envelope_id": "env-1",
            "due_at": "2026-11-23T10:00:00Z",
            "task_id": "task-1",
        },
    ),
    Sent(15, "task.start", {"task_id": "task-1", "agent_id": "bob"}),
    Sent(
        16,
        "message.record",
        {
            "direction": "outbound",
            "channel": "email",
            "from": "desk@example.org",
            "to": ["carl@acme.example"],
            "subject": "Third floor",
            "content": "We replace a switch; could you tell us when you are back online?",
            "agent_id": "ann",
        },
    ),
    Sent(17, "ticket.await_customer", {"agent_id": "ann", "reason": "Carl tells when it works again"}),
    Sent(40, "ticket.resume", {"agent_id": "ann"}),
    Sent(41, "task.complete", {"task_id": "task-1", "agent_id": "bob"}),
    Sent(42, "task.create", {"agent_id": "ann", "title": "Call the facility team", "task_id": "task-2"}),
    Sent(43, "task.cancel", {"task_id": "task-2", "agent_id": "ann"}),
    Sent(44, "envelope.complete", {"envelope_id": "env-1", "agent_id": "bob", "summary": "Switch replaced."}),
    Sent(
        45,
        "envelope.cancel",
        {"envelope_id": event_id(TICKET, CONNECTOR, "7", "envelope"), "agent_id": "ann", "reason": "Not needed."},
    ),
    Sent(46, "ticket.change_priority", {"agent_id": "ann", "priority": "high", "reason": "It works again."}),
    Sent(47, "flag.add", {"agent_id": "ann", "flag": "physical_damage"}),
    Sent(48, "resolution.create", {**_APOLOGY, "amount": "80.00", "currency": "EUR", "resolution_id": "res-1"}),
    Sent(49, "resolution.create", {**_APOLOGY, "amount": "120.00", "resolution_id": "res-2"}),
    Sent(50, "resolution.approve", {"resolution_id": "res-2", "approver_id": "lea", "notes": "As agreed."}),
    Sent(51, "resolution.create", {**_APOLOGY, "amount": "900.00", "resolution_id": "res-3"}),
    Sent(52, "resolution.reject", {"resolution_id": "res-3", "approver_id": "max"}),
    Sent(
        53,
        "ticket.transfer",
        {"new_owner_id": "bob", "transfer_type": "extended_leave", "reason": "Parental leave", "authorized_by": "max"},
    ),
    Sent(54, "ticket.resolve", {"agent_id": "bob", "summary": "Switch 3.1 replaced."}),
    Sent(60, "ticket.reopen", {"reason": "Two desks are still dark", "requested_by": "Carl"}),
    Sent(70, "ticket.resolve", {"agent_id": "bob", "summary": "Cables replaced too."}),
    Sent(80, "calibration.review", {"resolution_id": "res-1", "reviewer_id": "lea", "outcome": "upheld"}),
    Sent(90, "ticket.close", {"agent_id": "bob"}),
)
