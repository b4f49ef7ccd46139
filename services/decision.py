"""What a rule is given and what it answers: the vocabulary of every decider.

A decider is `decide(ticket, command, context) -> Decision`: total, pure, and it sees nothing but its arguments. It
answers with the events that follow, or with the one refusal that applies first.
"""

from datetime import datetime, timedelta
from typing import NamedTuple, Protocol, TypeVar

from msgspec import Struct

from contracts.directory import Agent, Policy, Team
from contracts.events import Event
from contracts.identity import event_id
from contracts.model import Message, Priority, Tier
from contracts.received import Position, ReceivedCommand
from contracts.rejections import Refusal, RejectionCode
from contracts.trusted import trusted
from services.business_calendar import BusinessTime

DEFAULT_FUTURE_TOLERANCE = timedelta(minutes=5)
Decision = tuple[Event, ...] | Refusal
E = TypeVar("E", bound=Message)


class Customer(NamedTuple):
    """What a decision needs of a contact or a company."""

    tier: Tier
    company_id: str | None


class Directory(Protocol):
    """People, teams, customers and policy as of the moment of a decision (SPEC section 4)."""

    @property
    def policy(self) -> Policy:
        """The policy in force, with defaults for what the entry leaves out."""

    def agent(self, agent_id: str) -> Agent | None:
        """Return the agent of this id."""

    def team(self, team_id: str) -> Team | None:
        """Return the team of this id."""

    def contact(self, contact_id: str) -> Customer | None:
        """Return what counts of the contact of this id."""

    def company(self, company_id: str) -> Customer | None:
        """Return what counts of the company of this id."""

    def members_of(self, team_id: str) -> tuple[Agent, ...]:
        """Return the agents of a team, inactive ones too, by id."""

    def business_time(self, priority: Priority) -> BusinessTime:
        """Return the calendar that tickets of this priority run on (SPEC section 6)."""


class Capacity(Protocol):
    """Who may own one more ticket (SPEC section 5, capacity)."""

    def admits(self, agent: Agent, ticket_id: str, position: Position) -> bool:
        """Tell whether the agent has a place for this ticket, asked for by the command at this position."""


class Context(Struct, frozen=True, gc=False):
    """What a decision may see beyond the ticket and the command; `at` is the effective time (SPEC section 3)."""

    at: datetime
    received: ReceivedCommand
    directory: Directory
    capacity: Capacity

    @property
    def ticket_id(self) -> str:
        """The ticket the command is about."""
        return self.received.ticket_id

    def new_id(self, part: str) -> str:
        """Return the id the engine gives to what this command makes, e.g. part `envelope`."""
        return event_id(self.received.ticket_id, self.received.source, self.received.id, part)


def refuse(code: RejectionCode, message: str, **details: object) -> Refusal:
    """Build a refusal; `details` are what a program needs to react to it."""
    return Refusal(code, message, details)


def event_from(model: type[E], command: Message, **decided: object) -> E:
    """Build the event of a command: all it said, and what the decision adds or replaces; both are valid already."""
    return trusted(model, {**command.__dict__, **decided})


def unknown_ticket(ticket_id: str) -> Refusal:
    """Refuse what needs a ticket where there is none."""
    return refuse("ticket_unknown", f"There is no ticket {ticket_id}; open it first.")


def unknown_agent(agent_id: str) -> Refusal:
    """Refuse an id the directory has no agent of."""
    return refuse("agent_unknown", f"The directory has no agent {agent_id}.", agent_id=agent_id)


def unknown_team(team_id: str) -> Refusal:
    """Refuse an id the directory has no team of."""
    return refuse("team_unknown", f"The directory has no team {team_id}.", team_id=team_id)
