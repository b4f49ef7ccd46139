"""The engine's rules over the tickets of a log, in memory: what decides commands where no fleet is needed."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from contracts.cloudevents import STRUCTURED_HEADERS
from contracts.directory import Agent, read_directory_change
from contracts.json_values import write_json
from contracts.received import Position, RawRecord, read_command
from contracts.ticket import Ticket
from services.directory_state import DirectoryState
from services.handling import Accepted, Duplicate, Rejected, World, handle

RECORDED_AT_MS = 1_760_000_000_000


class RoomForAll:
    """Nobody is at capacity: a log's agents never are."""

    def admits(self, agent: Agent, _ticket_id: str, _position: Position) -> bool:
        return agent.max_tickets == 1_000_000


@dataclass
class Engine:
    """The rules over tickets in memory; keeps what they answered."""

    world: World
    tickets: dict[str, Ticket] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    owners: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def knowing(cls, entries: Iterable[dict[str, Any]]) -> "Engine":
        directory = DirectoryState()
        for entry in entries:
            key = entry["subject"].encode()
            directory.apply(read_directory_change(key, write_json(entry), STRUCTURED_HEADERS))
        return cls(World(directory, RoomForAll()))

    def decide(self, events: Iterable[dict[str, Any]]) -> None:
        for offset, event in enumerate(events):
            key = event["subject"].encode()
            record = RawRecord(Position(0, offset), RECORDED_AT_MS, key, write_json(event), STRUCTURED_HEADERS)
            command = read_command(record)
            match handle(command, self.tickets.get(command.ticket_id), self.world):
                case Accepted(ticket, recorded):
                    self.tickets[ticket.id] = ticket
                    self.outcomes.update(done.name for done in recorded)
                    self._see(ticket)
                case Rejected(refusal):
                    self.outcomes[f"{refusal.code} {command.id}"] += 1
                case Duplicate():
                    self.outcomes["duplicate"] += 1

    def _see(self, ticket: Ticket) -> None:
        seen = self.owners.setdefault(ticket.id, [])
        if ticket.owner_id is not None and ticket.owner_id not in seen:
            seen.append(ticket.owner_id)

    @property
    def owner_changes(self) -> int:
        return sum(max(len(owners) - 1, 0) for owners in self.owners.values())
