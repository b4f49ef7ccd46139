"""The one door: a received command and a ticket in, exactly one outcome out (SPEC sections 3 and 5).

The order of refusals is the order of the functions called here; a rule's own codes come last, in its decider.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec import Struct

from contracts.commands import Command, OpenTicket
from contracts.events import Event
from contracts.received import ReceivedCommand
from contracts.recorded import NO_EVENT_YET, Cause, Head, RecordedEvent, record_event
from contracts.rejections import Refusal
from contracts.ticket import Ticket
from services.decision import (
    DEFAULT_FUTURE_TOLERANCE,
    Capacity,
    Context,
    Decision,
    Directory,
    refuse,
    unknown_agent,
    unknown_ticket,
)
from services.evolve import evolve
from services.lifecycle import decide_open
from services.registry import RULES, Rule


@dataclass(frozen=True, slots=True)
class World:
    """What decisions see beside the ticket and the command.

    `future_tolerance` is how far a sender's clock may run ahead.
    """

    directory: Directory
    capacity: Capacity
    future_tolerance: timedelta = DEFAULT_FUTURE_TOLERANCE


class Accepted(Struct, frozen=True, gc=False):
    """The events that follow and the ticket after them."""

    ticket: Ticket
    events: tuple[RecordedEvent, ...]


class Rejected(Struct, frozen=True, gc=False):
    """The refusal and the time it carries."""

    refusal: Refusal
    at: datetime


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The command's identity was accepted before: nothing happens."""


Outcome = Accepted | Rejected | Duplicate
_DUPLICATE = Duplicate()


def handle(command: ReceivedCommand, ticket: Ticket | None, world: World) -> Outcome:
    """Decide a command on its ticket, None where there is none yet."""
    if ticket is not None and command.key in ticket.recent_commands:
        return _DUPLICATE
    if command.time - command.recorded_at > world.future_tolerance:
        return Rejected(_time_in_future(command, world.future_tolerance), command.recorded_at)
    at = command.time if ticket is None else max(command.time, ticket.updated_at)
    context = Context(at, command, world.directory, world.capacity)
    decision = _decide(ticket, command.data, context)
    if isinstance(decision, Refusal):
        return Rejected(decision, at)
    return _accepted(ticket, command, decision, at)


def _decide(ticket: Ticket | None, command: Command, context: Context) -> Decision:
    if isinstance(command, OpenTicket):
        if ticket is not None:
            return refuse("ticket_exists", f"Ticket {ticket.id} exists already; choose another id.")
        return decide_open(command, context)
    if ticket is None:
        return unknown_ticket(context.ticket_id)
    rule = RULES[type(command)]
    refusal = (
        _not_in_this_status(ticket, rule)
        or (rule.before_agents and rule.before_agents(command))
        or _agents_missing(command, rule, context.directory)
    )
    return refusal or rule.decide(ticket, command, context)


def _time_in_future(command: ReceivedCommand, tolerance: timedelta) -> Refusal:
    ahead = (command.time - command.recorded_at).total_seconds()
    return refuse(
        "time_in_future",
        f"The command's time is {ahead:.0f} s after its record's, and {tolerance.total_seconds():.0f} s are allowed; "
        "check the sender's clock.",
        time=command.time,
        recorded_at=command.recorded_at,
    )


def _not_in_this_status(ticket: Ticket, rule: Rule) -> Refusal | None:
    if ticket.closed_at is not None and not rule.when_closed:
        return refuse("ticket_closed", "The ticket is closed; reopen it first.")
    if ticket.closed_at is None and ticket.resolved_at is not None and not rule.when_resolved:
        return refuse("ticket_resolved", "The ticket is resolved; reopen it first.")
    return None


def _agents_missing(command: Command, rule: Rule, directory: Directory) -> Refusal | None:
    """Refuse unknown agents first, then inactive ones, in the order the command names them."""
    inactive: str | None = None
    for field in rule.agents:
        agent_id = getattr(command, field)
        if agent_id is None:
            continue
        agent = directory.agent(agent_id)
        if agent is None:
            return unknown_agent(agent_id)
        if not agent.is_active:
            inactive = inactive or agent_id
    if inactive is None:
        return None
    return refuse("agent_inactive", f"Agent {inactive} is not active.", agent_id=inactive)


def _accepted(ticket: Ticket | None, command: ReceivedCommand, decided: tuple[Event, ...], at: datetime) -> Accepted:
    cause = Cause(command.ticket_id, command.source, command.id, command.correlation_id, at)
    events: list[RecordedEvent] = []
    for index, data in enumerate(decided):
        head = NO_EVENT_YET if ticket is None else Head(ticket.version, ticket.head_hash)
        event = record_event(data, index, cause, head)
        ticket = evolve(ticket, event, command.position.offset)
        events.append(event)
    if ticket is None:
        raise AssertionError(f"{command.name} was accepted without an event")
    return Accepted(ticket, tuple(events))
