"""The ticket as the commands sent so far have made it: what the engine will answer is foreseen, not awaited.

SPEC section 11: "Commands follow from the ticket's state here and the row's". This is the state here. It holds as long
as nobody else works on the imported tickets; who does gets the engine's refusals in the report.
"""

from dataclasses import dataclass, replace
from typing import assert_never

from contracts.commands import (
    AcceptEnvelope,
    AcceptTicket,
    AddNote,
    AwaitCustomer,
    ChangePriority,
    CloseTicket,
    CompleteEnvelope,
    CreateEnvelope,
    OpenTicket,
    ReopenTicket,
    ResolveTicket,
    ResumeTicket,
)
from contracts.model import Priority

Sent = (
    OpenTicket
    | AcceptTicket
    | ReopenTicket
    | ResumeTicket
    | ChangePriority
    | CompleteEnvelope
    | CreateEnvelope
    | AcceptEnvelope
    | AwaitCustomer
    | AddNote
    | ResolveTicket
    | CloseTicket
)
"""The commands an import consists of."""


@dataclass(frozen=True, slots=True)
class Assist:
    """The open envelope, and who was asked in with it."""

    envelope_id: str
    expert: str
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class TicketHere:
    """What of a ticket the mapping goes by.

    `incident_state` is the last one the log knew: of a waiting that lasts several rows there is one note. There is one
    open envelope at most, as the log has one assignee at a time.
    """

    exists: bool = False
    owner: str | None = None
    priority: Priority | None = None
    resolved: bool = False
    closed: bool = False
    awaiting_customer: bool = False
    incident_state: str | None = None
    assist: Assist | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is neither resolved nor closed."""
        return not self.resolved and not self.closed


def after(ticket: TicketHere, sent: Sent) -> TicketHere:  # noqa: C901, PLR0912 one case a command
    """Return the ticket after a command, which is taken to be accepted."""
    match sent:
        case OpenTicket():
            return replace(ticket, exists=True, priority=sent.priority)
        case AcceptTicket():
            return replace(ticket, owner=sent.agent_id)
        case ReopenTicket():
            return replace(ticket, resolved=False, closed=False)
        case ResumeTicket():
            return replace(ticket, awaiting_customer=False)
        case ChangePriority():
            return replace(ticket, priority=sent.priority)
        case CompleteEnvelope():
            return replace(ticket, assist=None)
        case CreateEnvelope():
            assert sent.envelope_id is not None
            assert sent.expert_id is not None
            return replace(ticket, assist=Assist(sent.envelope_id, sent.expert_id))
        case AcceptEnvelope():
            return replace(ticket, assist=Assist(sent.envelope_id, sent.agent_id, accepted=True))
        case AwaitCustomer():
            return replace(ticket, awaiting_customer=True)
        case AddNote():
            return ticket
        case ResolveTicket():
            return replace(ticket, resolved=True, awaiting_customer=False)
        case CloseTicket():
            return replace(ticket, closed=True)
        case _:
            assert_never(sent)
