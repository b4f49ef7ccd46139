"""The people the specs are about, and the calendar they work by. Nothing here knows a rule.

Monday is 5 January 2026, 09:00 UTC; the default business calendar is open from 08:00 to 18:00 UTC, Monday to Friday.
"""

from datetime import UTC, datetime, timedelta

from contracts.directory import Agent, Company, Contact, DirectoryChange, Entity, Policy, Team
from services.directory_state import DirectoryState

MONDAY = datetime(2026, 1, 5, 9, tzinfo=UTC)

TEAMS = (
    Team(id="desk", lead_id="lea", manager_id="max"),
    Team(id="network", lead_id="lea", manager_id="max"),
    Team(id="legal"),
)
AGENTS = (
    Agent(id="anna", team_ids=("desk",)),
    Agent(id="ben", team_ids=("desk",)),
    Agent(id="nina", team_ids=("network",)),
    Agent(id="nora", team_ids=("network", "desk")),
    Agent(id="lea", role="team_lead", team_ids=("desk",)),
    Agent(id="max", role="manager", team_ids=("desk",)),
    Agent(id="zoe", role="manager", team_ids=("desk", "network"), is_active=False),
)
CUSTOMERS = (
    Company(id="acme", tier="premium"),
    Contact(id="carl", company_id="acme"),
    Contact(id="vera", tier="vip", company_id="acme"),
    Contact(id="stan"),
)
_KINDS: dict[type[Entity], str] = {
    Agent: "agent",
    Team: "team",
    Contact: "contact",
    Company: "company",
    Policy: "policy",
}


def directory(*changed: Entity) -> DirectoryState:
    """Return the cast, with some entries changed or added."""
    state = DirectoryState()
    for entity in (*TEAMS, *AGENTS, *CUSTOMERS, *changed):
        state.apply(DirectoryChange(_KINDS.get(type(entity), "calendar"), entity.id, entity))
    return state


def later(*, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> datetime:
    """Return the instant so much elapsed time after Monday, 09:00."""
    return MONDAY + timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
