"""A ticket worker without views: `python -m ops.bench.worker_without_views`. No fleet may run it.

It keeps what decisions and alerts need in Redis, but no timelines, no lists and nothing for queues. What it is faster
by than the real one is what keeping those costs.
"""

from collections.abc import Iterable, Sequence

import consumers.partition
import consumers.view
from consumers.packing import Write
from consumers.timelines import Timelines
from consumers.view import Change, PartitionView
from contracts.ticket import Ticket
from ops.cli import build_app
from services.view_index import IndexEntry


class SnapshotsOnly(PartitionView):
    """Writes what decisions and alerts need."""

    def writes_for(self, change: Change, source: int) -> Iterable[Write]:
        """Yield the writes for one ticket, without those for its events."""
        return super().writes_for(Change(change.ticket_id, change.before, change.after, change.snapshot), source)

    def _work_writes(self, _change: Change) -> Iterable[Write]:
        return ()


class NoTimelines(Timelines):
    """Fills nothing, and takes note of nothing."""

    def start(self) -> None:
        """Leave them as they are."""

    async def committed(self, last_offset: int) -> None:
        """Leave them as they are."""


def no_index_changes(_before: Ticket | None, _after: Ticket, /) -> tuple[Sequence[IndexEntry], Sequence[IndexEntry]]:
    """Find no lists to write, whatever was changed."""
    return (), ()


def main() -> None:
    """Run the worker until it is asked to stop."""
    consumers.partition.PartitionView = SnapshotsOnly  # type: ignore[attr-defined]
    consumers.view.index_changes = no_index_changes  # type: ignore[attr-defined,assignment]
    consumers.partition.Timelines = NoTimelines  # type: ignore[attr-defined]
    build_app()(["worker", "ticket"], standalone_mode=False)


if __name__ == "__main__":
    main()
