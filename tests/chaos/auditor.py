"""An auditor who knows the specification and the topics as consumers read them, and nothing of the engine.

`audit` answers with every promise it found broken, as sentences. Theory: a command's record has at most one visible
outcome that names it (a rejection by its id, a DLQ record by its headers, a move by its header). A record without one
was accepted, or is a duplicate: of the records of one identity, in the order of their partition, some are refused, then
one is accepted if there are events, and all after it are without outcome.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from tests.acceptance.wire import Record, output_id, partition_for, sha256

Place = tuple[int, int]
Identity = tuple[str, str, str]
_TRANSFERRED = "org.itilnext.ticket.ownership_transferred.v1"
_ACCEPTED = "org.itilnext.ticket.accepted.v1"
_REOPENED = "org.itilnext.ticket.reopened.v1"
_RESOLVED = "org.itilnext.ticket.resolved.v1"
_CLOSED = "org.itilnext.ticket.closed.v1"
_GIVES_BACK = (_RESOLVED, _TRANSFERRED)


@dataclass(frozen=True, slots=True)
class Logs:
    """All that was read of the topics, in the order of each partition."""

    partitions: int
    commands: Sequence[Record]
    events: Sequence[Record]
    state: Sequence[Record]
    rejections: Sequence[Record]
    dead_letters: Sequence[Record]


@dataclass(slots=True)
class _Told:
    """What the outputs say of the records they belong to."""

    moved: dict[Place, int] = field(default_factory=lambda: defaultdict(int))
    dead: dict[Place, int] = field(default_factory=lambda: defaultdict(int))
    rejected: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    events: dict[Identity, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))


def audit(logs: Logs, limits: Mapping[str, int]) -> list[str]:
    """Return what is wrong; `limits` are the agents' `max_tickets`, unchanged all the while."""
    tickets: dict[str, list[Record]] = defaultdict(list)
    for event in logs.events:
        tickets[event.json["subject"]].append(event)
    found = [*_outcomes(logs), *_snapshots(logs, tickets), *_capacity(logs.events, limits)]
    for ticket, events in tickets.items():
        found += _history(ticket, events, logs.partitions)
        found += _ownership(ticket, events)
    return found


def _outcomes(logs: Logs) -> Iterator[str]:
    """Each command has exactly one outcome, and no outcome is without its command."""
    told = _told(logs)
    of_identity: dict[Identity, list[str]] = defaultdict(list)
    ids: dict[str, Place] = {}
    for record in sorted(logs.commands, key=lambda each: (each.partition, each.offset)):
        place = record.partition, record.offset
        named = told.moved.pop(place, 0) + told.dead.pop(place, 0)
        identity = None if named else _identity(record)
        rejected = 0
        if identity is not None:
            rejection = output_id(*identity, f"rejected:{record.partition}:{record.offset}")
            ids[rejection] = place
            rejected = told.rejected.pop(rejection, 0)
            if record.partition == partition_for(identity[0], logs.partitions):
                of_identity[identity].append("refused" if rejected else "quiet")
            else:
                yield f"{place}: a command of {identity[0]} was decided on a partition that is not its own"
        if named + rejected > 1:
            yield f"{place}: {named + rejected} outcomes"
        if not named and identity is None:
            yield f"{place}: neither a command nor in the DLQ: {(record.value or b'')[:100]!r}"
    for kind, left in (("move", told.moved), ("DLQ record", told.dead), ("rejection", told.rejected)):
        yield from (f"a {kind} without its command: {each}" for each in left)
    yield from _accepted_once(of_identity, told.events)


def _told(logs: Logs) -> _Told:
    told = _Told()
    for record in logs.dead_letters:
        partition = record.header("__connect.errors.partition")
        told.dead[int(partition or -1), int(record.header("__connect.errors.offset") or -1)] += 1
    forged = {place for place, count in told.dead.items() if count}
    for record in logs.commands:
        came_from = record.header("itilnext-moved")
        # A sender may claim that its record was moved; such a one is in its own partition, or in the DLQ.
        if came_from is not None and (record.partition, record.offset) not in forged:
            partition, _, offset = came_from.partition(":")
            told.moved[int(partition), int(offset)] += 1
    for record in logs.rejections:
        told.rejected[record.json["id"]] += 1
    for record in logs.events:
        event = record.json
        told.events[event["subject"], event["causationsource"], event["causationid"]].append(event)
    return told


def _identity(record: Record) -> Identity | None:
    try:
        event = orjson.loads(record.value or b"")
        return str(event["subject"]), str(event["source"]), str(event["id"])
    except (ValueError, TypeError, KeyError):
        return None


def _accepted_once(
    of_identity: Mapping[Identity, Sequence[str]], events: Mapping[Identity, Sequence[Mapping[str, Any]]]
) -> Iterator[str]:
    for identity, outcomes in of_identity.items():
        made = events.get(identity, ())
        refused = outcomes.index("quiet") if "quiet" in outcomes else len(outcomes)
        if bool(made) != ("quiet" in outcomes):
            yield f"{identity}: {len(made)} events, and outcomes {outcomes}"
        if "refused" in outcomes[refused:]:
            yield f"{identity}: refused after it was accepted: {outcomes}"
        wanted = [output_id(*identity, index) for index in range(len(made))]
        if [event["id"] for event in made] != wanted:
            yield f"{identity}: events with the ids {[event['id'] for event in made]}, not {wanted}"
    for identity in events.keys() - of_identity.keys():
        yield f"{identity}: events without a command"


