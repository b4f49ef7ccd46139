"""The tickets of one partition as their events make them, packed while nobody asks for them."""

import zlib
from collections import OrderedDict
from collections.abc import Iterator

from contracts.json_values import write_json
from contracts.snapshots import read_snapshot
from contracts.ticket import Ticket

LIVE = 5_000
"""Tickets kept unpacked.

Some 5 kB each, ten times that with 256 remembered commands. Packed, one takes about a third.
"""


class FoldedTickets:
    """A mapping of ticket ids to tickets; memory follows the number of tickets, not of their events."""

    def __init__(self, live: int = LIVE) -> None:
        self._max_live = live
        self._live: OrderedDict[str, Ticket] = OrderedDict()
        self._packed: dict[str, bytes] = {}

    def __len__(self) -> int:
        return len(self._live) + len(self._packed)

    def __iter__(self) -> Iterator[str]:
        yield from self._live
        yield from self._packed

    def get(self, ticket_id: str) -> Ticket | None:
        """Return a ticket, None where no event of it was folded."""
        ticket = self._live.get(ticket_id)
        if ticket is not None:
            return ticket
        packed = self._packed.get(ticket_id)
        return None if packed is None else read_snapshot(zlib.decompress(packed))

    def put(self, ticket_id: str, ticket: Ticket) -> None:
        """Hold a ticket as it is now."""
        self._live[ticket_id] = ticket
        self._live.move_to_end(ticket_id)
        self._packed.pop(ticket_id, None)
        if len(self._live) > self._max_live:
            oldest_id, oldest = self._live.popitem(last=False)
            self._packed[oldest_id] = zlib.compress(write_json(oldest), 1)
