"""Whose team a case is: the first of the agent it is about, else the ticket's (SPEC sections 6 to 8)."""

from contracts.ticket import Ticket
from services.decision import Directory


def team_id_for(ticket: Ticket, agent_id: str | None, directory: Directory) -> str | None:
    """Return the agent's first team; the ticket's where there is no agent, or one without a team."""
    agent = None if agent_id is None else directory.agent(agent_id)
    return agent.team_ids[0] if agent is not None and agent.team_ids else ticket.team_id
