"""Which lists of the read side a ticket stands on: a pure function of its state (SPEC section 8).

The Redis view keeps each list as a set, written as the difference between a ticket's entries before and after; the
audit compares the sets with what the snapshots say. A list's name is its kind and whose it is, a member names ticket
and part.
"""

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

from contracts.ticket import Ticket
from services.alert_grid import unseen_alerts
from services.iso_weeks import week_of


class IndexEntry(NamedTuple):
    """One membership: in the list `kind:key`, of `member`: a ticket id, or ticket id and part id by a slash."""

    kind: str
    key: str
    member: str

    @property
    def name(self) -> str:
        """The name of the list."""
        return f"{self.kind}:{self.key}"


def index_entries(ticket: Ticket | None) -> frozenset[IndexEntry]:
    """Return every list the ticket, or a part of it, stands on; nothing for no ticket."""
    return frozenset() if ticket is None else frozenset(_entries(ticket))


_CHANGEABLE = attrgetter("resolved_at", "closed_at", "envelopes", "tasks", "alerts", "resolutions")
"""All of a ticket that a command can change its entries by."""


def same_entries(before: Ticket | None, after: Ticket) -> bool:
    """Tell, cheaply, that a ticket's entries are what they were; where this says no, they have to be compared."""
    return before is not None and _CHANGEABLE(before) == _CHANGEABLE(after)


def index_changes(before: Ticket | None, after: Ticket) -> tuple[Sequence[IndexEntry], Sequence[IndexEntry]]:
    """Return the lists' members that are no more and those that are new, each in order."""
    if same_entries(before, after):
        return (), ()
    was, now = index_entries(before), index_entries(after)
    return sorted(was - now), sorted(now - was)


def _entries(ticket: Ticket) -> Iterator[IndexEntry]:
    if ticket.team_id is not None and ticket.is_open:
        yield IndexEntry("open-of-team", ticket.team_id, ticket.id)
    yield from _of_envelopes(ticket)
    for task in ticket.tasks:
        if task.assigned_to is not None and task.status in ("open", "in_progress"):
            yield IndexEntry("tasks", task.assigned_to, f"{ticket.id}/{task.task_id}")
    for alert in unseen_alerts(ticket):
        for recipient in alert.recipients:
            yield IndexEntry("alerts", recipient.agent_id, f"{ticket.id}/{alert.alert_id}")
    yield from _of_resolutions(ticket)


def _of_envelopes(ticket: Ticket) -> Iterator[IndexEntry]:
    for envelope in ticket.envelopes:
        member = f"{ticket.id}/{envelope.envelope_id}"
        if envelope.status == "pending" and envelope.expert_id is not None:
            yield IndexEntry("envelopes-for-expert", envelope.expert_id, member)
        elif envelope.status == "pending" and envelope.team_id is not None:
            yield IndexEntry("envelopes-for-team", envelope.team_id, member)
        elif envelope.status == "active" and envelope.expert_id is not None:
            yield IndexEntry("envelopes-of-expert", envelope.expert_id, member)


def _of_resolutions(ticket: Ticket) -> Iterator[IndexEntry]:
    """Yield what waits for an approver, by tier, and for a reviewer, by week; and all resolutions of a week."""
    for resolution in ticket.resolutions:
        member, week = f"{ticket.id}/{resolution.resolution_id}", week_of(resolution.created_at)
        yield IndexEntry("resolutions", week, member)
        if resolution.status == "pending_approval":
            yield IndexEntry("approvals", resolution.tier, member)
        if resolution.calibration is not None and resolution.calibration.outcome is None:
            yield IndexEntry("calibrations", week, member)
