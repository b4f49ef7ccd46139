"""Snapshots that are not what the events fold to, and a view in Redis that is not what the log says."""

from collections.abc import Mapping

import orjson
import pytest
import pytest_asyncio

from consumers.keys import AgentKeys
from consumers.view import as_text
from ops.audit import Difference, audit
from tests.fleet import Fleet
from tests.ops.audit.workload import differences, settled_fleet
from tests.stack import Stack

pytestmark = pytest.mark.broker
Found = Mapping[str | None, Difference]

_IN_THE_LOG: Mapping[str, dict[str, object]] = {
    "T-0": {"priority": "high"},
    "T-1": {"head_hash": "0" * 64},
    "T-2": {"version": 1},
    "T-3": {"version": 99},
    "T-5": {"recent_commands": {}},
    "T-6": {"version": None},
}
_IN_REDIS: Mapping[str, tuple[bytes, bytes]] = {
    "T-7": (b'"priority":"medium"', b'"priority":"high"'),
    "T-8": (b'"version":5', b'"version":4'),
    "T-9": (b'"version":5', b'"version":6'),
    "T-10": (b"{", b"{ "),
    "T-11": (b"{", b""),
}
_LISTED = ("T-11", "T-12", "T-13", "T-16", "T-17", "T-18", "T-19", "T-20", "T-21")
_NO_TICKETS = {"unheard", "ghost", "phantom"}
_CHECK_OF_NEWER = {"T-9": "state"}
"""Of a snapshot that claims to be newer, what is missing are the events."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def found(stack: Stack) -> Found:
    """Everything broken at once, and audited."""
    async with settled_fleet(stack) as fleet:
        await _break_the_state_topic(fleet)
        for ticket_id, (now, then) in _IN_REDIS.items():
            key = fleet.view(fleet.partition_of(ticket_id)).keys.ticket(ticket_id)
            value = await fleet.redis.get(key)
            assert isinstance(value, bytes)
            assert now in value
            await fleet.redis.set(key, value.replace(now, then, 1))
        await _break_lists(fleet)
        return await differences(fleet)


async def _break_the_state_topic(fleet: Fleet) -> None:
    snapshots = await fleet.snapshots()
    for ticket_id, changes in _IN_THE_LOG.items():
        value = orjson.dumps(snapshots[ticket_id] | changes)
        await fleet.publish(fleet.topics.state, value, ticket_id.encode(), fleet.partition_of(ticket_id))
    await fleet.publish(fleet.topics.state, None, b"T-14", fleet.partition_of("T-14"))
    await fleet.publish(fleet.topics.state, orjson.dumps(snapshots["T-15"]), b"unheard", 0)
    for partition in range(fleet.partitions):
        # The view is not behind, then: only what it holds is compared.
        await fleet.redis.hset(fleet.view(partition).keys.marker, "state", "1000000")


async def _break_lists(fleet: Fleet) -> None:
    keys = {ticket_id: fleet.view(fleet.partition_of(ticket_id)).keys for ticket_id in _LISTED}
    await fleet.redis.hdel(keys["T-11"].work, "T-11")  # beside a snapshot that can't be read
    await fleet.redis.delete(keys["T-12"].ticket("T-12"))
    await fleet.redis.srem(keys["T-13"].tickets, "T-13")
    await fleet.redis.hdel(keys["T-16"].owned("owner"), "T-16")
    await fleet.redis.sadd(keys["T-17"].indexes, "tasks:owner")
    await fleet.redis.sadd(keys["T-17"].index("tasks:owner"), "T-17/task")
    await fleet.redis.hdel(keys["T-18"].work, "T-18")
    facts = await fleet.redis.hget(keys["T-19"].work, "T-19")
    assert isinstance(facts, bytes)
    await fleet.redis.hset(keys["T-19"].work, "T-19", facts.replace(b"medium", b"low"))
    await fleet.redis.srem(keys["T-20"].index("open-of-team:net"), "T-20")
    await fleet.redis.sadd(keys["T-21"].indexes, "approvals:manager")
    await fleet.redis.sadd(keys["T-21"].index("approvals:manager"), "T-21/r1")
    ghost = fleet.view(0).keys
    await fleet.redis.hset(ghost.work, "phantom", facts)
    await fleet.redis.sadd(ghost.tickets, "ghost")


@pytest.mark.parametrize("ticket_id", [*_IN_THE_LOG, "T-14", "unheard"])
def test_a_snapshot_that_the_events_do_not_give_is_named(found: Found, ticket_id: str) -> None:
    assert found[ticket_id].check == "state"
    assert ".ticket.state.v1 " in found[ticket_id].where or ticket_id in ("T-3", "unheard")


def test_the_first_field_that_differs_is_told(found: Found) -> None:
    assert (found["T-0"].expected, found["T-0"].found) == ("priority medium, as the events fold", "priority high")


@pytest.mark.parametrize("ticket_id", _IN_REDIS)
def test_a_value_tampered_with_in_redis_is_named(found: Found, ticket_id: str) -> None:
    assert found[ticket_id].check == _CHECK_OF_NEWER.get(ticket_id, "view")


@pytest.mark.parametrize(
    ("ticket_id", "check", "told"),
    [
        ("T-12", "view", "no snapshot"),
        ("T-13", "list", "not there"),
        ("T-16", "list", "not there"),
        ("T-17", "list", "there"),
        ("T-18", "list", "not there"),
        ("T-19", "list", "there"),
        ("T-20", "list", "not there"),
        ("T-21", "list", "there"),
        ("phantom", "list", "there"),
        ("ghost", "view", "no snapshot"),
    ],
)
def test_what_is_missing_or_too_much_in_redis_is_named(found: Found, ticket_id: str, check: str, told: str) -> None:
    assert (found[ticket_id].check, found[ticket_id].found) == (check, told)


def test_tickets_that_were_left_alone_are_not_named(found: Found) -> None:
    assert (
        found.keys()
        == {*_IN_THE_LOG, *_IN_REDIS, "T-12", "T-13", "T-14", "T-16", "T-17", "T-18", "T-19", "T-20", "T-21"}
        | _NO_TICKETS
    )


async def test_a_wrong_count_of_an_agent_is_found(settled: Fleet) -> None:
    """One ticket too many in it, and one too few."""
    key = AgentKeys(settled.topics.prefix, "busy").open
    counted = [as_text(ticket) for ticket in await settled.redis.hkeys(key)]
    await settled.redis.hset(key, "T-7", "1")
    await settled.redis.hdel(key, counted[0])
    found = await differences(settled)

    assert {each: (what.check, what.found, what.where) for each, what in found.items()} == {
        "T-7": ("count", "there", key),
        counted[0]: ("count", "not there", key),
    }


async def test_a_place_that_a_dead_worker_left_is_found(settled: Fleet) -> None:
    """Of an agent who never owned anything: its count is in no list."""
    server = await settled.redis.info("server")
    agent = AgentKeys(settled.topics.prefix, "idle")
    await settled.redis.hset(agent.meta, "run", server["run_id"])
    await settled.redis.hset(agent.open, "T-1", "1")
    (difference,) = (await differences(settled)).values()

    assert (difference.ticket_id, difference.check, difference.where) == ("T-1", "count", agent.open)


async def test_a_lost_view_is_told_once_for_each_partition(settled: Fleet) -> None:
    await settled.redis.flushall()
    report = await audit(settled.stack.kafka, settled.stack.redis, settled.topics)

    assert [each.check for each in report.differences] == ["view"] * settled.partitions
    assert all("itilnext rebuild" in each.found for each in report.differences)
