"""From events to the rows of an export. What an event does to a resolution is the rules' to say: see `services`.

Nothing is read or written here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from contracts.events import CalibrationReviewed, ResolutionCreated, ResolutionEvent
from contracts.json_values import write_json
from contracts.recorded import RecordedEvent, UnreadableEvent
from contracts.ticket import Resolution
from services import evolve_parts

Row = dict[str, Any]
_PLAIN = (
    "resolution_id",
    "resolution_type",
    "what_category",
    "why_category",
    "where",
    "currency",
    "tier",
    "status",
    "created_by",
    "created_at",
    "decided_by",
)


def event_row(event: RecordedEvent, partition: int, offset: int) -> Row:
    """Return the row of one event, which lies at this place of the events topic."""
    return {
        "partition": partition,
        "offset": offset,
        "event_id": event.id,
        "event": event.name,
        "ticket_id": event.ticket_id,
        "ticket_version": event.version,
        "time": event.time,
        "cause_id": event.cause_id,
        "cause_source": event.cause_source,
        "correlation_id": event.correlation_id,
        "data": write_json(event.data).decode(),
    }


@dataclass(frozen=True, slots=True)
class _Followed:
    """A resolution so far, and when it was decided and reviewed, which a snapshot does not hold."""

    now: Resolution
    decided_at: datetime | None
    reviewed_at: datetime | None


class Resolutions:
    """The resolutions of one partition, as its events tell of them, in order."""

    def __init__(self) -> None:
        self._followed: dict[tuple[str, str], _Followed] = {}

    def take(self, event: RecordedEvent) -> None:
        """Take note of the next event, whatever it is about.

        Raises:
            UnreadableEvent: it is about a resolution that no earlier event made.
        """
        if isinstance(event.data, ResolutionEvent):
            self._follow(event, event.data)

    def rows(self) -> Iterator[Row]:
        """Yield a row for each, in the order they were made in."""
        for (ticket_id, _), followed in self._followed.items():
            one, asked = followed.now, followed.now.calibration
            yield {
                **{name: getattr(one, name) for name in _PLAIN},
                "ticket_id": ticket_id,
                "amount": None if one.amount is None else Decimal(one.amount),
                "cumulative_amount": Decimal(one.cumulative_amount),
                "decided_at": followed.decided_at,
                "calibration_reason": asked and asked.reason,
                "calibration_outcome": asked and asked.outcome,
                "reviewer_id": asked and asked.reviewer_id,
                "reviewed_at": followed.reviewed_at,
            }

    def _follow(self, event: RecordedEvent, said: ResolutionEvent) -> None:
        key = event.ticket_id, said.resolution_id
        before = self._followed.get(key)
        if before is None and not isinstance(said, ResolutionCreated):
            raise UnreadableEvent(f"it is about resolution {said.resolution_id}, which no earlier event made")
        (now,) = evolve_parts.resolutions(() if before is None else (before.now,), said, event.time)
        decided_at, reviewed_at = (None, None) if before is None else (before.decided_at, before.reviewed_at)
        if decided_at is None and now.decided_by is not None:
            decided_at = event.time
        if isinstance(said, CalibrationReviewed):
            reviewed_at = event.time
        self._followed[key] = _Followed(now, decided_at, reviewed_at)
