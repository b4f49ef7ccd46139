"""Which resolutions are reviewed, and by whom (SPEC sections 5 and 7)."""

from hashlib import sha256

import pytest

from contracts.commands import AcceptTicket, AddFlag, ClearFlag, CloseTicket, OpenTicket, ResolveTicket
from contracts.directory import Policy
from contracts.events import CalibrationRequested, CalibrationReviewed
from contracts.model import CalibrationOutcome, Flag
from contracts.resolution_commands import ApproveResolution, CreateResolution, RejectResolution, ReviewCalibration
from contracts.ticket import Calibration
from services.calibrations import calibration_reason
from tests.services.cast import directory
from tests.services.spec import Story, given

NEVER, ALWAYS = (directory(Policy(calibration_sample_percent=percent)) for percent in (0, 100))
OWNED = given(OpenTicket(subject="s", team_id="desk"), AcceptTicket(agent_id="anna")).with_directory(NEVER)


def refund(amount: str, resolution_id: str = "r1") -> CreateResolution:
    return CreateResolution(
        agent_id="anna",
        what_went_wrong="w",
        why_eligible="y",
        resolution_type="refund",
        amount=amount,
        resolution_id=resolution_id,
    )


def review(reviewer_id: str, outcome: CalibrationOutcome = "upheld") -> ReviewCalibration:
    return ReviewCalibration(resolution_id="r1", reviewer_id=reviewer_id, outcome=outcome)


def requested(story: Story) -> list[str]:
    return [event.data.reason for event in story.events if isinstance(event.data, CalibrationRequested)]


def flagged(*flags: Flag) -> Story:
    return OWNED.given(*(AddFlag(agent_id="ben", flag=flag) for flag in flags))


CHOSEN = flagged("legal").given(refund("101"))
APPROVED = CHOSEN.given(ApproveResolution(resolution_id="r1", approver_id="lea"))


def test_the_request_is_a_second_event_of_the_resolution_s_command() -> None:
    step = OWNED.when(refund("500.01"), command_id="mine")
    events = step.story.events[-2:]
    assert [event.name for event in events] == ["resolution.created", "calibration.requested"]
    assert events[1].data == CalibrationRequested(resolution_id="r1", reason="tier3")
    assert step.then_accepted().resolutions[0].calibration == Calibration(reason="tier3")


def test_the_manager_s_tier_is_reviewed_pending_or_not() -> None:
    assert requested(OWNED.given(refund("500.00"))) == []
    assert requested(OWNED.given(refund("500.01"))) == ["tier3"]


@pytest.mark.parametrize("flag", ["physical_damage", "social_media", "legal"])
def test_a_ticket_with_one_of_these_flags_is_reviewed(flag: Flag) -> None:
    assert requested(flagged(flag).given(refund("1"))) == [f"flagged_{flag}"]


@pytest.mark.parametrize("flag", ["vip", "repeat_contact"])
def test_other_flags_do_not_count(flag: Flag) -> None:
    assert requested(flagged(flag).given(refund("1"))) == []


def test_the_first_reason_in_order_counts_and_there_is_one_request() -> None:
    story = flagged("legal", "social_media", "physical_damage").with_directory(ALWAYS)
    assert requested(story.given(refund("501"))) == ["tier3"]
    assert requested(story.given(refund("1"))) == ["flagged_physical_damage"]
    assert requested(flagged("legal", "social_media").given(refund("1"))) == ["flagged_social_media"]
    assert requested(OWNED.with_directory(ALWAYS).given(refund("1"))) == ["random_sample"]


def test_the_flags_set_at_creation_count() -> None:
    cleared = flagged("legal").given(ClearFlag(agent_id="ben", flag="legal"), refund("1"))
    assert requested(cleared) == []
    assert requested(OWNED.given(refund("1"), AddFlag(agent_id="ben", flag="legal"))) == []


def test_the_sample_is_by_the_digits_of_the_id_s_hash() -> None:
    drawn = int(sha256(b"r1").hexdigest()[:8], 16) % 100
    assert 0 < drawn < 99
    assert calibration_reason("r1", "agent", (), drawn) is None
    assert calibration_reason("r1", "agent", (), drawn + 1) == "random_sample"


def test_about_as_many_are_drawn_as_the_policy_says() -> None:
    drawn = sum(calibration_reason(f"resolution {n}", "agent", (), 5) is not None for n in range(10_000))
    assert 400 < drawn < 600


@pytest.mark.parametrize("outcome", ["upheld", "revised", "coaching_needed"])
@pytest.mark.parametrize("reviewer_id", ["max", "lea"])
def test_a_lead_or_manager_reviews(reviewer_id: str, outcome: CalibrationOutcome) -> None:
    command = review(reviewer_id, outcome)
    ticket = CHOSEN.when(command).then(CalibrationReviewed(**command.fields()))
    assert ticket.resolutions[0].calibration == Calibration(
        reason="flagged_legal", outcome=outcome, reviewer_id=reviewer_id
    )
    assert ticket.resolutions[0].status == "pending_approval"


def test_a_review_comes_also_after_the_ticket_is_resolved_or_closed() -> None:
    resolved = APPROVED.given(ResolveTicket(agent_id="anna"))
    resolved.when(review("max")).then_accepted()
    resolved.given(CloseTicket()).when(review("max")).then_accepted()


def test_whoever_made_or_approved_it_does_not_review_it() -> None:
    APPROVED.when(review("anna")).then_refused("self_review")
    APPROVED.when(review("lea")).then_refused("self_review")
    APPROVED.when(review("max")).then_accepted()


def test_whoever_rejected_it_may_review_it_and_whoever_reviewed_it_may_approve_it() -> None:
    rejected = CHOSEN.given(RejectResolution(resolution_id="r1", approver_id="lea"))
    rejected.when(review("lea")).then_accepted()
    reviewed = CHOSEN.given(review("lea"))
    reviewed.when(ApproveResolution(resolution_id="r1", approver_id="lea")).then_accepted()


def test_refusals_of_a_review_come_in_the_row_s_order() -> None:
    plain = OWNED.given(refund("1"))
    unknown = ReviewCalibration(resolution_id="r9", reviewer_id="anna", outcome="upheld")
    plain.when(unknown).then_refused("resolution_unknown", resolution_id="r9")
    plain.when(review("anna")).then_refused("calibration_not_requested")
    reviewed = CHOSEN.given(review("max"))
    reviewed.when(review("anna")).then_refused("already_reviewed", outcome="upheld")
    CHOSEN.when(review("anna")).then_refused("self_review")
    CHOSEN.when(review("ben")).then_refused("not_authorized")
    CHOSEN.when(review("zoe")).then_refused("agent_inactive")
