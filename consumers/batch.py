"""Deciding a batch of one partition: records in, outputs out. Pure but for the counters it returns; no I/O here."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aiokafka import TopicPartition
from msgspec import Struct

from consumers.capacity import NO_LIMIT, Place
from consumers.outputs import MAX_VALUE, Output, dead_letter, moved
from consumers.view import Change, place_of
from contracts.cloudevents import STRUCTURED_HEADERS
from contracts.commands import ReopenTicket
from contracts.dead_letters import MOVED_HEADER, BadKey, Headers, InternalError, TooLarge, Unreadable
from contracts.directory import Agent
from contracts.json_values import write_json
from contracts.partitioner import partition_of
from contracts.received import Position, RawRecord, ReceivedCommand, read_command
from contracts.recorded import RecordedEvent
from contracts.rejections import write_rejection
from contracts.ticket import Ticket
from contracts.topics import Topics
from contracts.tracing import with_traceparent
from services.handling import Accepted, Rejected, World, handle

_REMEMBERED_BYTES = 64
"""What one more command adds to a snapshot by itself: its entry in `recent_commands`."""


class Entry(Struct, frozen=True, gc=False):
    """A ticket in hand; `bound` is the most its snapshot can weigh, in bytes."""

    ticket: Ticket | None
    bound: int


@dataclass(slots=True)
class Decided:
    """What a batch led to.

    `tickets` holds the tickets that changed, as they are after the batch; `freed` the agents who gave a place back,
    each with the offset of the command that made it so.
    """

    events: list[Output] = field(default_factory=list)
    rejections: list[Output] = field(default_factory=list)
    dead_letters: list[Output] = field(default_factory=list)
    moves: list[Output] = field(default_factory=list)
    tickets: dict[str, Entry] = field(default_factory=dict)
    histories: dict[str, tuple[RecordedEvent, ...]] = field(default_factory=dict)
    freed: list[tuple[str, int]] = field(default_factory=list)
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    duplicates: int = 0


@dataclass(frozen=True, slots=True)
class Unparsed:
    """A record that is no command, and why."""

    record: RawRecord
    error: Unreadable


Parsed = ReceivedCommand | Unparsed
Batch = Sequence[tuple[RawRecord, Parsed]]


def parse(record: RawRecord) -> Parsed:
    """Read a record; what can't be read is an answer too, for nothing a record holds may stop a worker."""
    try:
        return read_command(record)
    except Unreadable as error:
        return Unparsed(record, error)
    except Exception as error:  # noqa: BLE001 a defect in reading one record must not stop the partition: it is told in the DLQ
        return Unparsed(record, _internal(error))


class BatchCapacity:
    """Answers from places already asked for; notes what else is wanted and says yes, for the ledger to bear out.

    `denied` are the places that were asked for again and are refused.
    """

    def __init__(self, refused: frozenset[Place]) -> None:
        self._refused = refused
        self._asked: set[tuple[str, str]] = set()
        self.wanted: list[Place] = []
        self.denied: list[Place] = []

    def admits(self, agent: Agent, ticket_id: str, position: Position) -> bool:
        """Tell whether a place was not refused, and ask for it."""
        place = Place(agent.id, ticket_id, position.offset, agent.max_tickets)
        if place in self._refused:
            self.denied.append(place)
            return False
        self._want(place)
        return True

    def count_reopened(self, agent_id: str, ticket_id: str, position: Position) -> None:
        """Ask for the place of a reopened ticket, which may pass the limit.

        Not where the batch makes this agent the owner first: then that command asks for the place, within the limit,
        and must not find it taken on behalf of this one.
        """
        if (agent_id, ticket_id) not in self._asked:
            self._want(Place(agent_id, ticket_id, position.offset, NO_LIMIT))

    def _want(self, place: Place) -> None:
        self.wanted.append(place)
        self._asked.add((place.agent_id, place.ticket_id))


@dataclass(frozen=True, slots=True)
class Home:
    """Which partition is decided here, of how many."""

    topics: Topics
    partition: int
    partitions: int

    @property
    def outputs(self) -> Sequence[TopicPartition]:
        """Where its transactions write: beside its own, the commands of all, for those that are moved."""
        topics = self.topics
        own = (topics.events, topics.state, topics.rejections, topics.dlq)
        moves = [TopicPartition(topics.commands, partition) for partition in range(self.partitions)]
        return [*(TopicPartition(topic, self.partition) for topic in own), *moves]


