"""What the owner and an expert see of a case: the tabs of SPEC section 8, as pure functions.

Neither ever holds envelope-only content its viewer takes no part in: the ticket in a view is what that viewer may
know of it.
"""

from collections.abc import Iterable, Mapping

from contracts.instants import Instant
from contracts.model import EnvelopeStatus
from contracts.ticket import Envelope, Part, Ticket
from services.envelopes import parent_for
from services.history import History
from services.timeline import TimelineEntry, timeline
from services.visibility import Viewer, known_to, may_see_content_of


class EnvelopeSummary(Part):
    """An envelope as the owner follows it: who was asked for what, until when, and what came of it."""

    envelope_id: str
    parent_envelope_id: str | None
    level: int
    status: EnvelopeStatus
    team_id: str | None
    expert_id: str | None
    reason: str | None
    response_due_at: Instant
    summary: str | None


class OwnerView(Part):
    """The ticket, and how each of its envelopes stands."""

    ticket: Ticket
    envelopes: tuple[EnvelopeSummary, ...]


class ExpertView(Part):
    """The tabs of an expert: the ticket to read, my envelopes with their content, what waits for my teams."""

    ticket: Ticket
    my_envelopes: tuple[Envelope, ...]
    content: Mapping[str, tuple[TimelineEntry, ...]]
    """What was written into each of my envelopes, by envelope id."""
    pending_for_my_teams: tuple[Envelope, ...]
    may_add_next_level: bool


def owner_view(ticket: Ticket, viewer: Viewer) -> OwnerView:
    """Return the owner's view of a ticket."""
    return OwnerView(ticket=known_to(viewer, ticket), envelopes=tuple(map(_summary, ticket.envelopes)))


def expert_view(history: History, viewer: Viewer, team_ids: Iterable[str]) -> ExpertView:
    """Return an expert's view of a ticket; `team_ids` are the expert's teams."""
    ticket = history.ticket
    mine = tuple(e for e in ticket.envelopes if may_see_content_of(viewer.agent_id, e, ticket))
    teams = frozenset(team_ids)
    pending = tuple(e for e in ticket.envelopes if e.status == "pending" and _is_for(e, viewer.agent_id, teams))
    content: dict[str, list[TimelineEntry]] = {envelope.envelope_id: [] for envelope in mine}
    for entry in timeline(ticket, history.within(content), viewer):
        if entry.envelope_id in content:
            content[entry.envelope_id].append(entry)
    return ExpertView(
        ticket=known_to(viewer, ticket),
        my_envelopes=mine,
        content={envelope_id: tuple(entries) for envelope_id, entries in content.items()},
        pending_for_my_teams=pending,
        may_add_next_level=ticket.is_open and parent_for(ticket, viewer.agent_id) is not None,
    )


def _is_for(envelope: Envelope, agent_id: str | None, teams: frozenset[str]) -> bool:
    if envelope.expert_id is not None:
        return envelope.expert_id == agent_id
    return envelope.team_id in teams


def _summary(envelope: Envelope) -> EnvelopeSummary:
    fields = {name: getattr(envelope, name) for name in EnvelopeSummary.model_fields}
    if envelope.status != "completed":
        fields["summary"] = None
    return EnvelopeSummary(**fields)
