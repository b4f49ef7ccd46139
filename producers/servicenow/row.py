"""One row of the log, read: the state of an incident after one change of it. `None` is the log's `?`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from contracts.model import Channel, Priority

NEW = "New"
ACTIVE = "Active"
AWAITING = "Awaiting "
AWAITING_CUSTOMER = "Awaiting User Info"
RESOLVED = "Resolved"
CLOSED = "Closed"


@dataclass(frozen=True, slots=True)
class Row:
    """A change of the incident `number`, its `index`-th from 1; `line` is where the file has it.

    `state` is None where the log does not know it, `group` and `assignee` where it names none.
    """

    line: int
    index: int
    number: str
    state: str | None
    opened_at: datetime
    updated_at: datetime
    caller: str | None
    channel: Channel
    category: str | None
    subcategory: str | None
    priority: Priority | None
    group: str | None
    assignee: str | None
    closed_code: str | None
    resolver: str | None

    @property
    def ends(self) -> bool:
        """Whether the incident is resolved, or closed, after this change."""
        return self.state in (RESOLVED, CLOSED)

    @property
    def awaits(self) -> bool:
        """Whether the incident waits for something, the customer included."""
        return self.state is not None and self.state.startswith(AWAITING)


def owner_changes(rows: Iterable[Row]) -> int:
    """Count how often the log hands an incident on: consecutive named assignees of an incident that differ."""
    named: dict[str, list[str]] = {}
    for row in rows:
        if row.assignee is not None:
            named.setdefault(row.number, []).append(row.assignee)
    return sum(before != after for assignees in named.values() for before, after in pairwise(assignees))
