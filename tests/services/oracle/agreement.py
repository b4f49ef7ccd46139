"""Whether the clerk's book and a ticket say the same, and what no book may ever say."""

from datetime import timedelta

from contracts.ticket import Ticket
from tests.services.oracle.book import ROLES, Book
from tests.services.oracle.work import LIMITS, cents

_MAY_DECIDE = {"agent": set(ROLES.values()), "team_lead": {"team_lead", "manager"}, "manager": {"manager"}}


def assert_same(book: Book, ticket: Ticket) -> None:
    """The ticket is what the clerk's book says, part by part."""
    assert (ticket.status, ticket.owner_id, ticket.priority) == (book.status, book.owner, book.priority)
    assert (ticket.opened_at, ticket.updated_at, ticket.due_at) == (book.opened_at, book.updated_at, book.due_at)
    assert (ticket.agent_activity_at, ticket.first_response_at) == (book.activity_at, book.response_at)
    assert (ticket.resolved_at, ticket.closed_at) == (book.resolved_at, book.closed_at)
    assert (ticket.paused_since, timedelta(seconds=ticket.paused_seconds)) == (book.paused_since, book.paused)
    assert [
        (one.envelope_id, one.parent_envelope_id, one.level, one.status, one.team_id, one.expert_id, one.requested_by)
        for one in ticket.envelopes
    ] == [
        (one["id"], one["above"], one["level"], one["status"], one["team"], one["expert"], one["by"])
        for one in book.envelopes.values()
    ]
    assert [(one.task_id, one.status, one.created_by, one.assigned_to) for one in ticket.tasks] == [
        (identity, one["status"], one["by"], one["for"]) for identity, one in book.tasks.items()
    ]
    assert [one.flag for one in ticket.flags] == book.flags
    assert [(one.alert_id, one.acknowledged_by) for one in ticket.alerts] == [
        (identity, one["by"]) for identity, one in book.alerts.items()
    ]
    assert_same_resolutions(book, ticket)


def assert_same_resolutions(book: Book, ticket: Ticket) -> None:
    """So are the resolutions, to the cent."""
    for one, (identity, kept) in zip(ticket.resolutions, book.resolutions.items(), strict=True):
        assert (one.resolution_id, one.status, one.tier) == (identity, kept["status"], kept["tier"])
        assert (one.created_by, one.decided_by) == (kept["by"], kept["decided_by"])
        assert (cents(one.amount or "0"), one.currency, cents(one.cumulative_amount)) == (
            kept["cents"],
            kept["in"],
            kept["total"],
        )
        asked = one.calibration
        assert (asked and asked.reason, asked and asked.outcome) == (kept["reason"], kept["outcome"])


def assert_accountable(ticket: Ticket) -> None:
    """No sum passes a tier without somebody of that tier, however it is split; nobody decides what is their own."""
    for one in ticket.resolutions:
        if one.tier != "agent" and one.decided_by is not None:
            assert one.decided_by != one.created_by
            assert ROLES[one.decided_by] in _MAY_DECIDE[one.tier]
        if one.calibration is not None and one.calibration.reviewer_id is not None:
            assert one.calibration.reviewer_id != one.created_by
    for currency, (agent_limit, lead_limit) in LIMITS.items():
        approved = [one for one in ticket.resolutions if one.currency == currency and one.status == "approved"]
        given = sum(cents(one.amount or "0") for one in approved)
        roles = {ROLES[one.decided_by] for one in approved if one.decided_by and one.tier != "agent"}
        assert given <= agent_limit or roles
        assert given <= lead_limit or "manager" in roles
