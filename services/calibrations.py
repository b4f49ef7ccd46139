"""Calibration: which resolutions are looked at again, and by whom, so that they stay fair (SPEC section 7)."""

from collections.abc import Iterable
from hashlib import sha256

from contracts.events import CalibrationReviewed
from contracts.model import Flag, ResolutionTier
from contracts.rejections import Refusal
from contracts.resolution_commands import ReviewCalibration
from contracts.ticket import CaseFlag, Ticket
from services.decision import Context, Decision, event_from, refuse

TIER_REASON = "tier3"
SAMPLE_REASON = "random_sample"
FLAGS_REVIEWED: tuple[Flag, ...] = ("physical_damage", "social_media", "legal")
_SAMPLE_DIGITS = 8


def calibration_reason(
    resolution_id: str, tier: ResolutionTier, flags: Iterable[CaseFlag], sample_percent: int
) -> str | None:
    """Return why a resolution is to be reviewed, the first reason that fits; None where it is not."""
    if tier == "manager":
        return TIER_REASON
    set_now = {one.flag for one in flags}
    for flag in FLAGS_REVIEWED:
        if flag in set_now:
            return f"flagged_{flag}"
    return SAMPLE_REASON if _drawn(resolution_id) < sample_percent else None


def decide_review(ticket: Ticket, command: ReviewCalibration, context: Context) -> Decision:
    """Judge a resolution that was chosen for it: once, by a lead or manager who neither made nor approved it."""
    resolution = ticket.resolution(command.resolution_id)
    if resolution is None:
        return unknown_resolution(command.resolution_id)
    if resolution.calibration is None:
        return refuse("calibration_not_requested", "This resolution was not chosen for a review.")
    if resolution.calibration.outcome is not None:
        message = f"{resolution.calibration.reviewer_id} has reviewed this resolution already."
        return refuse("already_reviewed", message, outcome=resolution.calibration.outcome)
    approved_by = resolution.decided_by if resolution.status == "approved" else None
    if command.reviewer_id in (resolution.created_by, approved_by):
        return refuse("self_review", f"{command.reviewer_id} made or approved it; somebody else must review it.")
    reviewer = context.directory.agent(command.reviewer_id)
    if reviewer is None or not reviewer.leads:
        return refuse("not_authorized", f"{command.reviewer_id} may not review; a team lead or manager must.")
    return (event_from(CalibrationReviewed, command),)


def unknown_resolution(resolution_id: str) -> Refusal:
    """Refuse an id that names no resolution of this ticket."""
    message = f"This ticket has no resolution {resolution_id}."
    return refuse("resolution_unknown", message, resolution_id=resolution_id)


def _drawn(resolution_id: str) -> int:
    """Return the number from 0 to 99 that decides whether this one is in the sample: by chance, but always the same."""
    return int(sha256(resolution_id.encode()).hexdigest()[:_SAMPLE_DIGITS], 16) % 100
