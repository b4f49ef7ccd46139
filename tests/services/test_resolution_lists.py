"""Who may approve what now, what waits for a review, and what the report makes of resolutions (SPEC section 8)."""

from contracts.commands import AddFlag
from contracts.directory import Agent, CurrencyLimits, Policy
from contracts.resolution_commands import ApproveResolution, CreateResolution, RejectResolution, ReviewCalibration
from services.resolution_lists import CaseResolution, awaiting_review, pending_approvals
from services.resolution_report import NOT_TOLD, ReportTally, ResolutionReport
from tests.services.cast import directory, later
from tests.services.samples import SAMPLES
from tests.services.spec import Story

WORLD = directory(
    Policy(currencies={"USD": CurrencyLimits(agent="10.00", team_lead="20.00")}, calibration_sample_percent=0)
)
OWNED = Story().with_directory(WORLD).given(SAMPLES["ticket.open"], SAMPLES["ticket.accept"])
LEA, MAX, ANNA = (WORLD.agent(agent_id) for agent_id in ("lea", "max", "anna"))


def given(story: Story, resolution_id: str, amount: str, currency: str = "EUR", category: str | None = None) -> Story:
    told = {"what_went_wrong": "w", "why_eligible": "y", "resolution_type": "refund", "what_category": category}
    made = {"agent_id": "anna", "resolution_id": resolution_id, "amount": amount, "currency": currency, **told}
    return story.given(CreateResolution.read(made), at=later(minutes=story.sent))


def cases(story: Story) -> list[CaseResolution]:
    return [CaseResolution(story.now, resolution) for resolution in reversed(story.now.resolutions)]


def ids(found: list[CaseResolution]) -> list[str]:
    return [case.resolution.resolution_id for case in found]


def reported(story: Story) -> ResolutionReport:
    tally = ReportTally(WORLD)
    for case in cases(story):
        tally.take(case)
    return tally.report()


PENDING = given(given(given(OWNED, "r1", "50"), "r2", "100"), "r3", "900")


def test_each_role_approves_its_tiers_the_oldest_first() -> None:
    assert LEA is not None
    assert MAX is not None
    assert ANNA is not None
    assert ids(pending_approvals(LEA, cases(PENDING))) == ["r2"]
    assert ids(pending_approvals(MAX, cases(PENDING))) == ["r2", "r3"]
    assert pending_approvals(ANNA, cases(PENDING)) == []


def test_nobody_approves_their_own_nor_while_inactive() -> None:
    promoted = Agent(id="anna", role="manager")
    assert pending_approvals(promoted, cases(PENDING)) == []
    assert pending_approvals(Agent(id="mia", role="manager", is_active=False), cases(PENDING)) == []


def test_what_is_decided_waits_no_longer_and_what_is_reviewed_neither() -> None:
    assert MAX is not None
    decided = PENDING.given(
        ApproveResolution(resolution_id="r2", approver_id="lea"),
        RejectResolution(resolution_id="r3", approver_id="max"),
        at=later(hours=1),
    )
    assert pending_approvals(MAX, cases(decided)) == []
    assert ids(awaiting_review(cases(decided))) == ["r3"]
    reviewed = decided.given(ReviewCalibration(resolution_id="r3", reviewer_id="lea", outcome="revised"))
    assert awaiting_review(cases(reviewed)) == []


def test_the_report_keeps_currencies_apart_and_leaves_rejected_sums_out() -> None:
    story = given(given(PENDING, "r4", "9.99", "USD", "delivery"), "r5", "0.02", "USD", "delivery")
    story = story.given(RejectResolution(resolution_id="r3", approver_id="max"), at=later(hours=1))
    rows = {
        (row.by, row.key, row.currency): (row.resolutions, row.approved, row.pending)
        for row in reported(story).compensation
    }
    assert rows == {
        ("agent", "anna", "EUR"): (1, "50.00", "100.00"),
        ("agent", "anna", "USD"): (1, "9.99", "0.02"),
        ("category", NOT_TOLD, "EUR"): (1, "50.00", "100.00"),
        ("category", "delivery", "USD"): (1, "9.99", "0.02"),
        ("team", "desk", "EUR"): (1, "50.00", "100.00"),
        ("team", "desk", "USD"): (1, "9.99", "0.02"),
    }


def test_the_report_counts_reviews_by_reason_agent_and_team() -> None:
    legal = OWNED.given(AddFlag(agent_id="ben", flag="legal"))
    story = given(given(legal, "r1", "1"), "r3", "900")
    verdict = ReviewCalibration(resolution_id="r3", reviewer_id="lea", outcome="coaching_needed")
    rows = reported(story.given(verdict, at=later(hours=1))).reviews
    assert [(row.by, row.key, row.upheld, row.revised, row.coaching_needed, row.waiting) for row in rows] == [
        ("agent", "anna", 0, 0, 1, 1),
        ("reason", "flagged_legal", 0, 0, 0, 1),
        ("reason", "tier3", 0, 0, 1, 0),
        ("team", "desk", 0, 0, 1, 1),
    ]
