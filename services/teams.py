"""Whose team a case is: the owner's first, else the ticket's (SPEC sections 6 and 7)."""

from contracts.ticket import Ticket
from services.decision import Directory


def team_id_for(ticket: Ticket, agent_id: str | None, directory: Directory) -> str | None:
    """Return the first team of whoever owns the ticket; the ticket's where there is nobody, or nobody with a team."""
    agent = None if agent_id is None else directory.agent(agent_id)
    return agent.team_ids[0] if agent is not None and agent.team_ids else ticket.team_id
