"""The ledger of places and the view under it, step by step: late, repeated and fenced-off writes do no harm."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from consumers import scripts
from consumers.capacity import NO_LIMIT, Ledger, Place, Tenure
from consumers.errors import Fenced, PlacesLost, ViewBehind
from consumers.keys import AgentKeys
from consumers.state_log import LogEnds
from consumers.view import as_text
from tests.consumers.places import lose_view
from tests.fleet import Fleet, idle_fleet
from tests.stack import Stack

pytestmark = pytest.mark.broker
FORMER, OWNER, NEWER = "00001.1", "00001.2", "00001.3"


@pytest.fixture
async def fleet(stack: Stack, prefix: str) -> AsyncIterator[Fleet]:
    """Topics without a worker, and views as a worker makes them of an empty log."""
    async with idle_fleet(stack, prefix, partitions=2) as fleet:
        await build(fleet)
        yield fleet


@pytest.fixture
async def ledger(stack: Stack, fleet: Fleet) -> AsyncIterator[Ledger]:
    async with LogEnds(stack.kafka, fleet.topics.state, fleet.partitions) as ends:
        yield Ledger(fleet.redis, fleet.topics.prefix, fleet.partitions, ends)


async def build(fleet: Fleet) -> None:
    """Make the views of all partitions as they are before the first command."""
    for partition in range(fleet.partitions):
        await fleet.view(partition).apply(-1, 0, -1, ())


def tenure(fence: str = OWNER, partition: int = 0) -> Tenure:
    return Tenure(partition, fence, at=0)


def place(ticket: str, limit: int = 1, offset: int = 5) -> Place:
    return Place("a", ticket, offset, limit)


async def counted(fleet: Fleet) -> set[str]:
    return {as_text(ticket) for ticket in await fleet.redis.hkeys(AgentKeys(fleet.topics.prefix, "a").open)}


async def give_back(fleet: Fleet, ticket: str, offset: int) -> None:
    _, key, released = fleet.view(0).release("a", ticket, offset)
    await fleet.redis.sadd(str(key), released)


async def test_a_place_asked_for_twice_is_one(fleet: Fleet, ledger: Ledger) -> None:
    assert await ledger.reserve(tenure(), [place("T-1")], ()) == frozenset()
    assert await ledger.reserve(tenure(), [place("T-1", offset=6)], [place("T-1")]) == frozenset()
    assert await ledger.reserve(tenure(partition=1), [place("T-2")], ()) == {place("T-2")}
    assert await ledger.reserve(tenure(partition=1), [place("T-3", NO_LIMIT)], ()) == frozenset()
    assert await counted(fleet) == {"T-1", "T-3"}


async def test_places_are_given_out_in_order(fleet: Fleet, ledger: Ledger) -> None:
    places = [place(f"T-{number}", limit=2, offset=number) for number in range(4)]
    assert await ledger.reserve(tenure(), places, ()) == set(places[2:])
    assert await counted(fleet) == {"T-0", "T-1"}


async def test_places_are_confirmed_while_they_are_held(fleet: Fleet, ledger: Ledger) -> None:
    await ledger.reserve(tenure(), [place("T-1")], ())
    await ledger.confirm([place("T-1")])
    with pytest.raises(PlacesLost):
        await ledger.confirm([place("T-1"), place("T-2")])
    await lose_view(fleet)
    with pytest.raises(PlacesLost):
        await ledger.confirm([place("T-1")])
    await ledger.confirm(())


async def test_who_is_not_the_owner_any_more_gets_no_place(ledger: Ledger) -> None:
    await ledger.take_over(0, OWNER)
    with pytest.raises(Fenced):
        await ledger.reserve(tenure(FORMER), [place("T-1")], ())
    with pytest.raises(Fenced):
        await ledger.take_over(0, FORMER)
    await ledger.take_over(0, OWNER)
    await ledger.take_over(0, NEWER)


async def test_a_former_owner_that_had_written_down_what_it_wants_gets_no_place(fleet: Fleet, ledger: Ledger) -> None:
    """It was frozen between the two steps."""
    await ledger.take_over(0, FORMER)
    await ledger.reserve(tenure(FORMER), [place("T-1")], ())
    await ledger.take_over(0, OWNER)
    reserve = fleet.redis.register_script(scripts.RESERVE)
    agent = AgentKeys(fleet.topics.prefix, "a")
    assert await reserve(keys=[agent.open, agent.meta], args=[0, FORMER, "T-1", 5, 1]) == -2
    assert await reserve(keys=[agent.open, agent.meta], args=[0, OWNER, "T-1", 5, 1]) == 1


async def test_a_former_owner_takes_back_no_place_of_the_new_one(fleet: Fleet, ledger: Ledger) -> None:
    """It was frozen while it took the partition over: it has read what its own predecessor left, and does it now."""
    await ledger.reserve(tenure(FORMER), [place("T-1")], ())
    left = await fleet.redis.smembers(fleet.view(0).keys.reserving)
    await ledger.take_over(0, NEWER)
    await ledger.reserve(tenure(NEWER), [place("T-1")], ())
    with pytest.raises(Fenced):
        await ledger._take_back(0, OWNER, left)  # noqa: SLF001 the second half of taking over
    await ledger.settle(0, OWNER, [("SREM", fleet.view(0).keys.reserving, "a\nT-1")])
    assert await counted(fleet) == {"T-1"}
    assert await fleet.redis.smembers(fleet.view(0).keys.reserving) == left


async def test_a_place_the_view_bears_out_is_as_before_it_was_asked_for_again(fleet: Fleet, ledger: Ledger) -> None:
    await ledger.take_over(0, FORMER)
    await ledger.reserve(tenure(FORMER), [place("T-1", offset=3)], ())
    await fleet.redis.hset(fleet.view(0).keys.owned("a"), "T-1", "3")
    await fleet.redis.delete(fleet.view(0).keys.reserving)
    await ledger.reserve(tenure(FORMER), [place("T-1", NO_LIMIT, offset=9)], ())
    await ledger.take_over(0, OWNER)
    # What is given back by a command between the two is given back.
    await give_back(fleet, "T-1", 7)
    await ledger.carry_out_releases(0)
    assert await counted(fleet) == set()


async def test_a_place_taken_by_a_later_command_is_not_given_back(fleet: Fleet, ledger: Ledger) -> None:
    await ledger.reserve(tenure(), [place("T-1", offset=9)], ())
    await give_back(fleet, "T-1", 8)
    await ledger.carry_out_releases(0)
    assert await counted(fleet) == {"T-1"}
    assert not await fleet.redis.exists(fleet.view(0).keys.released)


async def test_places_given_back_by_two_at_a_time_are_all_given_back(fleet: Fleet, ledger: Ledger) -> None:
    places = [place(f"T-{number}", NO_LIMIT) for number in range(3_000)]
    await ledger.reserve(tenure(), places, ())

    async def give_some_back(part: int) -> None:
        for each in places[part::4]:
            await give_back(fleet, each.ticket_id, each.offset)
        await ledger.carry_out_releases(0)

    await asyncio.gather(*(give_some_back(part) for part in range(4)))
    assert await counted(fleet) == set()


async def test_a_lost_view_is_noticed_before_a_place_is_asked_for(fleet: Fleet, ledger: Ledger) -> None:
    await lose_view(fleet)
    with pytest.raises(ViewBehind):
        await ledger.reserve(tenure(), [place("T-1")], ())
    await build(fleet)
    with pytest.raises(ViewBehind):
        await ledger.reserve(Tenure(0, OWNER, at=7), [place("T-1")], ())
    assert await ledger.reserve(tenure(), [place("T-1")], ()) == frozenset()


async def test_who_waits_for_counts_notices_that_its_own_view_is_lost(fleet: Fleet, ledger: Ledger) -> None:
    await fleet.redis.hdel(fleet.view(0).keys.marker, "state")
    with pytest.raises(ViewBehind):
        await ledger.settled(own=0)


async def test_a_count_that_is_lost_while_it_is_made_is_not_made_of_what_was_before(fleet: Fleet) -> None:
    agent = AgentKeys(fleet.topics.prefix, "a")
    begin, seed = (fleet.redis.register_script(script) for script in (scripts.BEGIN_COUNT, scripts.SEED))
    begun = await begin(keys=[agent.meta], args=["one"])
    assert await begin(keys=[agent.meta], args=["two"]) == begun
    await lose_view(fleet)
    assert await seed(keys=[agent.open, agent.meta], args=[begun, "T-1", 5]) == 0
    again = await begin(keys=[agent.meta], args=["three"])
    assert await seed(keys=[agent.open, agent.meta], args=[begun, "T-1", 5]) == 0
    assert await seed(keys=[agent.open, agent.meta], args=[again, "T-2", 5]) == 1
    assert await seed(keys=[agent.open, agent.meta], args=[again, "T-1", 5]) == 0
    assert await counted(fleet) == {"T-2"}


async def test_who_drops_a_view_deletes_nothing_of_one_that_is_built_again(fleet: Fleet) -> None:
    view = fleet.view(0)
    await fleet.redis.set(view.keys.ticket("T-1"), b"{}")
    await view._delete(view.keys.ticket("T-1"))  # noqa: SLF001 a late step of a drop, by who was frozen meanwhile
    assert await fleet.redis.exists(view.keys.ticket("T-1"))
    await view.drop()
    await view._delete(view.keys.ticket("T-1"))  # noqa: SLF001
    assert not await fleet.redis.exists(view.keys.ticket("T-1"))


async def test_an_apply_that_is_late_or_leaves_a_gap_writes_nothing(fleet: Fleet) -> None:
    view = fleet.view(0)
    await view.apply(0, 5, 3, [("SET", view.keys.ticket("T-1"), b"new")])
    await view.apply(0, 4, 2, [("SET", view.keys.ticket("T-1"), b"late")])
    with pytest.raises(ViewBehind):
        await view.apply(6, 8, 9, [("SET", view.keys.ticket("T-1"), b"early")])
    assert await view.load(["T-1", "T-2"], 5) == {"T-1": b"new"}
    with pytest.raises(ViewBehind):
        await view.load(["T-1"], 0)
