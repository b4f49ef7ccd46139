"""The events of one partition, checked one by one as they come: order, chain, ids, times, and folded.

Nothing is read here but what is handed in. Of an event nothing is kept but what the next one of its ticket is held to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from contracts.cloudevents import CONTENT_TYPE
from contracts.recorded import UnreadableEvent, read_recorded_event
from ops.audit.findings import Findings, place
from ops.audit.folded import FoldedTickets
from ops.audit.formulas import WRITTEN_INSTANT, fingerprint, link, output_id
from ops.audit.home import Home
from ops.audit.report import Check
from ops.log_reader import LogRecord
from services.evolve import evolve

_FIXED = {"specversion": "1.0", "source": "/itilnext/engine", "datacontenttype": "application/json"}
_TEXTS = ("id", "type", "time", "causationid", "causationsource", "prevhash")


@dataclass(slots=True)
class History:
    """Where a ticket's events have got to, and what was seen of its snapshots.

    `commands` counts the accepted ones. `state` is the version of its last snapshot in the state topic, at `state_at`;
    `snapshot` stands for the bytes of the one that was found equal to the folded events.
    """

    version: int = 0
    head_hash: str = ""
    time: str = ""
    cause: bytes = b""
    index: int = 0
    commands: int = 0
    broken: bool = False
    state: int = 0
    state_at: int = -1
    snapshot: bytes = b""


class _Wrong(Exception):
    """The event at hand is not as it should be."""

    def __init__(self, check: Check, expected: object, found: object) -> None:
        super().__init__(check)
        self.check = check
        self.expected = expected
        self.found = found


class Histories:
    """All tickets of one partition. `accepted` holds each accepted command, with the offset of its first event."""

    def __init__(self, home: Home, findings: Findings) -> None:
        self._home = home
        self._findings = findings
        self._last_key: bytes | None = None
        self.tickets: dict[str, History] = {}
        self.folded = FoldedTickets()
        self.accepted: dict[bytes, int] = {}
        self.events = 0

    def of(self, ticket_id: str) -> History:
        """Return the ticket's history, an empty one where nothing was seen of it."""
        history = self.tickets.get(ticket_id)
        if history is None:
            history = self.tickets[ticket_id] = History()
        return history

    def read(self, record: LogRecord, up_to: Mapping[str, int] | None = None) -> None:
        """Take the partition's next event; with `up_to`, only tickets named there, up to these versions."""
        follows, self._last_key = record.key == self._last_key, record.key
        ticket_id = (record.key or b"").decode(errors="backslashreplace")
        if not self._home.concerns(ticket_id) or (up_to is not None and ticket_id not in up_to):
            return
        history = self.of(ticket_id)
        if up_to is not None and history.version >= up_to[ticket_id]:
            return
        self.events += 1
        try:
            attributes = _attributes(record, ticket_id)
            self._place_among_commands(history, attributes, record)
            if not history.broken:
                self._check(history, attributes, record.value or b"", follows=follows)
        except _Wrong as wrong:
            history.broken = True
            self._findings.add(ticket_id, wrong.check, wrong.expected, wrong.found, place(record))

    def _place_among_commands(self, history: History, attributes: dict[str, Any], record: LogRecord) -> None:
        """Count the event to its command, also of a broken ticket: its commands have had their outcome too."""
        subject, source, identity = attributes["subject"], attributes["causationsource"], attributes["causationid"]
        command = fingerprint(subject, source, identity)
        earlier = self.accepted.setdefault(command, record.offset)
        if command == history.cause and attributes["id"] != output_id(subject, source, identity, 0):
            history.index += 1
            return
        if earlier != record.offset and not history.broken:
            found = f"again, after {record.partition}:{earlier}"
            raise _Wrong("identity", f"command {identity} of {source} is accepted once", found)
        history.cause, history.index = command, 0
        history.commands += 1

    def _check(self, history: History, attributes: dict[str, Any], value: bytes, *, follows: bool) -> None:
        subject = attributes["subject"]
        if history.version == 0:
            _same("partition", f"partition {self._home.of(subject)}", f"partition {self._home.partition}")
        _same("version", history.version + 1, attributes["ticketversion"])
        _same("chain", history.head_hash, attributes["prevhash"])
        part = (subject, attributes["causationsource"], attributes["causationid"], history.index)
        _same("event_id", output_id(*part), attributes["id"])
        if history.index > 0 and not follows:
            raise _Wrong("contiguity", "the events of one command next to one another", "another ticket's in between")
        if attributes["time"] < history.time:
            raise _Wrong("time", f"not before {history.time}", attributes["time"])
        try:
            ticket = evolve(self.folded.get(subject), read_recorded_event(value))
        except UnreadableEvent as error:
            raise _Wrong("event", "an event of this engine", str(error)) from error
        except Exception as error:
            raise _Wrong("fold", "an event that can follow", f"{type(error).__name__}: {error}") from error
        self.folded.put(subject, ticket)
        history.version, history.head_hash, history.time = attributes["ticketversion"], link(value), attributes["time"]


def _attributes(record: LogRecord, ticket_id: str) -> dict[str, Any]:
    """Return the event's attributes, of the right types and with the right constants."""
    try:
        attributes = orjson.loads(record.value or b"")
    except orjson.JSONDecodeError as error:
        raise _Wrong("event", "JSON", str(error)) from error
    if not isinstance(attributes, dict):
        raise _Wrong("event", "a JSON object", attributes)
    for name, wanted in _FIXED.items():
        _same("event", f"{name} {wanted}", f"{name} {attributes.get(name)}")
    for name in ("subject", "partitionkey"):
        _same("event", f"{name} {ticket_id}", f"{name} {attributes.get(name)}")
    for name in _TEXTS:
        if not isinstance(attributes.get(name), str):
            raise _Wrong("event", f"{name}, a text", f"{name} {attributes.get(name)}")
    if WRITTEN_INSTANT.fullmatch(attributes["time"]) is None:
        raise _Wrong("event", "a time in UTC with microseconds", attributes["time"])
    if ("content-type", CONTENT_TYPE.encode()) not in record.headers:
        raise _Wrong("event", f"content-type {CONTENT_TYPE}", [name for name, _ in record.headers])
    if not isinstance(attributes.get("ticketversion"), int):
        raise _Wrong("event", "ticketversion, an integer", attributes.get("ticketversion"))
    return attributes


def _same(check: Check, expected: object, found: object) -> None:
    if expected != found:
        raise _Wrong(check, expected, found)
