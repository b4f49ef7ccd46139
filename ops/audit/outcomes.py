"""Every command of one partition and what became of it: exactly one of the outcomes of SPEC section 3.

What a command led to is found by what it is: events by its identity, its rejection by an id that holds its offset,
its DLQ record and its move by headers that name where it lay. Only identities and offsets are kept. Hand in the
events first, then rejections and dead letters, then the commands.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from contracts.cloudevents import CloudEvent, read_cloud_event
from contracts.dead_letters import MOVED_HEADER, Unreadable
from ops.audit.findings import Findings, place
from ops.audit.formulas import fingerprint, output_id
from ops.audit.histories import Histories
from ops.audit.home import Home
from ops.audit.refusals import dead_letter_offset, rejection_fingerprint
from ops.audit.report import Outcomes
from ops.log_reader import LogRecord

_CLAIMED = -1
_REMEMBERED = 256
"""A ticket that has accepted no more commands than this can't have forgotten one."""
Lying = tuple[int, int]
"""Partition and offset of a command."""


@dataclass(slots=True)
class Moves:
    """Commands to be found on the partition of their ticket, and those found there, over all partitions."""

    expected: dict[Lying, int] = field(default_factory=dict)
    found: set[str] = field(default_factory=set)

    def missing(self) -> Iterator[tuple[Lying, int]]:
        """Yield each command that was not moved, with the partition it should be on."""
        for lying, belongs in self.expected.items():
            if f"{lying[0]}:{lying[1]}" not in self.found:
                yield lying, belongs


@dataclass(frozen=True, slots=True)
class _Delivery:
    """One record of the commands topic and the outcomes found for it; `event` is None where it has no identity."""

    record: LogRecord
    event: CloudEvent | None
    judged: bool
    dead: bool
    rejected: bool

    @property
    def ticket_id(self) -> str | None:
        return None if self.event is None else self.event.subject

    @property
    def was_moved(self) -> bool:
        return any(name == MOVED_HEADER for name, _ in self.record.headers)


