"""Who is told of an alert, in which role and why (SPEC section 6, recipients)."""

from contracts.directory import Team
from contracts.model import AlertRole
from contracts.ticket import Recipient, Ticket
from services.decision import Directory
from services.teams import team_id_for

_ROLES: tuple[AlertRole, ...] = ("tech", "supervisor", "manager")
_Filled = list[tuple[str, str]]


def recipients(ticket: Ticket, level: int, directory: Directory) -> tuple[Recipient, ...]:
    """Return who is told at a level: level 1 the tech, level 2 also the supervisor, level 3 also the manager.

    By role, then agent id; a person appears once, in the first role. Nobody at all is an answer too.
    """
    told: dict[str, Recipient] = {}
    for role in _ROLES[:level]:
        for agent_id, reason in sorted(_climb(ticket, role, directory)):
            told.setdefault(agent_id, Recipient(agent_id=agent_id, role=role, reason=reason))
    return tuple(told.values())


def _climb(ticket: Ticket, role: AlertRole, directory: Directory) -> _Filled:
    """Return who fills a role; one that nobody fills climbs to the next, and says so."""
    for candidate in _ROLES[_ROLES.index(role) :]:
        if filled := _fill(ticket, candidate, directory):
            return filled if candidate == role else [(agent_id, f"no_{role}") for agent_id, _ in filled]
    return []


def _fill(ticket: Ticket, role: AlertRole, directory: Directory) -> _Filled:
    if role == "tech":
        if ticket.owner_id is not None:
            return _standing_in(ticket.owner_id, "owner", directory)
        members = () if ticket.team_id is None else directory.members_of(ticket.team_id)
        return [(member.id, "team_member") for member in members if member.is_active]
    team = _team(ticket, directory)
    if team is None:
        return []
    if role == "supervisor":
        return _standing_in(team.lead_id, "team_lead", directory)
    return _standing_in(team.manager_id, "team_manager", directory)


def _team(ticket: Ticket, directory: Directory) -> Team | None:
    """Return the owner's first team; without an owner, or without a team of the owner's, the ticket's."""
    team_id = team_id_for(ticket, ticket.owner_id, directory)
    return None if team_id is None else directory.team(team_id)


def _standing_in(agent_id: str | None, reason: str, directory: Directory) -> _Filled:
    """Return the person, or the first active one along the chain of substitutes; nobody where it ends or repeats."""
    seen: set[str] = set()
    current = agent_id
    while current is not None and current not in seen:
        seen.add(current)
        agent = directory.agent(current)
        if agent is None:
            return []
        if agent.is_active:
            return [(current, reason if current == agent_id else f"substitute_for:{agent_id}")]
        current = agent.substitute_id
    return []
