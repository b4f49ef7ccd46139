"""`itilnext show` as a customer, the owner and an expert call for it, over the view of a fleet."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from consumers.directory_view import DirectoryView
from consumers.view import NOT_BUILT
from contracts.directory import Agent, DirectoryChange
from tests.fleet import Fleet, running_worker
from tests.ops.cli.conftest import PARTITIONS, Itilnext, Ran
from tests.stack import Stack

pytestmark = [pytest.mark.broker, pytest.mark.usefixtures("settings")]


@pytest.fixture
async def fleet(stack: Stack, prefix: str) -> AsyncIterator[Fleet]:
    """Anna's ticket with bob in an envelope, and a pending one for bob's team; of the directory Redis has bob alone."""
    async with running_worker(stack, prefix, PARTITIONS) as fleet:
        await fleet.enter("team", "net")
        for agent in ("anna", "bob", "cleo"):
            await fleet.enter("agent", agent, team_ids=["net"])
        bob = DirectoryChange("agent", "bob", Agent(id="bob", team_ids=("net",)))
        await DirectoryView(fleet.redis, prefix).apply(NOT_BUILT, 1, [bob])
        await fleet.send("ticket.open", "T-1", subject="Printer on fire")
        await fleet.send("ticket.accept", "T-1", agent_id="anna")
        for envelope_id, target in (("e1", {"expert_id": "bob"}), ("e2", {"team_id": "net"})):
            asked = {"agent_id": "anna", "reason": "help", "envelope_id": envelope_id}
            await fleet.send("envelope.create", "T-1", **asked, **target)
        await fleet.send("envelope.accept", "T-1", agent_id="bob", envelope_id="e1")
        note = {"agent_id": "bob", "content": "secret", "visibility": "envelope_only", "envelope_id": "e1"}
        await fleet.send("note.add", "T-1", **note)
        await fleet.settled()
        yield fleet


async def run(itilnext: Itilnext, *words: str) -> Ran:
    """Run the command beside the fleet of this process."""
    return await asyncio.to_thread(itilnext, "show", *words)


async def test_each_is_shown_what_is_theirs(fleet: Fleet, itilnext: Itilnext) -> None:
    expert = (await run(itilnext, "T-1", "--as", "agent:bob", "--json")).json
    assert [entry["version"] for entry in expert["timeline"]] == [1, 2, 3, 4, 5, 6]
    assert [one["envelope_id"] for one in expert["expert_view"]["pending_for_my_teams"]] == ["e2"]
    owner = await run(itilnext, "T-1", "--as", "agent:anna")
    assert "secret" not in owner.out
    assert "answer due" in owner.out
    assert owner.err == ""
    customer = await run(itilnext, "T-1", "--as", "customer", "--json")
    assert [entry["type"] for entry in customer.json["timeline"]] == ["ticket.opened"]
    assert "secret" in (await run(itilnext, "T-1")).out

    await fleet.timelines_filled()
    await fleet.redis.hdel(fleet.view(fleet.partition_of("T-1")).keys.timeline("T-1"), "6")
    filling = await run(itilnext, "T-1")
    assert "The view is still being filled; read from the log." in filling.err
    assert "secret" in filling.out


@pytest.mark.usefixtures("fleet")
async def test_an_agent_whom_the_view_lacks_is_found_in_the_topic(itilnext: Itilnext) -> None:
    colleague = await run(itilnext, "T-1", "--as", "agent:cleo", "--json")
    assert (colleague.exit_code, colleague.err) == (0, "")
    assert [one["envelope_id"] for one in colleague.json["expert_view"]["pending_for_my_teams"]] == ["e2"]


@pytest.mark.usefixtures("fleet")
async def test_an_unknown_agent_is_told_as_everywhere(itilnext: Itilnext) -> None:
    nobody = await run(itilnext, "T-1", "--as", "agent:nobody")
    assert (nobody.exit_code, nobody.out) == (2, "")
    assert nobody.err == (await asyncio.to_thread(itilnext, "queue", "--agent", "nobody")).err
    assert nobody.err.startswith("itilnext: The directory has no agent nobody.\n")


async def test_who_has_left_the_directory_still_sees_the_case(fleet: Fleet, itilnext: Itilnext) -> None:
    for agent in ("anna", "bob"):
        await fleet.publish(fleet.topics.directory, None, f"agent:{agent}".encode(), 0, headers=())
    await DirectoryView(fleet.redis, fleet.topics.prefix).drop()
    expert = (await run(itilnext, "T-1", "--as", "agent:bob", "--json")).json
    assert [entry["version"] for entry in expert["timeline"]] == [1, 2, 3, 4, 5, 6]
    assert expert["expert_view"]["pending_for_my_teams"] == []
    owner = await run(itilnext, "T-1", "--as", "agent:anna", "--json")
    assert owner.json["owner_view"]["ticket"]["owner_id"] == "anna"


@pytest.mark.usefixtures("fleet")
async def test_an_unknown_ticket_and_a_wrong_viewer_are_told(itilnext: Itilnext) -> None:
    unknown = await run(itilnext, "T-9")
    assert (unknown.exit_code, unknown.err.splitlines()[0]) == (1, "itilnext: there is no ticket T-9")
    wrong = await run(itilnext, "T-1", "--as", "boss")
    assert (wrong.exit_code, wrong.err.splitlines()[1]) == (2, "  Write customer, system or agent:ID.")
