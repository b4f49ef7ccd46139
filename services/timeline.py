"""The timeline of a ticket as one viewer may see it.

Each event at most one entry, in version order (SPEC section 8).
"""

from collections.abc import Iterable
from typing import Any

from contracts.instants import Instant
from contracts.recorded import RecordedEvent
from contracts.ticket import Part, Ticket
from contracts.trusted import trusted
from services.visibility import Audience, EntryVisibility, Viewer, audience_of, may_see

_ACTORS = ("agent_id", "approver_id", "reviewer_id", "authorized_by", "requested_by", "from")
# What a public entry says to desk staff only: who works on it, where, and by which internal rules.
_STAFF_ONLY = frozenset(
    {"agent_id", "team_id", "due_at", "paused_seconds", "customer_tier", "external_refs", "envelope_id"}
)


class TimelineEntry(Part):
    """One event as a viewer gets it: `type` is the event's name, `actor` who caused it, `data` what it says."""

    version: int
    at: Instant
    type: str
    visibility: EntryVisibility
    envelope_id: str | None = None
    actor: str | None = None
    data: dict[str, Any]


def timeline(ticket: Ticket, events: Iterable[RecordedEvent], viewer: Viewer) -> list[TimelineEntry]:
    """Return the entries of a ticket's events that the viewer may see.

    `ticket` is the state that says who takes part in which envelope; `events` may be a part of its history.
    """
    entries: list[TimelineEntry] = []
    for event in events:
        audience = audience_of(event.data, ticket)
        if may_see(viewer, audience, ticket):
            entries.append(_entry(event, audience, viewer))
    return entries


def _entry(event: RecordedEvent, audience: Audience, viewer: Viewer) -> TimelineEntry:
    said = {name: value for name, value in event.data.wire().items() if value is not None}
    actor = next((said[name] for name in _ACTORS if name in said), None)
    if viewer.kind == "customer":
        said = {name: value for name, value in said.items() if name not in _STAFF_ONLY}
        actor = said.get("from")
    entry = {
        "version": event.version,
        "at": event.time,
        "type": event.name,
        "visibility": audience.visibility,
        "envelope_id": None if viewer.kind == "customer" else audience.envelope_id,
        "actor": actor,
        "data": said,
    }
    return trusted(TimelineEntry, entry)
