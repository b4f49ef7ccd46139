"""The tickets of one old partition: each event checked against the one before and folded, as it is copied.

Nothing is read or written here. Memory follows the number of tickets of one partition.
"""

from collections.abc import Iterator

from contracts.json_values import write_json
from contracts.recorded import NO_EVENT_YET, Head, RecordedEvent, UnreadableEvent, read_recorded_event
from contracts.ticket import Ticket
from ops.audit.findings import place
from ops.audit.folded import FoldedTickets
from ops.console import CommandFailed
from ops.log_reader import LogRecord
from services.evolve import BrokenHistory, evolve


class Histories:
    """Folds events to snapshots whose `source_offset` is -1: no command of the new topics has changed the ticket."""

    def __init__(self) -> None:
        self._tickets = FoldedTickets()

    def __len__(self) -> int:
        return len(self._tickets)

    def take(self, record: LogRecord) -> str:
        """Take the partition's next event; return its ticket.

        Raises:
            CommandFailed: it does not follow from the one before: such a log is not carried on.
        """
        try:
            event = read_recorded_event(record.value or b"")
            before = self._tickets.get(event.ticket_id)
            _require_next(event, NO_EVENT_YET if before is None else Head(before.version, before.head_hash))
            self._tickets.put(event.ticket_id, evolve(before, event))
        except (UnreadableEvent, BrokenHistory) as error:
            remedy = "Nothing is lost; `itilnext audit` tells more. Restore the log before its partitions are changed."
            raise CommandFailed(f"the history is not whole at {place(record)}: {error}", remedy) from error
        return event.ticket_id

    def snapshots(self) -> Iterator[tuple[str, bytes]]:
        """Yield each ticket's id and snapshot."""
        for ticket_id in self._tickets:
            ticket = self._tickets.get(ticket_id)
            assert isinstance(ticket, Ticket), "a ticket that was folded is there"
            yield ticket_id, write_json(ticket)


def _require_next(event: RecordedEvent, head: Head) -> None:
    if (event.version, event.prev_hash) != (head.version + 1, head.hash):
        raise BrokenHistory(f"version {event.version} of {event.ticket_id} does not follow version {head.version}")
