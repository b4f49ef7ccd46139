"""What was entered into the directory before a command was sent is seen by it; places are exact over all partitions."""

import asyncio
from collections import Counter

import pytest

from tests.acceptance.desk import Desk
from tests.acceptance.wire import DIRECTORY, EVENTS, REJECTIONS, partition_for

pytestmark = pytest.mark.broker


async def test_an_entry_acknowledged_before_is_seen(desk: Desk) -> None:
    for number in range(20):
        ticket = f"T-{number}"
        await desk.command("ticket.open", ticket, "open", subject="Fire")
        await desk.enter("agent", f"a{number}", name="A")
        accepted = await desk.answered("ticket.accept", ticket, "accept", agent_id=f"a{number}")
        assert accepted["type"] == "org.itilnext.ticket.accepted.v1"
        await desk.enter("agent", f"a{number}", name="A", is_active=False)
        noted = await desk.answered("note.add", ticket, "note", agent_id=f"a{number}", content="x")
        assert noted["data"]["code"] == "agent_inactive"


async def test_a_bad_entry_is_set_aside(desk: Desk) -> None:
    await desk.enter("agent", "ada", name="Ada", max_tickets=5)
    await desk.answered("ticket.open", "T-1", "c1", subject="Fire")
    for key, value in (
        (b"agent:ada", b"{"),
        (b"agent:ada", b'{"specversion":"1.0"}'),
        (b"ada", b"{}"),
        (b"\xff", b"{}"),
    ):
        await desk.publish(DIRECTORY, 0, key, value)
    await desk.enter("agent", "ada", name="Ada", max_tickets="many")
    await desk.enter("calendar", "c", timezone="Mars/Olympus", hours={})
    assert (await desk.answered("ticket.accept", "T-1", "c2", agent_id="ada"))["data"] == {"agent_id": "ada"}
    await desk.publish(DIRECTORY, 0, b"agent:ada", None)
    await desk.flush()
    gone = await desk.answered("note.add", "T-1", "c3", agent_id="ada", content="x")
    assert gone["data"]["code"] == "agent_unknown"


async def test_places_are_exact_over_all_partitions(desk: Desk) -> None:
    await desk.enter("agent", "ada", name="Ada", max_tickets=5)
    await desk.enter("agent", "boss", name="Boss", role="manager")
    await desk.enter("agent", "bob", name="Bob")
    tickets = [f"T-{number}" for number in range(40)]
    assert {partition_for(ticket, desk.partitions) for ticket in tickets} == set(range(desk.partitions))
    await asyncio.gather(*(desk.command("ticket.open", ticket, "open", subject="Fire") for ticket in tickets))
    await asyncio.gather(*(desk.command("ticket.accept", ticket, "accept", agent_id="ada") for ticket in tickets))
    answers = {ticket: await desk.answer(ticket, "accept") for ticket in tickets}
    owned = [ticket for ticket, answer in answers.items() if answer["type"].endswith("accepted.v1")]
    assert len(owned) == 5
    codes = Counter(record.json["data"]["code"] for record in desk.outputs[REJECTIONS])
    assert codes == {"agent_at_capacity": 35}

    others = iter(ticket for ticket in tickets if ticket not in owned)
    for ticket in owned[:3]:
        await desk.answered("ticket.resolve", ticket, "resolve", agent_id="ada")
        # The event was read, so the place is free at once: for one.
        taken, refused = next(others), next(others)
        assert (await desk.answered("ticket.accept", taken, "now", agent_id="ada"))["data"] == {"agent_id": "ada"}
        answer = await desk.answered("ticket.accept", refused, "now", agent_id="ada")
        assert answer["data"]["code"] == "agent_at_capacity"
    reopened = await desk.answered("ticket.reopen", owned[0], "reopen")
    assert reopened["type"] == "org.itilnext.ticket.reopened.v1"

    to_ada = {"new_owner_id": "ada", "transfer_type": "termination", "reason": "gone", "authorized_by": "boss"}
    theirs = next(others)
    await desk.answered("ticket.accept", theirs, "bob", agent_id="bob")
    refused_transfer = await desk.answered("ticket.transfer", theirs, "t1", **to_ada)
    assert refused_transfer["data"]["code"] == "agent_at_capacity"
    for ticket in (owned[0], owned[3]):
        await desk.answered("ticket.transfer", ticket, "away", **{**to_ada, "new_owner_id": "bob"})
    assert (await desk.answered("ticket.transfer", theirs, "t2", **to_ada))["data"]["to_owner_id"] == "ada"
    assert any(record.json["causationid"] == "t2" for record in desk.outputs[EVENTS])