class BatchDecider:
    """Decides one batch in order: later commands see what earlier ones made."""

    def __init__(self, home: Home, world: World, capacity: BatchCapacity, known: Mapping[str, Entry]) -> None:
        self._home = home
        self._world = world
        self._capacity = capacity
        self._known = known
        self.decided = Decided()

    def decide(self, record: RawRecord, parsed: Parsed) -> None:
        """Give one record its one outcome."""
        if isinstance(parsed, Unparsed):
            self._dead_letter(record, parsed.error)
        elif (belongs := partition_of(parsed.ticket_id, self._home.partitions)) != self._home.partition:
            self._move(record, parsed, belongs)
        else:
            self._handle(record, parsed)

    def _handle(self, record: RawRecord, command: ReceivedCommand) -> None:
        entry = self.decided.tickets.get(command.ticket_id) or self._known[command.ticket_id]
        try:
            outcome = handle(command, entry.ticket, self._world)
            if isinstance(outcome, Accepted):
                self._accept(command, entry, outcome)
            elif isinstance(outcome, Rejected):
                self._reject(command, outcome)
            else:
                self.decided.duplicates += 1
        except TooLarge as error:
            self._dead_letter(record, error)
        except Exception as error:  # noqa: BLE001 a defect in one decision is told in the DLQ and must not stop the partition
            self._dead_letter(record, _internal(error))

    def _accept(self, command: ReceivedCommand, entry: Entry, outcome: Accepted) -> None:
        decided, ticket_id, events = self.decided, command.ticket_id, outcome.events
        adopted = _within_limits(entry, outcome)
        if isinstance(command.data, ReopenTicket):
            self._want_place_of_reopened(command, outcome)
        was = place_of(entry.ticket)
        if was is not None and was != place_of(outcome.ticket):
            decided.freed.append((was, command.position.offset))
        key = ticket_id.encode()
        decided.tickets[ticket_id] = adopted
        headers = _headers(command)
        decided.events.extend([Output(key, event.value, headers) for event in events])
        earlier = decided.histories.get(ticket_id)
        decided.histories[ticket_id] = events if earlier is None else earlier + events
        decided.outcomes[command.name, "accepted"] += 1

    def _reject(self, command: ReceivedCommand, outcome: Rejected) -> None:
        rejection = write_rejection(command, outcome.refusal, outcome.at)
        if len(rejection) > MAX_VALUE:
            raise TooLarge(f"the command's rejection would have {len(rejection)} bytes, more than {MAX_VALUE}")
        self.decided.rejections.append(Output(command.ticket_id.encode(), rejection, _headers(command)))
        self.decided.outcomes[command.name, outcome.refusal.code] += 1

    def _want_place_of_reopened(self, command: ReceivedCommand, outcome: Accepted) -> None:
        """Count a reopened ticket before anybody can read that it is.

        A reopen may pass the limit, an accept may not.
        """
        owner_id = outcome.ticket.owner_id
        if owner_id is not None:
            self._capacity.count_reopened(owner_id, command.ticket_id, command.position)

    def _move(self, record: RawRecord, command: ReceivedCommand, belongs: int) -> None:
        try:
            if any(name == MOVED_HEADER for name, _ in record.headers):
                raise BadKey(f"moved once already, and still not on partition {belongs} of its subject")
            self.decided.moves.append(moved(record, command.ticket_id, belongs))
        except Unreadable as error:
            self._dead_letter(record, error)
        else:
            self.decided.outcomes[command.name, "moved"] += 1

    def _dead_letter(self, record: RawRecord, error: Unreadable) -> None:
        self.decided.dead_letters.append(dead_letter(record, error, self._home.topics.commands))
        self.decided.outcomes["dlq", error.code] += 1


def _headers(command: ReceivedCommand) -> Headers:
    """Return the headers of a command's outputs: they belong to its trace."""
    trace = command.traceparent
    return STRUCTURED_HEADERS if trace is None else with_traceparent(STRUCTURED_HEADERS, trace)


def _within_limits(entry: Entry, outcome: Accepted) -> Entry:
    """Return the ticket with a new bound of its weight, weighing it only when the bound says it could be too heavy."""
    bound = entry.bound + _REMEMBERED_BYTES
    for event in outcome.events:
        if len(event.value) > MAX_VALUE:
            raise TooLarge(f"the command's event would have more than {MAX_VALUE} bytes")
        bound += len(event.value)
    if bound > MAX_VALUE:
        bound = len(write_json(outcome.ticket))
        if bound > MAX_VALUE:
            raise TooLarge(f"the ticket's snapshot would have {bound} bytes, more than {MAX_VALUE}")
    return Entry(outcome.ticket, bound)


def _internal(error: Exception) -> InternalError:
    return InternalError(f"{type(error).__name__}: {error}")


def needed_tickets(parsed: Sequence[Parsed]) -> tuple[str, ...]:
    """Return the ids of the tickets a batch names, each once."""
    return tuple(dict.fromkeys(item.ticket_id for item in parsed if isinstance(item, ReceivedCommand)))


def first_known(batch: Batch, known: Mapping[str, Entry]) -> Batch:
    """Return the records up to the first one whose ticket is not at hand."""
    for index, (_, parsed) in enumerate(batch):
        if isinstance(parsed, ReceivedCommand) and parsed.ticket_id not in known:
            return batch[:index]
    return batch


def changes_of(decided: Decided, known: Mapping[str, Entry]) -> list[Change]:
    """Return the tickets a batch changed, each as it was before and as it is after all of it."""
    return [
        Change(ticket_id, known[ticket_id].ticket, entry.ticket, write_json(entry.ticket), decided.histories[ticket_id])
        for ticket_id, entry in decided.tickets.items()
        if entry.ticket is not None
    ]
