"""Resolutions through the library: each method to its end, and refusals as errors (SPEC section 9)."""

import pytest

from contracts.commands import AcceptTicket, AddFlag, OpenTicket
from contracts.dead_letters import InvalidData
from contracts.ticket import Calibration
from services import InMemoryTickets, ResolutionRejected, ResolutionService, ServiceDesk
from tests.services.cast import MONDAY, directory


@pytest.fixture
async def desk() -> ServiceDesk:
    """Anna's ticket T-1, which is a legal matter, and T-2 that nobody owns."""
    desk = ServiceDesk(InMemoryTickets(), directory(), lambda: MONDAY)
    for ticket_id in ("T-1", "T-2"):
        await desk.send(ticket_id, OpenTicket(subject="s", team_id="desk"))
    await desk.send("T-1", AcceptTicket(agent_id="anna"))
    await desk.send("T-1", AddFlag(agent_id="anna", flag="legal"))
    return desk


@pytest.fixture
def resolutions(desk: ServiceDesk) -> ResolutionService:
    return ResolutionService(desk)


async def test_the_owner_gives_within_the_limit_at_once(resolutions: ResolutionService) -> None:
    given = await resolutions.create_resolution("T-1", "late", "our fault", "refund", "100")
    assert (given.amount, given.currency, given.tier, given.status) == ("100.00", "EUR", "agent", "approved")
    assert (given.created_by, given.decided_by) == ("anna", "anna")


async def test_all_that_can_be_told_is_kept(resolutions: ResolutionService) -> None:
    given = await resolutions.create_resolution(
        "T-1",
        "late",
        "our fault",
        "credit",
        "7.5",
        agent_id="anna",
        what_category="delivery",
        why_category="contract",
        where="Berlin",
        details="voucher",
        resolution_id="r1",
    )
    told = (given.resolution_id, given.resolution_type, given.what_category, given.why_category, given.where)
    assert told == ("r1", "credit", "delivery", "contract", "Berlin")


async def test_a_larger_sum_is_approved_or_rejected_and_reviewed(resolutions: ResolutionService) -> None:
    for resolution_id in ("r1", "r2"):
        asked = await resolutions.create_resolution("T-1", "w", "y", "refund", "200", resolution_id=resolution_id)
        assert asked.status == "pending_approval"
    approved = await resolutions.approve_resolution("T-1", "r1", "lea", "fair")
    assert (approved.status, approved.decided_by) == ("approved", "lea")
    rejected = await resolutions.reject_resolution("T-1", "r2", "lea")
    assert (rejected.status, rejected.decided_by) == ("rejected", "lea")
    reviewed = await resolutions.review_calibration("T-1", "r1", "max", "coaching_needed")
    assert reviewed.calibration == Calibration(reason="flagged_legal", outcome="coaching_needed", reviewer_id="max")


async def test_refusals_are_of_the_family(resolutions: ResolutionService) -> None:
    await resolutions.create_resolution("T-1", "w", "y", "refund", "200", resolution_id="r1")
    for refused, code in (
        (resolutions.create_resolution("T-9", "w", "y", "refund"), "ticket_unknown"),
        (resolutions.create_resolution("T-2", "w", "y", "refund"), "not_owner"),
        (resolutions.create_resolution("T-1", "w", "y", "refund", agent_id="ben"), "not_owner"),
        (resolutions.create_resolution("T-1", " ", "y", "refund"), "documentation_missing"),
        (resolutions.create_resolution("T-1", "w", "y", "refund", "1e3"), "amount_invalid"),
        (resolutions.create_resolution("T-1", "w", "y", "refund", "1", currency="XXX"), "currency_unsupported"),
        (resolutions.approve_resolution("T-1", "r1", "anna"), "self_approval"),
        (resolutions.reject_resolution("T-1", "r9", "lea"), "resolution_unknown"),
        (resolutions.review_calibration("T-1", "r1", "anna", "upheld"), "self_review"),
    ):
        with pytest.raises(ResolutionRejected) as error:
            await refused
        assert error.value.code == code


async def test_what_has_no_form_is_no_command(resolutions: ResolutionService) -> None:
    with pytest.raises(InvalidData, match="resolution_type"):
        await resolutions.create_resolution("T-1", "w", "y", "gift")
    with pytest.raises(InvalidData, match="outcome"):
        await resolutions.review_calibration("T-1", "r1", "max", "fine")
