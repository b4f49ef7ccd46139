"""`itilnext show`, `audit` and `rebuild` beside a fleet, and without one."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from consumers.keys import LAYOUT, fleet_key
from consumers.view import as_text
from tests.fleet import Fleet, running_worker
from tests.ops.cli.conftest import PARTITIONS, Itilnext, Ran
from tests.stack import Stack

pytestmark = [pytest.mark.broker, pytest.mark.usefixtures("settings")]


async def run(itilnext: Itilnext, *words: str) -> Ran:
    """Run a command beside the fleet of this process."""
    return await asyncio.to_thread(itilnext, *words)


async def live_through(fleet: Fleet) -> None:
    """One ticket with an envelope, and a secret in it."""
    for agent in ("ann", "bob"):
        await fleet.enter("agent", agent)
    await fleet.send("ticket.open", "T-1", subject="Printer on fire")
    await fleet.send("ticket.accept", "T-1", agent_id="ann")
    await fleet.send("envelope.create", "T-1", agent_id="ann", expert_id="bob", envelope_id="e1", reason="help")
    await fleet.send("envelope.accept", "T-1", agent_id="bob", envelope_id="e1")
    note = {"agent_id": "bob", "content": "secret", "visibility": "envelope_only", "envelope_id": "e1"}
    await fleet.send("note.add", "T-1", **note)
    await fleet.settled()


@pytest.fixture
async def fleet(stack: Stack, prefix: str) -> AsyncIterator[Fleet]:
    async with running_worker(stack, prefix, PARTITIONS) as fleet:
        await live_through(fleet)
        yield fleet


async def test_each_viewer_is_shown_what_is_theirs(fleet: Fleet, itilnext: Itilnext) -> None:
    assert "secret" in (await run(itilnext, "show", "T-1")).out
    assert "secret" in (await run(itilnext, "show", "T-1", "--as", "agent:bob")).out
    assert "secret" not in (await run(itilnext, "show", "T-1", "--as", "agent:ann")).out
    customer = (await run(itilnext, "show", "T-1", "--as", "customer", "--json")).json
    assert customer["ticket"] is None
    assert [entry["type"] for entry in customer["timeline"]] == ["ticket.opened"]
    owner = (await run(itilnext, "show", "T-1", "--as", "agent:ann", "--json")).json
    assert owner["owner_view"]["envelopes"][0]["status"] == "active"
    assert owner["ticket"]["version"] == 5
    listed = (await run(itilnext, "envelopes", "--agent", "bob", "--json")).json
    assert [(row["ticket_id"], row["envelope_id"]) for row in listed] == [("T-1", "e1")]
    nobody = await run(itilnext, "envelopes", "--agent", "nobody")
    assert (nobody.exit_code, "send directory.agent ID" in nobody.err) == (2, True)
    assert fleet.workers


async def test_what_can_not_be_shown_is_said(fleet: Fleet, itilnext: Itilnext) -> None:
    unknown = await run(itilnext, "show", "T-9")
    assert (unknown.exit_code, "no ticket T-9" in unknown.err) == (1, True)
    nobody = await run(itilnext, "show", "T-1", "--as", "bob")
    assert (nobody.exit_code, "agent:ID" in nobody.err) == (2, True)
    neither = await run(itilnext, "envelopes")
    assert (neither.exit_code, "--team" in neither.err) == (2, True)
    assert fleet.workers


async def test_a_timeline_with_holes_is_read_from_the_log(fleet: Fleet, itilnext: Itilnext) -> None:
    keys = fleet.view(fleet.partition_of("T-1")).keys
    await fleet.timelines_filled()
    await fleet.redis.delete(keys.timeline("T-1"))
    shown = await run(itilnext, "show", "T-1", "--json")
    assert "read from the log" in shown.err
    assert len(shown.json["timeline"]) == 5


async def test_a_rebuilt_view_is_whole_and_the_audit_holds(fleet: Fleet, itilnext: Itilnext) -> None:
    await fleet.redis.flushall()
    rebuilt = (await run(itilnext, "rebuild", "--json")).json
    assert (rebuilt["tickets"], rebuilt["partitions"], rebuilt["by_workers"]) == (1, PARTITIONS, True)
    noted = await fleet.redis.hmget(fleet_key(fleet.topics.prefix), ["layout", "partitions"])
    assert [as_text(each) for each in noted] == [LAYOUT, str(PARTITIONS)]
    queue = (await run(itilnext, "queue", "--agent", "ann", "--json")).json
    assert [each["id"] for band in queue.values() for each in band] == ["T-1"]
    audited = await run(itilnext, "audit", "--json")
    assert (audited.exit_code, audited.json["holds"], audited.json["events"]) == (0, True, 5)
    unknown = await run(itilnext, "audit", "--ticket", "T-9")
    assert (unknown.exit_code, unknown.out) == (1, ""), "nothing was audited, so nothing is said to hold"
    assert unknown.err.startswith("itilnext: there is no ticket T-9\n")
    await fleet.redis.set(fleet.view(fleet.partition_of("T-1")).keys.ticket("T-1"), b"{}")
    broken = await run(itilnext, "audit")
    assert (broken.exit_code, "T-1" in broken.out) == (1, True)


async def test_without_workers_rebuild_does_it_itself(stack: Stack, prefix: str, itilnext: Itilnext) -> None:
    async with running_worker(stack, prefix, PARTITIONS) as fleet:
        await live_through(fleet)
    await fleet.deserted()
    rebuilt = (await run(itilnext, "rebuild")).out
    assert rebuilt.startswith("built 1 ticket in 4 partitions again, by this command, for no worker runs, in ")
    shown = await run(itilnext, "show", "T-1", "--json")
    assert ("read from the log" in shown.err, len(shown.json["timeline"])) == (False, 5)
    assert (await run(itilnext, "audit")).exit_code == 0
