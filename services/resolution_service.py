"""Resolutions for programs that use the engine as a library (SPEC section 9)."""

from contracts.commands import Command
from contracts.resolution_commands import ApproveResolution, CreateResolution, RejectResolution, ReviewCalibration
from contracts.ticket import Resolution
from services.decision import unknown_ticket
from services.desk import ServiceDesk
from services.errors import ResolutionRejected
from services.money import HOME_CURRENCY
from services.ownership import not_owner


class ResolutionService:
    """Making customers whole, and looking at it again; the rules are in `services.resolutions` and `calibrations`.

    Each method raises ResolutionRejected where the command is refused, and InvalidData for arguments of a wrong form.
    """

    def __init__(self, desk: ServiceDesk) -> None:
        self._desk = desk

    async def create_resolution(  # noqa: PLR0913 SPEC section 9 names them
        self,
        ticket_id: str,
        what_went_wrong: str,
        why_eligible: str,
        resolution_type: str,
        amount: str | None = None,
        *,
        currency: str = HOME_CURRENCY,
        agent_id: str | None = None,
        what_category: str | None = None,
        why_category: str | None = None,
        where: str | None = None,
        details: str | None = None,
        resolution_id: str | None = None,
    ) -> Resolution:
        """Give the customer something: at once within the owner's limits, else once somebody has approved it.

        Only the owner may, so that without `agent_id` it is the ticket's owner who acts.
        """
        told = {
            "agent_id": await self._owner_of(ticket_id) if agent_id is None else agent_id,
            "what_went_wrong": what_went_wrong,
            "what_category": what_category,
            "why_eligible": why_eligible,
            "why_category": why_category,
            "where": where,
            "resolution_type": resolution_type,
            "details": details,
            "amount": amount,
            "currency": currency,
            "resolution_id": resolution_id,
        }
        ticket = await self._desk.send(ticket_id, CreateResolution.read(told))
        return ticket.resolutions[-1]

    async def approve_resolution(
        self, ticket_id: str, resolution_id: str, approver_id: str, notes: str | None = None
    ) -> Resolution:
        """Grant a pending resolution."""
        decision = {"resolution_id": resolution_id, "approver_id": approver_id, "notes": notes}
        return await self._after(ticket_id, resolution_id, ApproveResolution.read(decision))

    async def reject_resolution(
        self, ticket_id: str, resolution_id: str, approver_id: str, notes: str | None = None
    ) -> Resolution:
        """Turn a pending resolution down."""
        decision = {"resolution_id": resolution_id, "approver_id": approver_id, "notes": notes}
        return await self._after(ticket_id, resolution_id, RejectResolution.read(decision))

    async def review_calibration(
        self, ticket_id: str, resolution_id: str, reviewer_id: str, outcome: str, notes: str | None = None
    ) -> Resolution:
        """Judge a resolution that was chosen for it: `upheld`, `revised` or `coaching_needed`."""
        verdict = {"resolution_id": resolution_id, "reviewer_id": reviewer_id, "outcome": outcome, "notes": notes}
        return await self._after(ticket_id, resolution_id, ReviewCalibration.read(verdict))

    async def _owner_of(self, ticket_id: str) -> str:
        ticket = await self._desk.ticket(ticket_id)
        if ticket is None:
            raise ResolutionRejected(unknown_ticket(ticket_id))
        if refusal := not_owner(ticket, ticket.owner_id):
            raise ResolutionRejected(refusal)
        assert ticket.owner_id is not None, "nobody is the owner of an unowned ticket"
        return ticket.owner_id

    async def _after(self, ticket_id: str, resolution_id: str, command: Command) -> Resolution:
        ticket = await self._desk.send(ticket_id, command)
        resolution = ticket.resolution(resolution_id)
        assert resolution is not None, "a command on a resolution was accepted, so the ticket has it"
        return resolution
