"""`itilnext tail` shows what is committed, one line a record; `lag` how many commands wait."""

import asyncio
import os
import signal
import subprocess
import sys

import orjson
import pytest

from contracts.partitioner import partition_of
from contracts.topics import Topics
from tests.fleet import Fleet, idle_fleet, running_worker
from tests.ops.cli.conftest import PARTITIONS, Itilnext
from tests.stack import Stack

pytestmark = [pytest.mark.broker, pytest.mark.usefixtures("settings")]
TO_THE_END = ("--from-start", "--until-end")


async def happen(fleet: Fleet) -> None:
    """Let something happen on every topic, about two tickets."""
    await fleet.send("ticket.open", "T-1", subject="fire", command_id="first")
    await fleet.send("ticket.open", "T-2", subject="smoke")
    await fleet.send("ticket.accept", "T-1", agent_id="nobody")
    await fleet.publish(fleet.topics.commands, b"nonsense", b"T-2", fleet.partition_of("T-2"))
    await fleet.settled()


async def test_each_topic_has_its_lines(itilnext: Itilnext, stack: Stack, prefix: str) -> None:
    async with running_worker(stack, prefix, PARTITIONS) as fleet:
        await happen(fleet)
        shown = {
            name: (await asyncio.to_thread(itilnext, "tail", name, *TO_THE_END)).out.splitlines()
            for name in ("events", "rejections", "dlq", "commands")
        }
        both = await asyncio.to_thread(itilnext, "tail", *TO_THE_END)
    assert len(shown["events"]) == 2
    assert any(" T-1 v1 ticket.opened " in line and "subject=fire" in line for line in shown["events"])
    (rejection,) = shown["rejections"]
    assert " T-1 command.rejected ticket.accept agent_unknown: " in rejection
    (dead_letter,) = shown["dlq"]
    assert " dlq T-2 not_json: " in dead_letter
    assert dead_letter.endswith(f"(was {partition_of('T-2', PARTITIONS)}:1)")
    assert len(shown["commands"]) == 4
    assert any(line.endswith("ticket.open subject=fire (/connectors/test first)") for line in shown["commands"])
    assert any(" unreadable T-2 not_json: " in line for line in shown["commands"])
    assert sorted(both.out.splitlines()) == sorted(shown["events"] + shown["rejections"])


async def test_one_ticket(itilnext: Itilnext, stack: Stack, prefix: str) -> None:
    async with running_worker(stack, prefix, PARTITIONS) as fleet:
        await happen(fleet)
        elsewhere = (fleet.partition_of("T-2") + 1) % PARTITIONS
        keyless = fleet.command("note.add", "T-2", {"agent_id": "a1", "content": "x"})
        names = ("events", "rejections", "dlq", "commands")
        before = await asyncio.to_thread(itilnext, "tail", *names, "--ticket", "T-2", *TO_THE_END, "--json")
        await fleet.publish(fleet.topics.commands, orjson.dumps(keyless), None, elsewhere)
        after = await asyncio.to_thread(itilnext, "tail", "commands", "--ticket", "T-2", *TO_THE_END, "--json")
    topics = Topics(prefix)
    assert sorted(each["topic"] for each in before.documents) == sorted(
        [topics.events, topics.dlq, topics.commands, topics.commands]
    )
    assert any(each["key"] is None for each in after.documents)


async def test_documents_hold_the_whole_record(itilnext: Itilnext, stack: Stack, prefix: str) -> None:
    async with idle_fleet(stack, prefix, PARTITIONS) as fleet:
        await fleet.publish(
            fleet.topics.commands, b'{"a": 1}', None, 2, headers=(("x", b"\xff"), ("y", None)), timestamp=1_000
        )
        await fleet.publish(fleet.topics.commands, b"\xff\x00", b"\xfe", 2)
        await fleet.publish(fleet.topics.commands, None, b"k", 2)
    ran = await asyncio.to_thread(itilnext, "tail", "commands", *TO_THE_END, "--json")
    parsed, raw, null = ran.documents
    assert parsed == {
        "topic": Topics(prefix).commands,
        "partition": 2,
        "offset": 0,
        "timestamp": "1970-01-01T00:00:01.000000Z",
        "key": None,
        "headers": {"x": "\\xff", "y": None},
        "value": {"a": 1},
    }
    assert (raw["key"], raw["value_base64"]) == ("\\xfe", "/wA=")
    assert null["value_base64"] is None


