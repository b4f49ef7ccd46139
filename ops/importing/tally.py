"""Counts what a fleet answers to the commands of one import. Pure: it is handed the records, and reads none itself."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from contracts.cloudevents import STRUCTURED_HEADERS, read_cloud_event
from contracts.dead_letters import ERROR_CODE_HEADER, Headers, Unreadable
from contracts.events import AlertRaised, OwnershipTransferred, TicketAccepted
from contracts.json_values import read_json
from contracts.model import Condition
from contracts.recorded import RecordedEvent, read_recorded_event


class Tally:
    """The outcomes of the commands this source sent for these tickets; all others' are left out.

    `outcomes` counts events by name, `rejections` and `dead_letters` by code.
    """

    def __init__(self, source: str, tickets: Collection[str]) -> None:
        self._source = source
        self._tickets = tickets
        self._accepted: set[str] = set()
        self._owners: dict[str, str] = {}
        self.outcomes: Counter[str] = Counter()
        self.rejections: Counter[str] = Counter()
        self.dead_letters: Counter[str] = Counter()
        self._alerts: Counter[tuple[Condition, int]] = Counter()
        self.owner_changes = 0

    @property
    def alerts_by_level(self) -> Mapping[Condition, Mapping[int, int]]:
        """How many alerts were raised on these tickets, whoever asked: by condition, then by level."""
        by_level: dict[Condition, dict[int, int]] = {}
        for (condition, level), count in sorted(self._alerts.items()):
            by_level.setdefault(condition, {})[level] = count
        return by_level

    @property
    def events(self) -> int:
        """How many events there are."""
        return self.outcomes.total()

    @property
    def answered(self) -> int:
        """How many commands have an outcome that can be read: an event, a rejection, a DLQ record."""
        return len(self._accepted) + self.rejections.total() + self.dead_letters.total()

    def event(self, value: bytes | None) -> None:
        """Count a record of the events topic.

        Raises:
            UnreadableEvent: it is no event of this engine.
        """
        event = read_recorded_event(value)
        if isinstance(event.data, AlertRaised) and event.ticket_id in self._tickets:
            self._alerts[event.data.condition, event.data.level] += 1
        if self._is_ours(event.cause_source, event.ticket_id):
            self._accepted.add(event.cause_id)
            self.outcomes[event.name] += 1
            self._see_owner(event)

    def rejection(self, value: bytes | None) -> None:
        """Count a record of the rejections topic."""
        rejection: dict[str, Any] = read_json(value)
        if self._is_ours(rejection["causationsource"], rejection["subject"]):
            self.rejections[rejection["data"]["code"]] += 1

    def dead_letter(self, value: bytes | None, headers: Headers) -> None:
        """Count a record of the DLQ, where it is a command of ours."""
        try:
            command = read_cloud_event(value, STRUCTURED_HEADERS)
        except Unreadable:
            return  # What this import sends can be read, so somebody else has sent it.
        code = dict(headers).get(ERROR_CODE_HEADER)
        if code is not None and self._is_ours(command.source, command.subject):
            self.dead_letters[code.decode()] += 1

    def _is_ours(self, source: str, ticket_id: object) -> bool:
        return source == self._source and ticket_id in self._tickets

    def _see_owner(self, event: RecordedEvent) -> None:
        """Count it where a ticket has another owner after this event than before."""
        match event.data:
            case TicketAccepted(agent_id=owner) | OwnershipTransferred(to_owner_id=owner):
                self.owner_changes += self._owners.get(event.ticket_id, owner) != owner
                self._owners[event.ticket_id] = owner
            case _:
                pass
