"""The views of a case for programs that only look: over any reader of tickets, in memory or in Redis (SPEC section 9).

What is in a view is decided in `services.case_views`; here it is found, and refused to whom it is not for.
"""

from services.case_views import ExpertView, OwnerView, expert_view, owner_view
from services.decision import Directory, unknown_agent, unknown_ticket
from services.errors import EnvelopeRejected
from services.ownership import not_owner
from services.repositories import TicketReader
from services.visibility import Viewer


class CaseViewService:
    """What an owner and an expert see of a ticket."""

    def __init__(self, tickets: TicketReader, directory: Directory) -> None:
        self._tickets = tickets
        self._directory = directory

    async def get_owner_view(self, agent_id: str, ticket_id: str) -> OwnerView:
        """Return the ticket and how its envelopes stand, for its owner.

        Raises:
            EnvelopeRejected: `ticket_unknown`, or `not_owner` for anybody else.
        """
        ticket = await self._tickets.get(ticket_id)
        if ticket is None:
            raise EnvelopeRejected(unknown_ticket(ticket_id))
        if refusal := not_owner(ticket, agent_id):
            raise EnvelopeRejected(refusal)
        return owner_view(ticket, Viewer("agent", agent_id))

    async def get_expert_view(self, agent_id: str, ticket_id: str) -> ExpertView:
        """Return the ticket to read, my envelopes with their content, and what waits for my teams, for an expert.

        Raises:
            EnvelopeRejected: `ticket_unknown`, or `agent_unknown`.
        """
        history = await self._tickets.history(ticket_id)
        if history is None:
            raise EnvelopeRejected(unknown_ticket(ticket_id))
        agent = self._directory.agent(agent_id)
        if agent is None:
            raise EnvelopeRejected(unknown_agent(agent_id))
        return expert_view(history, Viewer("agent", agent_id), agent.team_ids)