async def test_a_line_can_not_steer_the_terminal(itilnext: Itilnext, stack: Stack, prefix: str) -> None:
    async with idle_fleet(stack, prefix, PARTITIONS) as fleet:
        await fleet.send("note.add", "T-1", agent_id="a1", content="\x1b[2J[bold]x[/bold]\nnext")
    ran = await asyncio.to_thread(itilnext, "tail", "commands", *TO_THE_END)
    (line,) = ran.out.splitlines()
    assert "content=\\x1b[2J[bold]x[/bold]\\nnext" in line


async def test_a_limit_ends_it(itilnext: Itilnext, stack: Stack, prefix: str) -> None:
    async with idle_fleet(stack, prefix, PARTITIONS) as fleet:
        for number in range(5):
            await fleet.send("ticket.open", f"T-{number}", subject="x")
    ran = await asyncio.to_thread(itilnext, "tail", "commands", "--from-start", "--limit", "3")
    assert (ran.exit_code, len(ran.out.splitlines())) == (0, 3)


async def test_an_unfinished_transaction_is_not_shown(itilnext: Itilnext, stack: Stack, prefix: str) -> None:
    async with idle_fleet(stack, prefix, PARTITIONS) as fleet:
        await fleet.send("ticket.open", "T-1", subject="x")
    ran = await asyncio.to_thread(itilnext, "tail", "events", *TO_THE_END)
    assert ran.out == ""


async def test_it_follows_what_comes_until_it_is_interrupted(
    settings: dict[str, str], stack: Stack, prefix: str
) -> None:
    async with idle_fleet(stack, prefix, PARTITIONS) as fleet:
        await fleet.send("ticket.open", "T-old", subject="x")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "ops", "tail", "commands"),
            env=os.environ | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout is not None
        reading = asyncio.create_task(process.stdout.readline())
        number = 0
        while not reading.done():  # it shows what comes from when it has connected, so something has to keep coming
            await fleet.send("ticket.open", f"T-new-{number}", subject="x")
            number += 1
            await asyncio.wait([reading], timeout=0.1)
        process.send_signal(signal.SIGINT)
        _, errors = await asyncio.wait_for(process.communicate(), 120)
    assert b"T-new-" in reading.result()
    assert (process.returncode, errors) == (0, b"")


def test_a_topic_that_is_none_is_refused(itilnext: Itilnext) -> None:
    ran = itilnext("tail", "everything")
    assert ran.exit_code == 2
    assert "events, rejections, dlq, commands" in ran.err


async def test_lag_counts_what_waits_and_falls_to_nothing(itilnext: Itilnext, stack: Stack, prefix: str) -> None:
    async with idle_fleet(stack, prefix, PARTITIONS) as fleet:
        for number in range(10):
            await fleet.send("ticket.open", f"T-{number}", subject="x")
        waiting = (await asyncio.to_thread(itilnext, "lag", "--json")).json
        async with fleet.worker():
            await fleet.settled()
            decided = (await asyncio.to_thread(itilnext, "lag", "--json")).json
    assert (waiting["group"], waiting["total"]) == (f"{prefix}ticket-worker", 10)
    assert all(each["committed"] is None and each["lag"] == each["end"] for each in waiting["partitions"])
    assert decided["total"] == 0
    assert [each["partition"] for each in decided["partitions"]] == list(range(PARTITIONS))
    assert all(each["committed"] == each["end"] for each in decided["partitions"] if each["end"])


async def test_the_marks_of_a_transaction_are_no_lag(itilnext: Itilnext, stack: Stack, prefix: str) -> None:
    async with running_worker(stack, prefix, PARTITIONS) as fleet:
        belongs = fleet.partition_of("T-1")
        misplaced = fleet.command("ticket.open", "T-1", {"subject": "x"})
        await fleet.publish(fleet.topics.commands, orjson.dumps(misplaced), b"T-1", (belongs + 1) % PARTITIONS)
        await fleet.settled()
        lag = (await asyncio.to_thread(itilnext, "lag", "--json")).json
        table = (await asyncio.to_thread(itilnext, "lag")).out
    moved_to = lag["partitions"][belongs]
    assert moved_to["end"] == 2, "the command and the mark of the worker's transaction that moved it there"
    assert lag["total"] == 0
    assert table.splitlines()[-1] == "total 0"