class CommandOutcomes:
    """The outcomes of one partition's commands."""

    def __init__(self, home: Home, commands_topic: str, histories: Histories, moves: Moves, findings: Findings) -> None:
        self._home = home
        self._topic = commands_topic
        self._histories = histories
        self._accepted = histories.accepted
        self._moves = moves
        self._findings = findings
        self._rejected: dict[bytes, int] = {}
        self._dead: dict[int, int] = {}
        self._refused: dict[bytes, tuple[str, str, str]] = {}
        self.counts = Outcomes()

    def read_rejection(self, record: LogRecord) -> None:
        """Take a rejection."""
        ticket_id = (record.key or b"").decode(errors="backslashreplace")
        if not self._home.concerns(ticket_id):
            return
        identity = rejection_fingerprint(record, ticket_id, self._home, self._findings)
        if identity is None:
            return
        earlier = self._rejected.setdefault(identity, record.offset)
        if earlier != record.offset:
            found = f"a second one, after {record.partition}:{earlier}"
            self._findings.add(ticket_id, "outcome", "one rejection of one command", found, place(record))

    def read_dead_letter(self, record: LogRecord) -> None:
        """Take a record of the DLQ; those of other topics than the commands are not judged."""
        offset = dead_letter_offset(record, self._topic, self._home, self._findings)
        if offset is None:
            return
        earlier = self._dead.setdefault(offset, record.offset)
        if earlier != record.offset:
            expected = f"one DLQ record of command {record.partition}:{offset}"
            found = f"a second one, after {record.partition}:{earlier}"
            self._findings.add(None, "outcome", expected, found, place(record))

    def read_command(self, record: LogRecord, decided_before: int) -> None:
        """Take a command; from offset `decided_before` on they may wait still, and are not judged."""
        event = _with_identity(record)
        self._note_move(record)
        if self._home.only is not None and (event is None or event.subject != self._home.only):
            return
        delivery = _Delivery(
            record,
            event,
            judged=record.offset < decided_before,
            dead=self._dead.pop(record.offset, None) is not None,
            rejected=event is not None and self._rejected.pop(_rejection_of(event, record), None) is not None,
        )
        if delivery.dead and delivery.rejected:
            self._differs(delivery, "one outcome", "a DLQ record and a rejection")
        elif delivery.dead:
            self._take_dead(delivery)
        elif event is None:
            self._wants(delivery, "a DLQ record")
        elif self._is_misplaced(event):
            self._take_misplaced(delivery, self._home.of(event.subject))
        elif delivery.rejected:
            self._take_rejected(delivery, event)
        else:
            self._take_silent(delivery, event)

    def unexplained_rejections(self) -> Iterator[int]:
        """Yield the offsets of rejections of commands that were not taken."""
        yield from self._rejected.values()

    def unexplained_events(self) -> Iterator[int]:
        """Yield the offsets of the first events of commands that were not taken, or were refused each time."""
        for command, (ticket_id, what, lying) in self._refused.items():
            if self._accepted[command] != _CLAIMED:
                self._accepted[command] = _CLAIMED
                self._findings.add(ticket_id, "outcome", "one outcome", f"events and {what}", lying)
        yield from (offset for offset in self._accepted.values() if offset != _CLAIMED)

    def unexplained_dead_letters(self, start: int) -> Iterator[tuple[int, int]]:
        """Yield the DLQ records of commands that are not there, from `start` on: (offset told, offset in the DLQ)."""
        yield from ((told, offset) for told, offset in self._dead.items() if told >= start)

    def _take_dead(self, delivery: _Delivery) -> None:
        self.counts.dead_letters += 1
        if delivery.event is not None:
            self._note_refusal(delivery, delivery.event, "a DLQ record")

    def _take_misplaced(self, delivery: _Delivery, belongs: int) -> None:
        if delivery.rejected:
            self._differs(delivery, f"a move to partition {belongs}", "a rejection, on the wrong partition")
        elif delivery.was_moved:
            self._wants(delivery, "a DLQ record: it was moved before")
        elif delivery.judged:
            self.counts.moved += 1
            self._moves.expected[delivery.record.partition, delivery.record.offset] = belongs
        else:
            self.counts.waiting += 1

    def _take_rejected(self, delivery: _Delivery, event: CloudEvent) -> None:
        self.counts.rejected += 1
        history = self._histories.tickets.get(event.subject)
        remembers = history is not None and history.commands <= _REMEMBERED
        if remembers and self._accepted.get(_identity_of(event)) == _CLAIMED:
            found = "a rejection, though the ticket remembers the command"
            self._differs(delivery, "nothing: it was accepted before", found)
        self._note_refusal(delivery, event, "a rejection")

    def _take_silent(self, delivery: _Delivery, event: CloudEvent) -> None:
        """Take a command that was not refused: the first that is accepted, or a duplicate of it."""
        command = _identity_of(event)
        accepted = self._accepted.get(command)
        if accepted is None:
            self._wants(delivery, "an outcome")
        elif accepted == _CLAIMED:
            self.counts.duplicates += 1
        else:
            self._accepted[command] = _CLAIMED
            self.counts.accepted += 1

    def _note_refusal(self, delivery: _Delivery, event: CloudEvent, what: str) -> None:
        """Remember the refusal of an accepted command: right only when another delivery of it was accepted."""
        command = _identity_of(event)
        if command in self._accepted:
            self._refused[command] = event.subject, what, place(delivery.record)

    def _wants(self, delivery: _Delivery, expected: str) -> None:
        if delivery.judged:
            self._differs(delivery, expected, "nothing")
        else:
            self.counts.waiting += 1

    def _differs(self, delivery: _Delivery, expected: str, found: str) -> None:
        self._findings.add(delivery.ticket_id, "outcome", expected, found, place(delivery.record))

    def _is_misplaced(self, event: CloudEvent) -> bool:
        known = self._histories.tickets.get(event.subject)
        if known is not None and known.version > 0:
            return False
        return self._home.of(event.subject) != self._home.partition

    def _note_move(self, record: LogRecord) -> None:
        for name, value in record.headers:
            if name == MOVED_HEADER and value is not None:
                self._moves.found.add(value.decode(errors="replace"))


def _with_identity(record: LogRecord) -> CloudEvent | None:
    """Return the command's attributes, None where it has no identity."""
    try:
        event = read_cloud_event(record.value, record.headers)
    except Unreadable:
        return None
    return event if isinstance(event.subject, str) else None


def _identity_of(event: CloudEvent) -> bytes:
    return fingerprint(event.subject, event.source, event.id)


def _rejection_of(event: CloudEvent, record: LogRecord) -> bytes:
    identity = output_id(event.subject, event.source, event.id, f"rejected:{record.partition}:{record.offset}")
    return fingerprint(identity, event.subject, event.source, event.id)
