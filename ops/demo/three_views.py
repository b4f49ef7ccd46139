"""One incident side by side, as its customer, its owner and the expert who was asked in each see it.

Who sees what was decided in `services.visibility`; a gap in a column is what that person does not get.
"""

from collections.abc import Sequence

from ops.case_rendering import in_words
from ops.cases import Case
from ops.console import local, print_table
from services.timeline import TimelineEntry, timeline
from services.visibility import CUSTOMER, Viewer


def print_three_views(case: Case) -> None:
    """Print the case's history, a column for each of the three."""
    ticket = case.history.ticket
    expert = next((one.expert_id for one in ticket.envelopes if one.expert_id is not None), None)
    viewers = {
        "customer": CUSTOMER,
        f"owner {ticket.owner_id}": Viewer("agent", ticket.owner_id),
        f"expert {expert}": Viewer("agent", expert),
    }
    seen = [_by_version(timeline(ticket, case.history.events, viewer)) for viewer in viewers.values()]
    rows = [(local(event.time), *_cells(seen, event.version)) for event in case.history.events]
    print_table(f"{ticket.id} as three people see it", ("when", *viewers), rows)


def _by_version(entries: Sequence[TimelineEntry]) -> dict[int, TimelineEntry]:
    return {entry.version: entry for entry in entries}


def _cells(seen: Sequence[dict[int, TimelineEntry]], version: int) -> list[str | None]:
    return [in_words(entries[version]) if version in entries else None for entries in seen]
