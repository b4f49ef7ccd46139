"""`itilnext alerts` shows what waits for an agent, and the nine cells of a ticket, as the view has them."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from services.alerts import ALERT_SOURCE
from tests.fleet import Fleet, running_worker
from tests.ops.cli.conftest import PARTITIONS, Itilnext, Ran
from tests.stack import Stack

pytestmark = [pytest.mark.broker, pytest.mark.usefixtures("settings")]
OPENED, ASKED = "2026-01-05T09:00:00.000000Z", "2026-01-05T11:00:00.000000Z"


@pytest.fixture
async def fleet(stack: Stack, prefix: str) -> AsyncIterator[Fleet]:
    """Two tickets of anna's desk, an hour late to be assigned, and so raised to her."""
    async with running_worker(stack, prefix, PARTITIONS) as fleet:
        await fleet.enter("team", "desk", lead_id="lea")
        await fleet.enter("agent", "anna", team_ids=["desk"])
        await fleet.enter("agent", "lea", role="team_lead")
        await fleet.enter("agent", "max", role="manager")
        for ticket_id in ("T-1", "T-2"):
            await fleet.send("ticket.open", ticket_id, time=OPENED, subject="s", team_id="desk")
            asked: dict[str, Any] = {"condition": "not_assigned", "level": 2, "anchor_at": OPENED, "at": ASKED}
            await fleet.send("alert.raise", ticket_id, source=ALERT_SOURCE, time=ASKED, **asked)
        await fleet.settled()
        yield fleet


async def run(itilnext: Itilnext, *words: str) -> Ran:
    """Run a command beside the fleet of this process."""
    return await asyncio.to_thread(itilnext, "alerts", *words)


async def test_what_waits_for_an_agent_until_it_is_acknowledged(fleet: Fleet, itilnext: Itilnext) -> None:
    pending = (await run(itilnext, "--agent", "anna", "--json")).json
    assert [(each["ticket_id"], each["condition"], each["level"]) for each in pending] == [
        ("T-1", "not_assigned", 2),
        ("T-2", "not_assigned", 2),
    ]
    assert pending[0]["recipients"][1] == {"agent_id": "lea", "role": "supervisor", "reason": "team_lead"}
    assert pending[0]["raised_at"] == ASKED
    await fleet.send("alert.acknowledge", "T-1", alert_id=pending[0]["alert_id"], agent_id="lea")
    await fleet.settled()
    shown = await run(itilnext, "--agent", "anna")
    assert "T-2" in shown.out
    assert "T-1" not in shown.out
    assert (await run(itilnext, "--agent", "max", "--json")).json == [], "nothing was raised to a manager"
    nobody = await run(itilnext, "--agent", "nobody")
    assert (nobody.exit_code, nobody.out) == (2, "")
    assert nobody.err.startswith("itilnext: The directory has no agent nobody.")


@pytest.fixture
def _in_kolkata(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Asia/Kolkata")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("fleet", "_in_kolkata")
async def test_the_grid_of_a_ticket(itilnext: Itilnext) -> None:
    grid = (await run(itilnext, "--ticket", "T-1", "--at", ASKED, "--json")).json
    assert grid["ticket_id"] == "T-1"
    assert [(cell["condition"], cell["level"], cell["state"], cell["due_at"]) for cell in grid["cells"]] == [
        ("not_assigned", 1, "superseded", "2026-01-05T10:00:00.000000Z"),
        ("not_assigned", 2, "raised", "2026-01-05T11:00:00.000000Z"),
        ("not_assigned", 3, "to_come", "2026-01-05T13:00:00.000000Z"),
        *(("not_updated", level, "not_holding", None) for level in (1, 2, 3)),
        ("not_completed", 1, "to_come", "2026-01-05T15:00:00.000000Z"),
        ("not_completed", 2, "to_come", "2026-01-05T16:00:00.000000Z"),
        ("not_completed", 3, "to_come", "2026-01-05T17:00:00.000000Z"),
    ]
    shown = (await run(itilnext, "--ticket", "T-1")).out
    assert "2026-01-05 18:30" in shown, "tables tell the reader's time"


async def test_a_ticket_that_the_view_has_lost_is_read_from_the_log(fleet: Fleet, itilnext: Itilnext) -> None:
    asked = ("--ticket", "T-1", "--at", ASKED, "--json")
    kept = (await run(itilnext, *asked)).json
    await fleet.redis.delete(fleet.view(fleet.partition_of("T-1")).keys.ticket("T-1"))
    assert (await run(itilnext, *asked)).json == kept


@pytest.mark.usefixtures("fleet")
async def test_an_unknown_ticket_and_a_wrong_question_are_told(itilnext: Itilnext) -> None:
    unknown = await run(itilnext, "--ticket", "T-9")
    assert (unknown.exit_code, unknown.out) == (1, "")
    assert unknown.err == (await asyncio.to_thread(itilnext, "show", "T-9")).err, "as wherever a ticket is named"
    assert unknown.err.splitlines()[0] == "itilnext: there is no ticket T-9"
    assert "itilnext tail" in unknown.err.splitlines()[1]
    assert (await run(itilnext)).exit_code == 2
    assert (await run(itilnext, "--ticket", "T-1", "--at", "yesterday")).exit_code == 2
    without_ticket = await run(itilnext, "--agent", "tech", "--at", ASKED)
    assert (without_ticket.exit_code, "--at goes with --ticket" in without_ticket.err) == (2, True)
