"""Deciding a batch together with the places its owners need.

Decide, reserve, and decide again where a place was refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from consumers.assignment import Fleet
from consumers.batch import Batch, BatchCapacity, BatchDecider, Decided, Entry, Home
from consumers.capacity import Place, Tenure
from consumers.view import place_of
from contracts.ticket import Ticket
from services.handling import World


@dataclass(frozen=True, slots=True)
class Plan:
    """The first `count` records of a batch, decided; `places` are held for it, `asked` were asked for along the way."""

    decided: Decided
    count: int
    places: frozenset[Place]
    asked: frozenset[Place]
    known: Mapping[str, Entry]

    @property
    def intents(self) -> Sequence[str]:
        """What the partition remembers of the places asked for, to be dropped once the batch is applied."""
        return sorted({place.intent for place in self.asked})

    def unused_places(self, after: Mapping[str, Ticket]) -> dict[tuple[str, str], int]:
        """Return (agent, ticket) of held places that the tickets after the batch don't bear out, with their offsets."""
        unused: dict[tuple[str, str], int] = {}
        for place in self.places:
            entry = self.known.get(place.ticket_id)
            ticket = after.get(place.ticket_id) or (entry.ticket if entry else None)
            if place_of(ticket) != place.agent_id:
                key = place.agent_id, place.ticket_id
                unused[key] = max(place.offset, unused.get(key, -1))
        return unused


class Planner:
    """Plans one batch of one partition (SPEC section 5, capacity)."""

    def __init__(self, fleet: Fleet, home: Home, tenure: Tenure, known: Mapping[str, Entry]) -> None:
        self._fleet = fleet
        self._home = home
        self._tenure = tenure
        self._known = known

    async def plan(self, batch: Batch) -> Plan:
        """Decide as much of the batch as can be decided now: all of it, or up to a place given back within it.

        Raises:
            Fenced: a newer owner holds the partition.
            ViewBehind: the partition's view is lost.
        """
        held: frozenset[Place] = frozenset()
        asked: frozenset[Place] = frozenset()
        refused: frozenset[Place] = frozenset()
        settled = False
        while True:
            decided, capacity = self._decide(batch, refused)
            missing = [place for place in capacity.wanted if place not in held]
            if not missing:
                cut = _first_denied_beside(held.difference(capacity.wanted), capacity.denied)
                if cut is None or cut == batch[0][0].position.offset:
                    break
                batch = [item for item in batch if item[0].position.offset < cut]
                continue
            full = await self._fleet.ledger.reserve(self._tenure, missing, asked)
            asked |= frozenset(missing)
            held |= frozenset(missing) - full
            if not full:
                break
            if not settled:
                # A refusal must know all that was committed until now; only then is it final.
                await self._fleet.ledger.settled(self._home.partition)
                settled = True
                continue
            cut = _first_given_back_before(full, decided)
            if cut is None:
                refused |= full
            else:
                batch = [item for item in batch if item[0].position.offset < cut]
        return Plan(decided, len(batch), held, asked, self._known)

    def _decide(self, batch: Batch, refused: frozenset[Place]) -> tuple[Decided, BatchCapacity]:
        capacity = BatchCapacity(refused)
        world = World(self._fleet.directory.directory, capacity, self._fleet.limits.future_tolerance)
        decider = BatchDecider(self._home, world, capacity, self._known)
        for record, parsed in batch:
            decider.decide(record, parsed)
        return decider.decided, capacity


def _first_denied_beside(surplus: frozenset[Place], denied: Sequence[Place]) -> int | None:
    """Return the offset of the first refused place whose agent holds one that the batch has no use for after all.

    It was asked for in a pass whose decisions did not stand; once the batch is applied it is free again.
    """
    agents = {place.agent_id for place in surplus}
    return min((place.offset for place in denied if place.agent_id in agents), default=None)


def _first_given_back_before(full: frozenset[Place], decided: Decided) -> int | None:
    """Return the offset of the first refused place whose agent gives one back earlier in the batch."""
    freed = [
        place.offset
        for place in full
        if any(agent_id == place.agent_id and offset < place.offset for agent_id, offset in decided.freed)
    ]
    return min(freed, default=None)
