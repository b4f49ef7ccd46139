"""An agent's places, counted over all partitions: one batch, many at once, and after each way to die in between."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from consumers.assignment import WorkerLimits
from consumers.keys import AgentKeys
from tests.consumers.places import lose_view, owners, refusals, tickets_of
from tests.fleet import Fleet, idle_fleet
from tests.stack import Stack

pytestmark = pytest.mark.broker


@pytest.fixture
async def fleet(stack: Stack, prefix: str) -> AsyncIterator[Fleet]:
    """Topics without a worker: what is sent before one is started is one batch of each partition."""
    async with idle_fleet(stack, prefix, partitions=2) as fleet:
        yield fleet


async def test_a_place_given_back_in_a_batch_is_free_for_the_rest_of_it(fleet: Fleet) -> None:
    await fleet.enter("agent", "a", max_tickets=1)
    first, second, third = tickets_of(fleet, 0, 3)
    for ticket in (first, second, third):
        await fleet.send("ticket.open", ticket, subject="s")
    await fleet.send("ticket.accept", first, agent_id="a")
    await fleet.send("ticket.accept", second, agent_id="a")
    await fleet.send("ticket.resolve", first, agent_id="a")
    await fleet.send("ticket.accept", third, agent_id="a")
    async with fleet.worker():
        await fleet.settled()
    assert await owners(fleet) == {first: "a", second: None, third: "a"}
    assert await refusals(fleet) == [(second, "agent_at_capacity")]


async def test_a_reopen_in_a_batch_lends_its_place_to_no_accept(fleet: Fleet) -> None:
    await fleet.enter("agent", "a", max_tickets=1)
    held, wanted = tickets_of(fleet, 0, 2)
    for ticket in (held, wanted):
        await fleet.send("ticket.open", ticket, subject="s")
        await fleet.send("ticket.accept", ticket, agent_id="a")
    await fleet.send("ticket.resolve", wanted, agent_id="a")
    await fleet.send("ticket.reopen", wanted)
    async with fleet.worker():
        await fleet.settled()
    assert await owners(fleet) == {held: "a", wanted: None}
    assert await refusals(fleet) == [
        (wanted, "agent_at_capacity"),
        (wanted, "not_owner"),
        (wanted, "not_resolved"),
    ]


async def test_a_place_asked_for_by_a_decision_that_did_not_stand_keeps_nobody_out(fleet: Fleet) -> None:
    await fleet.enter("agent", "full", max_tickets=0)
    await fleet.enter("agent", "a", max_tickets=1)
    await fleet.enter("agent", "boss", role="manager")
    transferred, accepted = tickets_of(fleet, 0, 2)
    for ticket in (transferred, accepted):
        await fleet.send("ticket.open", ticket, subject="s")
    await fleet.send("ticket.accept", transferred, agent_id="full")
    to_a = {"new_owner_id": "a", "transfer_type": "termination", "reason": "gone", "authorized_by": "boss"}
    await fleet.send("ticket.transfer", transferred, **to_a)
    await fleet.send("ticket.accept", accepted, agent_id="a")
    async with fleet.worker():
        await fleet.settled()
    assert await owners(fleet) == {transferred: None, accepted: "a"}
    assert await refusals(fleet) == [(transferred, "agent_at_capacity"), (transferred, "ticket_unowned")]


async def test_a_reopen_may_pass_the_limit_and_then_nobody_else_may(fleet: Fleet) -> None:
    await fleet.enter("agent", "a", max_tickets=1)
    first, second, third = tickets_of(fleet, 0, 3)
    async with fleet.worker():
        for ticket in (first, second):
            await fleet.send("ticket.open", ticket, subject="s")
            await fleet.send("ticket.accept", ticket, agent_id="a")
            await fleet.send("ticket.resolve", ticket, agent_id="a")
        for ticket in (first, second):
            await fleet.send("ticket.reopen", ticket)
        await fleet.send("ticket.open", third, subject="s")
        await fleet.send("ticket.accept", third, agent_id="a")
        await fleet.send("ticket.resolve", first, agent_id="a")
        await fleet.send("ticket.accept", third, agent_id="a")
        await fleet.settled()
        await fleet.send("ticket.resolve", second, agent_id="a")
        await fleet.send("ticket.accept", third, agent_id="a")
        await fleet.settled()
    assert await owners(fleet) == {first: "a", second: "a", third: "a"}
    assert await refusals(fleet) == [(third, "agent_at_capacity")] * 2


async def test_as_many_are_accepted_as_there_are_places_whoever_asks_at_once(stack: Stack, prefix: str) -> None:
    async with idle_fleet(stack, prefix, partitions=4) as fleet, fleet.worker(), fleet.worker():
        await fleet.enter("agent", "a", max_tickets=7)
        tickets = [ticket for number in range(4) for ticket in tickets_of(fleet, number, 15)]
        await asyncio.gather(*(fleet.send("ticket.open", ticket, subject="s") for ticket in tickets))
        await asyncio.gather(*(fleet.send("ticket.accept", ticket, agent_id="a") for ticket in tickets))
        await fleet.settled()
        owned = [ticket for ticket, owner in (await owners(fleet)).items() if owner == "a"]
        assert len(owned) == 7
        for ticket in owned[:3]:
            await fleet.send("ticket.resolve", ticket, agent_id="a")
        await fleet.settled()
        free = [ticket for ticket in tickets if ticket not in owned]
        await asyncio.gather(*(fleet.send("ticket.accept", ticket, agent_id="a") for ticket in free))
        await fleet.settled()
        assert Counter((await owners(fleet)).values())["a"] == 10
        assert Counter(await refusals(fleet)).total() == (60 - 7) + (53 - 3)


async def test_more_places_in_a_batch_than_a_script_can_unpack(fleet: Fleet) -> None:
    await fleet.enter("agent", "a", max_tickets=8_500)
    tickets = tickets_of(fleet, 0, 9_000)
    for start in range(0, len(tickets), 1_000):
        some = tickets[start : start + 1_000]
        await fleet.send_all(fleet.command("ticket.open", ticket, {"subject": "s"}) for ticket in some)
        await fleet.send_all(fleet.command("ticket.accept", ticket, {"agent_id": "a"}) for ticket in some)
    async with fleet.worker(WorkerLimits(max_batch=20_000)):
        await fleet.settled()
    assert Counter((await owners(fleet)).values()) == {"a": 8_500, None: 500}


async def test_a_lost_count_is_made_again_from_every_partition(fleet: Fleet) -> None:
    await fleet.enter("agent", "a", max_tickets=3)
    here, there = tickets_of(fleet, 0, 3), tickets_of(fleet, 1, 3)
    async with fleet.worker():
        for ticket in (*here, *there):
            await fleet.send("ticket.open", ticket, subject="s")
        await fleet.send("ticket.accept", here[0], agent_id="a")
        await fleet.send("ticket.accept", there[0], agent_id="a")
        await fleet.settled()
        await lose_view(fleet)
        # At once, and of tickets the worker remembers: nothing but the count tells it that Redis was emptied.
        for ticket in (here[1], there[1], here[2], there[2]):
            await fleet.send("ticket.accept", ticket, agent_id="a")
        await fleet.settled()
    assert Counter((await owners(fleet)).values()) == {"a": 3, None: 3}
    assert [code for _, code in await refusals(fleet)] == ["agent_at_capacity"] * 3


async def test_a_count_lost_with_all_its_places_given_back_is_empty(fleet: Fleet) -> None:
    await fleet.enter("agent", "a", max_tickets=1)
    first, second = tickets_of(fleet, 0, 2)
    async with fleet.worker():
        await fleet.send("ticket.open", first, subject="s")
        await fleet.send("ticket.open", second, subject="s")
        await fleet.send("ticket.accept", first, agent_id="a")
        await fleet.send("ticket.resolve", first, agent_id="a")
        await fleet.settled()
        await lose_view(fleet)
        await fleet.send("ticket.accept", second, agent_id="a")
        await fleet.settled()
    assert await owners(fleet) == {first: "a", second: "a"}


async def test_places_of_a_worker_that_died_before_its_commit_are_taken_back(fleet: Fleet) -> None:
    await fleet.enter("agent", "a", max_tickets=1)
    never, held, wanted = tickets_of(fleet, 0, 3)
    async with fleet.worker():
        for ticket in (never, held, wanted):
            await fleet.send("ticket.open", ticket, subject="s")
        await fleet.send("ticket.accept", held, agent_id="a")
        await fleet.settled()
    keys = AgentKeys(fleet.topics.prefix, "a")
    # As a worker leaves it that asked for two places: the one it holds already, and one it never came to commit.
    await fleet.redis.sadd(fleet.view(0).keys.reserving, f"a\n{held}", f"a\n{never}")
    await fleet.redis.hset(keys.open, mapping={held: "1000", never: "1000"})
    async with fleet.worker():
        await fleet.send("ticket.accept", wanted, agent_id="a")
        await fleet.send("ticket.resolve", held, agent_id="a")
        await fleet.settled()
        await fleet.send("ticket.accept", wanted, agent_id="a")
        await fleet.settled()
    assert await owners(fleet) == {never: None, held: "a", wanted: "a"}
    assert await refusals(fleet) == [(wanted, "agent_at_capacity")]
    assert await fleet.redis.hkeys(keys.open) == [wanted.encode()]


async def test_places_that_a_dead_worker_was_to_give_back_are_given_back(fleet: Fleet) -> None:
    await fleet.enter("agent", "a", max_tickets=1)
    resolved, wanted = tickets_of(fleet, 0, 2)
    async with fleet.worker():
        for ticket in (resolved, wanted):
            await fleet.send("ticket.open", ticket, subject="s")
        await fleet.send("ticket.accept", resolved, agent_id="a")
        await fleet.send("ticket.resolve", resolved, agent_id="a")
        await fleet.settled()
    await fleet.redis.hset(AgentKeys(fleet.topics.prefix, "a").open, resolved, "2")
    await fleet.redis.sadd(fleet.view(0).keys.released, f"a\n{resolved}\n3")
    async with fleet.worker():
        await fleet.send("ticket.accept", wanted, agent_id="a")
        await fleet.settled()
    assert await owners(fleet) == {resolved: "a", wanted: "a"}


async def test_a_dropped_view_takes_no_place_with_it(fleet: Fleet) -> None:
    await fleet.enter("agent", "a", max_tickets=2)
    resolved, held, wanted, refused = tickets_of(fleet, 0, 4)
    async with fleet.worker():
        for ticket in (resolved, held, wanted, refused):
            await fleet.send("ticket.open", ticket, subject="s")
        await fleet.send("ticket.accept", resolved, agent_id="a")
        await fleet.send("ticket.accept", held, agent_id="a")
        await fleet.send("ticket.resolve", resolved, agent_id="a")
        await fleet.settled()
        # Given back in the log and in the view, but not yet taken off the agent: so it may be when a view is dropped.
        await fleet.redis.hset(AgentKeys(fleet.topics.prefix, "a").open, resolved, "1")
        await fleet.redis.sadd(fleet.view(0).keys.released, f"a\n{resolved}\n1000")
        await fleet.view(0).drop()
        await fleet.send("ticket.accept", wanted, agent_id="a")
        await fleet.send("ticket.accept", refused, agent_id="a")
        await fleet.settled()
    assert await owners(fleet) == {resolved: "a", held: "a", wanted: "a", refused: None}
