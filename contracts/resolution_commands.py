"""The commands about what a customer is given: resolutions, their approval and calibration (SPEC sections 5 and 7)."""

from typing import Any

from contracts.model import CalibrationOutcome, Id, Message, Name, ResolutionType, Text


class CreateResolution(Message):
    """Give the customer something, within the empowerment of who gives it (SPEC sections 5 and 7).

    `amount` and `currency` are of any type here: what is wrong with them is a refusal, not a DLQ record.
    """

    agent_id: Id
    what_went_wrong: Text | None = None
    what_category: Name | None = None
    why_eligible: Text | None = None
    why_category: Name | None = None
    where: Text | None = None
    resolution_type: ResolutionType
    details: Text | None = None
    amount: Any = None
    currency: Any = "EUR"
    resolution_id: Id | None = None


class ResolutionDecision(Message):
    """What approve and reject of a resolution share."""

    resolution_id: Id
    approver_id: Id
    notes: Text | None = None


class ApproveResolution(ResolutionDecision):
    """Approve what is above its maker's limit (SPEC sections 5 and 7)."""


class RejectResolution(ResolutionDecision):
    """Refuse what is above its maker's limit (SPEC sections 5 and 7)."""


class ReviewCalibration(Message):
    """Give the verdict on a resolution whose calibration was requested (SPEC sections 5 and 7)."""

    resolution_id: Id
    reviewer_id: Id
    outcome: CalibrationOutcome
    notes: Text | None = None
