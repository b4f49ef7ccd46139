"""Who sees what of a ticket: the one place where that is decided (SPEC section 8).

An entry is public, internal or envelope-only. The customer sees what is public; every agent also what is internal;
what is envelope-only is for who takes part in that envelope. The owner is the customer's face, not a participant: of
envelope-only content the owner sees the owner's own, and that of envelopes the owner is the expert of (as after a
transfer to an expert).
"""

from dataclasses import dataclass
from typing import Literal, assert_never

from contracts.events import (
    AwaitingCustomer,
    Event,
    MessageRecorded,
    NoteAdded,
    TaskCancelled,
    TaskCompleted,
    TaskCreated,
    TaskStarted,
    TicketClosed,
    TicketOpened,
    TicketReopened,
    TicketResolved,
    TicketResumed,
)
from contracts.ticket import Envelope, Ticket

EntryVisibility = Literal["public", "internal", "envelope_only"]
_PUBLIC = (
    TicketOpened,
    AwaitingCustomer,
    TicketResumed,
    TicketResolved,
    TicketClosed,
    TicketReopened,
    MessageRecorded,
)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks: the customer, an agent, or the system, which sees all."""

    kind: Literal["customer", "agent", "system"]
    agent_id: str | None = None


CUSTOMER = Viewer("customer")
SYSTEM = Viewer("system")


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom an entry is for; `author` is the agent whose own content it is, `envelope_id` the envelope it belongs to."""

    visibility: EntryVisibility
    envelope_id: str | None = None
    author: str | None = None


def audience_of(event: Event, ticket: Ticket) -> Audience:
    """Return whom an event of the ticket is for.

    The ticket may be older than the event, or hold a part of its tasks only: what that leaves open is for nobody else.
    """
    match event:
        case NoteAdded():
            return Audience(event.visibility, event.envelope_id, event.agent_id)
        case TaskCreated():
            return _audience_of_task(event.envelope_id, event.agent_id)
        case TaskStarted() | TaskCompleted() | TaskCancelled():
            task = ticket.task(event.task_id)
            if task is None:
                return Audience("envelope_only", None, event.agent_id)
            return _audience_of_task(task.envelope_id, event.agent_id)
        case _:
            return Audience("public" if isinstance(event, _PUBLIC) else "internal")


def may_see(viewer: Viewer, audience: Audience, ticket: Ticket) -> bool:
    """Tell whether the viewer gets an entry for this audience."""
    match viewer.kind:
        case "system":
            return True
        case "customer":
            return audience.visibility == "public"
        case "agent":
            return audience.visibility != "envelope_only" or _may_see_content(viewer.agent_id, audience, ticket)
        case _:
            assert_never(viewer.kind)


def takes_part(agent_id: str | None, envelope: Envelope) -> bool:
    """Tell whether an agent takes part in an envelope: as who asked, or as its expert."""
    return agent_id is not None and agent_id in (envelope.requested_by, envelope.expert_id)


def may_see_content_of(agent_id: str | None, envelope: Envelope, ticket: Ticket) -> bool:
    """Tell whether an agent gets the envelope-only content others put into an envelope."""
    if agent_id is not None and agent_id == ticket.owner_id:
        return agent_id == envelope.expert_id
    return takes_part(agent_id, envelope)


def known_to(viewer: Viewer, ticket: Ticket) -> Ticket:
    """Return the ticket without the tasks of envelopes whose content the viewer may not see."""
    tasks = tuple(
        task
        for task in ticket.tasks
        if task.envelope_id is None
        or may_see(viewer, Audience("envelope_only", task.envelope_id, task.created_by), ticket)
    )
    return ticket if len(tasks) == len(ticket.tasks) else ticket.changed(tasks=tasks)


def _audience_of_task(envelope_id: str | None, author: str) -> Audience:
    return Audience("internal" if envelope_id is None else "envelope_only", envelope_id, author)


def _may_see_content(agent_id: str | None, audience: Audience, ticket: Ticket) -> bool:
    if agent_id is not None and agent_id == ticket.owner_id and agent_id == audience.author:
        return True
    envelope = None if audience.envelope_id is None else ticket.envelope(audience.envelope_id)
    return envelope is not None and may_see_content_of(agent_id, envelope, ticket)
