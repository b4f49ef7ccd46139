"""Envelopes for programs that use the engine as a library (SPEC section 9)."""

from contracts.commands import (
    DEFAULT_RESPONSE_HOURS,
    AcceptEnvelope,
    CancelEnvelope,
    Command,
    CompleteEnvelope,
    CreateEnvelope,
)
from contracts.ticket import Envelope
from services.case_view_service import CaseViewService
from services.case_views import ExpertView, OwnerView
from services.desk import ServiceDesk


class EnvelopeService:
    """Asking experts in, while the owner stays the owner; the rules are in `services.envelopes`.

    Each method raises EnvelopeRejected where the command is refused, and InvalidData for arguments of a wrong form.
    """

    def __init__(self, desk: ServiceDesk) -> None:
        self._desk = desk
        self._views = CaseViewService(desk.tickets, desk.directory)

    async def create_envelope(  # noqa: PLR0913 SPEC section 9 names them
        self,
        ticket_id: str,
        requested_by: str,
        reason: str,
        team_id: str | None = None,
        *,
        expert_id: str | None = None,
        response_hours: float = DEFAULT_RESPONSE_HOURS,
        envelope_id: str | None = None,
    ) -> Envelope:
        """Ask a team or an expert for help, without either the ticket's own team; an answer is due in elapsed hours."""
        asked = {
            "agent_id": requested_by,
            "reason": reason,
            "team_id": team_id,
            "expert_id": expert_id,
            "response_hours": response_hours,
            "envelope_id": envelope_id,
        }
        ticket = await self._desk.send(ticket_id, CreateEnvelope.read(asked))
        return ticket.envelopes[-1]

    async def accept_envelope(self, ticket_id: str, envelope_id: str, agent_id: str) -> Envelope:
        """Take on a pending envelope as its expert."""
        command = AcceptEnvelope.read({"envelope_id": envelope_id, "agent_id": agent_id})
        return await self._after(ticket_id, envelope_id, command)

    async def complete_envelope(
        self, ticket_id: str, envelope_id: str, agent_id: str, summary: str | None = None
    ) -> Envelope:
        """Finish an active envelope with what was found."""
        command = CompleteEnvelope.read({"envelope_id": envelope_id, "agent_id": agent_id, "summary": summary})
        return await self._after(ticket_id, envelope_id, command)

    async def cancel_envelope(
        self, ticket_id: str, envelope_id: str, agent_id: str, reason: str | None = None
    ) -> Envelope:
        """Take back a request for help."""
        command = CancelEnvelope.read({"envelope_id": envelope_id, "agent_id": agent_id, "reason": reason})
        return await self._after(ticket_id, envelope_id, command)

    async def get_owner_view(self, agent_id: str, ticket_id: str) -> OwnerView:
        """See `CaseViewService.get_owner_view`."""
        return await self._views.get_owner_view(agent_id, ticket_id)

    async def get_expert_view(self, agent_id: str, ticket_id: str) -> ExpertView:
        """See `CaseViewService.get_expert_view`."""
        return await self._views.get_expert_view(agent_id, ticket_id)

    async def _after(self, ticket_id: str, envelope_id: str, command: Command) -> Envelope:
        ticket = await self._desk.send(ticket_id, command)
        envelope = ticket.envelope(envelope_id)
        assert envelope is not None, "a command on an envelope was accepted, so the ticket has it"
        return envelope