def _history(ticket: str, events: Sequence[Record], partitions: int) -> Iterator[str]:
    """A ticket's events are one chain without gaps, in the ticket's partition."""
    previous, time = "", ""
    for version, record in enumerate(events, start=1):
        event = record.json
        where = f"{ticket} version {version}"
        if event["ticketversion"] != version:
            yield f"{where}: is version {event['ticketversion']}"
        if event["prevhash"] != previous:
            yield f"{where}: the chain is broken"
        if event["time"] < time:
            yield f"{where}: its time runs backwards"
        if record.partition != partition_for(ticket, partitions) or record.key != ticket.encode():
            yield f"{where}: lies in partition {record.partition} under {record.key!r}"
        previous, time = sha256(record.value or b""), event["time"]


def _ownership(ticket: str, events: Sequence[Record]) -> Iterator[str]:
    """A ticket is accepted once, and changes its owner by transfers only."""
    owner = None
    for event in (record.json for record in events):
        said = event["data"]
        if event["type"] == _ACCEPTED:
            if owner is not None:
                yield f"{ticket}: accepted by {said['agent_id']}, but owned by {owner}"
            owner = said["agent_id"]
        elif event["type"] == _TRANSFERRED:
            if said["from_owner_id"] != owner:
                yield f"{ticket}: transferred from {said['from_owner_id']}, but owned by {owner}"
            owner = said["to_owner_id"]


def _snapshots(logs: Logs, tickets: Mapping[str, Sequence[Record]]) -> Iterator[str]:
    """The latest snapshot of each ticket is tied to its last event, and says who owns it."""
    latest = {(record.key or b"").decode(): record.json for record in logs.state}
    for ticket in latest.keys() ^ tickets.keys():
        yield f"{ticket}: has {'no events' if ticket in latest else 'no snapshot'}"
    for ticket in latest.keys() & tickets.keys():
        snapshot, events = latest[ticket], tickets[ticket]
        if snapshot["version"] != len(events):
            yield f"{ticket}: the snapshot is of version {snapshot['version']}, the log of {len(events)}"
        elif snapshot["head_hash"] != sha256(events[-1].value or b""):
            yield f"{ticket}: the snapshot's hash is not that of the last event"
        owner = _owner_after(events)
        if snapshot["owner_id"] != owner:
            yield f"{ticket}: the snapshot's owner is {snapshot['owner_id']}, the log's {owner}"


def open_tickets(events: Iterable[Record]) -> Counter[str]:
    """Count the open tickets each agent owns."""
    owners: dict[str, str] = {}
    is_open: dict[str, bool] = {}
    for event in (record.json for record in events):
        ticket, kind = event["subject"], event["type"]
        if kind in {_ACCEPTED, _TRANSFERRED}:
            owners[ticket] = event["data"].get("to_owner_id") or event["data"]["agent_id"]
        is_open[ticket] = kind not in {_RESOLVED, _CLOSED} and (is_open.get(ticket, True) or kind == _REOPENED)
    return Counter(owner for ticket, owner in owners.items() if is_open[ticket])


def _owner_after(events: Iterable[Record]) -> str | None:
    owner = None
    for event in (record.json for record in events):
        if event["type"] == _ACCEPTED:
            owner = event["data"]["agent_id"]
        elif event["type"] == _TRANSFERRED:
            owner = event["data"]["to_owner_id"]
    return owner


@dataclass(slots=True)
class _Span:
    """A ticket that an agent owned and that was open, from one record's timestamp to another's."""

    begins: int
    ends: float = float("inf")


def _capacity(events: Sequence[Record], limits: Mapping[str, int]) -> Iterator[str]:
    """No accept or transfer took an agent past the limit.

    A place is taken before the record that says so is made, and given back after the one that does, so tickets whose
    spans meet in an instant were all counted then. Tickets that were reopened may pass a limit, and are left out.
    """
    spans: dict[str, list[_Span]] = defaultdict(list)
    current: dict[str, tuple[str, _Span | None]] = {}
    for record in events:
        event = record.json
        ticket, kind = event["subject"], event["type"]
        owner, span = current.get(ticket, ("", None))
        if kind in _GIVES_BACK and span is not None:
            span.ends = record.timestamp
        if kind in {_ACCEPTED, _TRANSFERRED}:
            owner = event["data"].get("to_owner_id") or event["data"]["agent_id"]
            span = _Span(record.timestamp)
            spans[owner].append(span)
        elif kind in (*_GIVES_BACK, _REOPENED):
            span = None
        current[ticket] = owner, span
    for agent, limit in limits.items():
        for begun in spans[agent]:
            held = sum(other.begins <= begun.begins < other.ends for other in spans[agent])
            if held > limit:
                yield f"{agent}: {held} open tickets at {begun.begins}, where {limit} are allowed"
