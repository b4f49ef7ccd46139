"""A ticket with its history, as a reader found it: events are read from their bytes as far as somebody asks for them.

A long history is mostly text that one viewer has no part in, and reading an event takes longer than passing it over.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property

from contracts.json_values import write_json
from contracts.recorded import RecordedEvent, read_recorded_event
from contracts.ticket import Ticket

_ENVELOPE, _TASK = b'"envelope_id":', b'"task_id":'


@dataclass(frozen=True)
class History:
    """A ticket and the bytes of events of it; not `complete`: its timeline is still being filled from the log."""

    ticket: Ticket
    values: tuple[bytes, ...]
    complete: bool = True

    @classmethod
    def of(cls, ticket: Ticket, events: Iterable[RecordedEvent]) -> "History":
        """Return the history that these events are, of a ticket as it is after the last of them."""
        return cls(ticket, tuple(event.value for event in events))

    @cached_property
    def events(self) -> tuple[RecordedEvent, ...]:
        """All events that were asked for, in version order."""
        return _read(self.values)

    def within(self, envelope_ids: Collection[str]) -> tuple[RecordedEvent, ...]:
        """Return the events about these envelopes and the tasks in them, in version order; maybe some others too.

        What an event is about stands in it as the engine writes JSON, so that it can be told before it is read.
        """
        envelopes = _as_written(envelope_ids)
        tasks = _as_written(task.task_id for task in self.ticket.tasks if task.envelope_id in envelope_ids)
        return _read(
            value for value in self.values if _names(value, _ENVELOPE, envelopes) or _names(value, _TASK, tasks)
        )


def _as_written(ids: Iterable[str]) -> tuple[bytes, ...]:
    return tuple(map(write_json, ids))


def _names(value: bytes, field: bytes, ids: tuple[bytes, ...]) -> bool:
    # Quotes within texts are escaped, so this finds names of fields; from the end, where an event has its own.
    at = value.rfind(field)
    while at >= 0:
        if value.startswith(ids, at + len(field)):
            return True
        at = value.rfind(field, 0, at)
    return False


def _read(values: Iterable[bytes]) -> tuple[RecordedEvent, ...]:
    return tuple(sorted(map(read_recorded_event, values), key=_version))


def _version(event: RecordedEvent) -> int:
    return event.version
