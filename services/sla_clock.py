"""When a ticket is due: its target on its priority's calendar, moved on by the time it was paused (SPEC section 6)."""

from datetime import datetime, timedelta

from contracts.model import Priority, Tier
from contracts.ticket import Ticket
from services.decision import Directory
from services.sla import DEFAULT_TARGETS, parse_duration

_SECOND = timedelta(seconds=1)


def due_at(
    directory: Directory, priority: Priority, tier: Tier, opened_at: datetime, paused_seconds: float
) -> datetime:
    """Return calendar.add(opened_at, target + paused_seconds); a VIP's target is multiplied by the policy's factor."""
    policy = directory.policy
    text = policy.targets.get(priority)
    target = DEFAULT_TARGETS[priority] if text is None else parse_duration(text)
    if tier == "vip":
        target *= policy.vip_target_factor
    return directory.business_time(priority).add(opened_at, target + timedelta(seconds=paused_seconds))


def paused_seconds_at(directory: Directory, ticket: Ticket, priority: Priority, at: datetime) -> int | float:
    """Return the ticket's paused business seconds with the running pause, if any, ended at `at`."""
    if ticket.paused_since is None:
        return ticket.paused_seconds
    span = directory.business_time(priority).between(ticket.paused_since, at)
    total = timedelta(seconds=ticket.paused_seconds) + span
    whole, rest = divmod(total, _SECOND)
    return total.total_seconds() if rest else whole
