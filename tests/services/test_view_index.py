"""Which lists a ticket stands on for work, approvals and reviews; `spec` sees that no change goes unseen."""

from contracts.commands import ReopenTicket, ResolveTicket
from contracts.resolution_commands import ApproveResolution, CreateResolution, RejectResolution, ReviewCalibration
from services.view_index import index_entries, same_entries
from tests.services.samples import SAMPLES
from tests.services.spec import Story

OWNED = Story().given(SAMPLES["ticket.open"], SAMPLES["ticket.accept"])
WEEK = "2026-W02"


def refund(resolution_id: str, amount: str) -> CreateResolution:
    told = {"what_went_wrong": "w", "why_eligible": "y", "resolution_type": "refund"}
    return CreateResolution.read({"agent_id": "anna", "resolution_id": resolution_id, "amount": amount, **told})


def names(story: Story) -> set[tuple[str, str]]:
    return {(entry.name, entry.member) for entry in index_entries(story.now)}


def test_a_team_s_list_holds_open_tickets_owned_or_not() -> None:
    listed = ("open-of-team:desk", "T-1")
    assert names(Story().given(SAMPLES["ticket.open"])) == {listed}
    resolved = OWNED.given(ResolveTicket(agent_id="anna"))
    assert (names(OWNED), names(resolved), names(resolved.given(ReopenTicket()))) == ({listed}, set(), {listed})


def test_a_pending_resolution_waits_for_its_tier_until_it_is_decided() -> None:
    story = OWNED.given(refund("r1", "150"), refund("r2", "600"))
    waiting = {("approvals:team_lead", "T-1/r1"), ("approvals:manager", "T-1/r2")}
    assert {each for each in names(story) if each[0].startswith("approvals:")} == waiting
    decided = story.given(
        ApproveResolution(resolution_id="r1", approver_id="lea"),
        RejectResolution(resolution_id="r2", approver_id="max"),
    )
    assert not any(name.startswith("approvals:") for name, _ in names(decided))


def test_a_resolution_is_of_the_week_it_was_made_in_and_waits_there_for_its_review() -> None:
    story = OWNED.given(refund("r1", "600"))
    assert {(f"resolutions:{WEEK}", "T-1/r1"), (f"calibrations:{WEEK}", "T-1/r1")} <= names(story)
    reviewed = story.given(ReviewCalibration(resolution_id="r1", reviewer_id="lea", outcome="upheld"))
    assert (f"resolutions:{WEEK}", "T-1/r1") in names(reviewed)
    assert (f"calibrations:{WEEK}", "T-1/r1") not in names(reviewed)


def test_a_new_ticket_s_lists_are_all_new_and_a_note_changes_none() -> None:
    assert not same_entries(None, OWNED.now)
    assert same_entries(OWNED.now, OWNED.given(SAMPLES["note.add"]).now)
