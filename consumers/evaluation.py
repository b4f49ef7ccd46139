"""Evaluating a tick over a partition's due index: all that is due is asked for, each once (SPEC section 6).

Whether an alert is raised is not said here: the ticket worker judges every ask. The index and the senders come from
the caller, so that this knows nothing of ticks, offsets or groups.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from consumers.due_index import Asked, DueIndex, Glance
from contracts.cloudevents import event_type
from contracts.instants import format_instant
from services.alert_rounds import Cell, outlook
from services.alerts import ALERT_SOURCE, ask_id
from services.directory_state import DirectoryState

LEASE = timedelta(seconds=30)
"""How long an answer may take before the next tick asks again: longer than a ticket worker is away in a rebalance."""

_MILLISECOND = timedelta(milliseconds=1)
"""What the index tells apart."""


class Asks(Protocol):
    """Where asks go; `producers.publisher.CommandPublisher` is one."""

    async def deliver(self, commands: Sequence[Mapping[str, Any]]) -> None:
        """Send them, and wait until all are on the log."""


class Evaluation:
    """Evaluates instants over one due index, by the directory as it is at that moment."""

    def __init__(self, index: DueIndex, directory: DirectoryState, asks: Asks, lease: timedelta = LEASE) -> None:
        self._index = index
        self._directory = directory
        self._asks = asks
        self._lease = lease

    async def evaluate(self, at: datetime) -> bool:
        """Ask for all that is due at an instant; return whether the index was there all along.

        Raises:
            KafkaError: an ask can't be delivered.
            RedisError: Redis can't be reached.
        """
        glance = await self._index.glance(at, datetime.now(UTC))
        if glance == Glance(self._directory.clock_rules, is_marked=False, due=0):
            return True
        await self.keep_index()
        while tickets := await self._index.due_by(at):
            await self._ask_for(tickets, at)
        return await self._index.rules() is not None

    async def keep_index(self) -> None:
        """Bring the index up to date: with the tickets that changed, and with the rules."""
        rules = self._directory.clock_rules
        if await self._index.rules() != rules:
            await self._index.mark_all(rules)
            await self._index.made_by(rules)
        await self._index.refresh(self._directory, datetime.now(UTC))

    async def _ask_for(self, tickets: Mapping[str, float], at: datetime) -> None:
        """Ask for what is due on these tickets, and lease those that were asked for."""
        found = await self._index.tickets(list(tickets))
        asks: list[Mapping[str, Any]] = []
        asked: list[Asked] = []
        for ticket_id, ticket in found.items():
            cells, then = outlook(ticket, self._directory, at)
            if cells:
                asks += [_ask(ticket_id, cell, at) for cell in cells]
                # A level that is due within the tick's own millisecond would be found again at once, and for ever.
                later = None if then is None else max(then, at + _MILLISECOND)
                asked.append(Asked(ticket_id, tickets[ticket_id], later))
        if asked:
            await self._asks.deliver(asks)
            await self._index.lease(asked, datetime.now(UTC) + self._lease)
        if idle := tickets.keys() - {each.ticket_id for each in asked}:
            await self._index.put_back(sorted(idle), datetime.now(UTC))


def _ask(ticket_id: str, cell: Cell, at: datetime) -> Mapping[str, Any]:
    """Build the command that asks for one level."""
    return {
        "specversion": "1.0",
        "id": ask_id(cell),
        "source": ALERT_SOURCE,
        "type": event_type("alert.raise"),
        "subject": ticket_id,
        "time": format_instant(at),
        "datacontenttype": "application/json",
        "data": {
            "condition": cell.condition,
            "level": cell.level,
            "anchor_at": format_instant(cell.anchor_at),
            "at": format_instant(at),
        },
    }
