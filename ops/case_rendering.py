"""A case as a person reads it: the timeline and the tabs, in local time, envelopes indented by their level.

On a terminal what is public stands out, and what is envelope-only has a colour of its own; the marks say it in a pipe.

Who may see what was decided before; nothing here hides or adds anything.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from contracts.ticket import Envelope, Ticket
from ops.cases import Seen
from ops.console import local, out, print_line, print_table, readable
from services.case_views import ExpertView, OwnerView
from services.timeline import TimelineEntry

_MARKS = {"public": " ", "internal": "·", "envelope_only": "▸"}
_STYLES = {"public": "bold", "internal": "default", "envelope_only": "magenta"}
_LEGEND = "(· internal, ▸ envelope-only)"
_TEXTS = ("content", "summary", "reason", "title", "flag", "subject", "condition", "resolution_type", "to_priority")
_INDENT = "  "
_FACTS = ("reference", "type", "status", "priority", "owner_id", "team_id", "customer_tier", "due_at", "version")


def print_case(seen: Seen) -> None:
    """Print what one viewer sees of a ticket: facts, timeline, tabs."""
    ticket = seen.ticket
    print_line(f"{ticket.id}: {ticket.subject}")
    if seen.viewer.kind != "customer":
        facts = ((name, getattr(ticket, name)) for name in _FACTS)
        print_line(
            "  ".join(f"{name} {local(v) if isinstance(v, datetime) else v}" for name, v in facts if v is not None)
        )
    print_timeline(ticket, seen.timeline)
    if seen.owner is not None:
        print_owner_tabs(seen.owner)
    if seen.expert is not None:
        print_expert_tabs(seen.expert)


def print_timeline(ticket: Ticket, entries: Iterable[TimelineEntry]) -> None:
    """Print one line an entry: when, what, who, and the words of it."""
    levels = {envelope.envelope_id: envelope.level for envelope in ticket.envelopes}
    marked = False
    for entry in entries:
        _print_entry(entry, levels)
        marked = marked or entry.visibility != "public"
    if marked:
        print_line(_LEGEND)


def print_owner_tabs(view: OwnerView) -> None:
    """Print how each envelope stands, as the owner follows it."""
    rows = [
        (e.envelope_id, e.level, e.status, e.team_id, e.expert_id, e.reason, local(e.response_due_at), e.summary)
        for e in view.envelopes
    ]
    print_table("Envelopes", ("id", "level", "status", "team", "expert", "reason", "answer due", "summary"), rows)


def print_expert_tabs(view: ExpertView) -> None:
    """Print an expert's tabs: my envelopes with their content, and what waits for my teams."""
    for envelope in view.my_envelopes:
        print_line(f"My envelope {envelope.envelope_id} ({envelope.status}): {envelope.reason or ''}")
        for entry in view.content[envelope.envelope_id]:
            _print_entry(entry, {})
    print_table(
        "Waiting for me and my teams", ("id", "level", "reason", "answer due"), map(_pending, view.pending_for_my_teams)
    )
    print_line(f"I may ask in the next level: {'yes' if view.may_add_next_level else 'no'}")


def in_words(entry: TimelineEntry) -> str:
    """Return what happened, by whom, and what was said."""
    words = " - ".join(str(entry.data[name]) for name in _TEXTS if name in entry.data)
    who = f" {entry.actor}" if entry.actor else ""
    return f"{_MARKS[entry.visibility]} {entry.type}{who}{': ' if words else ''}{words}"


def _print_entry(entry: TimelineEntry, levels: Mapping[str, int]) -> None:
    level = levels.get(entry.envelope_id or str(entry.data.get("envelope_id")), 1)
    line = f"{local(entry.at)} {_INDENT * (level - 1)}{in_words(entry)}"
    out.print(readable(line), style=_STYLES[entry.visibility])


def _pending(envelope: Envelope) -> tuple[object, ...]:
    return envelope.envelope_id, envelope.level, envelope.reason, local(envelope.response_due_at)
