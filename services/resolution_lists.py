"""What waits for an approver or a reviewer: resolutions, the oldest first (SPEC section 8)."""

from collections.abc import Iterable
from typing import NamedTuple, get_args

from contracts.directory import Agent
from contracts.model import ResolutionTier
from contracts.ticket import Resolution, Ticket
from services.resolutions import may_decide

_TIERS: tuple[ResolutionTier, ...] = get_args(ResolutionTier)


class CaseResolution(NamedTuple):
    """A resolution, and the ticket it belongs to."""

    ticket: Ticket
    resolution: Resolution


def tiers_decided_by(agent: Agent) -> tuple[ResolutionTier, ...]:
    """Return the tiers whose pending resolutions the agent may decide; none for somebody inactive."""
    return tuple(tier for tier in _TIERS if agent.is_active and tier != "agent" and may_decide(agent, tier))


def pending_approvals(agent: Agent, cases: Iterable[CaseResolution]) -> list[CaseResolution]:
    """Return what the agent may approve or reject now: pending, of a tier of theirs, and made by somebody else."""
    tiers = tiers_decided_by(agent)
    return _oldest_first(
        case
        for case in cases
        if case.resolution.status == "pending_approval"
        and case.resolution.tier in tiers
        and case.resolution.created_by != agent.id
    )


def awaiting_review(cases: Iterable[CaseResolution]) -> list[CaseResolution]:
    """Return what was chosen for a review that nobody has given yet."""
    return _oldest_first(
        case
        for case in cases
        if case.resolution.calibration is not None and case.resolution.calibration.outcome is None
    )


def _oldest_first(cases: Iterable[CaseResolution]) -> list[CaseResolution]:
    return sorted(cases, key=lambda case: (case.resolution.created_at, case.ticket.id, case.resolution.resolution_id))
