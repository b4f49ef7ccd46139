"""`itilnext dlq` lists what could not be read, and sends it again as it was received."""

import asyncio

import orjson
import pytest

from contracts.cloudevents import STRUCTURED_HEADERS
from contracts.dead_letters import CUT_FROM_HEADER, ERROR_CODE_HEADER
from contracts.topics import MAX_COMMAND_BYTES
from tests.fleet import Fleet, idle_fleet, running_worker
from tests.ops.cli.conftest import PARTITIONS, Itilnext
from tests.stack import Stack

pytestmark = [pytest.mark.broker, pytest.mark.usefixtures("settings")]


async def go_wrong(fleet: Fleet) -> None:
    """Put three records into the DLQ: two of T-1, one without a key."""
    home = fleet.partition_of("T-1")
    await fleet.publish(fleet.topics.commands, b"nonsense", b"T-1", home, headers=(("mine", b"\xff"), ("no", None)))
    await fleet.send("ticket.unheard_of", "T-1")
    await fleet.publish(fleet.topics.commands, None, None, 2, headers=())
    await fleet.settled()


async def test_the_list_says_where_and_why(itilnext: Itilnext, stack: Stack, prefix: str) -> None:
    async with running_worker(stack, prefix, PARTITIONS) as fleet:
        await go_wrong(fleet)
        listed = (await asyncio.to_thread(itilnext, "dlq", "list", "--json")).json
        of_code = (await asyncio.to_thread(itilnext, "dlq", "list", "--code", "unknown_type", "--json")).json
        newest = (await asyncio.to_thread(itilnext, "dlq", "list", "--limit", "1", "--json")).json
        shown = (await asyncio.to_thread(itilnext, "dlq", "list", "--limit", "1")).out
    home = fleet.partition_of("T-1")
    assert listed["total"] == 3
    assert listed["codes"] == {"not_json": 2, "unknown_type": 1}
    assert {(each["code"], each["received_at"], each["key"]) for each in listed["records"]} == {
        ("not_json", f"{home}:0", "T-1"),
        ("unknown_type", f"{home}:1", "T-1"),
        ("not_json", "2:0", None),
    }
    assert [each["code"] for each in of_code["records"]] == ["unknown_type"]
    assert "ticket.unheard_of" in of_code["records"][0]["message"]
    assert (newest["total"], newest["records"]) == (3, listed["records"][-1:])
    assert "3 in the DLQ: not_json 2, unknown_type 1" in shown
    assert "shown: the newest 1; --limit shows more" in shown


async def test_an_empty_dlq(itilnext: Itilnext) -> None:
    await asyncio.to_thread(itilnext, "topics", "create")
    assert (await asyncio.to_thread(itilnext, "dlq", "list")).out.endswith("0 in the DLQ\n")
    replayed = await asyncio.to_thread(itilnext, "dlq", "replay", "--all", "--json")
    assert (replayed.exit_code, replayed.json) == (0, {"replayed": [], "copies": [], "skipped": []})


async def test_a_replay_sends_records_as_they_were_received(itilnext: Itilnext, stack: Stack, prefix: str) -> None:
    async with running_worker(stack, prefix, PARTITIONS) as fleet:
        await go_wrong(fleet)
        received = await fleet.records(fleet.topics.commands)
        ran = await asyncio.to_thread(itilnext, "dlq", "replay", "--all")
        await fleet.settled()
        after = await fleet.records(fleet.topics.commands)
        dead = await fleet.dead_letters()
    assert ran.out == "3 sent again, 0 not\n"
    sent = [record for record in after if record not in received]
    assert sorted((each.partition, str(each.key), str(each.value), each.headers) for each in sent) == sorted(
        (each.partition, str(each.key), str(each.value), each.headers) for each in received
    )
    assert all(each.timestamp >= max(record.timestamp for record in received) for each in sent)
    assert len(dead) == 6, "what is still bad ends there again"


async def test_a_second_replay_does_not_send_copies(itilnext: Itilnext, stack: Stack, prefix: str) -> None:
    async with running_worker(stack, prefix, PARTITIONS) as fleet:
        await go_wrong(fleet)
        await asyncio.to_thread(itilnext, "dlq", "replay", "--all")
        await fleet.settled()
        again = (await asyncio.to_thread(itilnext, "dlq", "replay", "--all", "--json")).json
        await fleet.settled()
        by_code = await asyncio.to_thread(itilnext, "dlq", "replay", "--code", "unknown_type")
    assert (len(again["replayed"]), len(again["copies"]), again["skipped"]) == (3, 3, [])
    assert by_code.out.splitlines() == [
        "2 copies of those sent: replayed before, and still bad then",
        "1 sent again, 0 not",
    ]


async def test_what_was_mended_meanwhile_is_decided(itilnext: Itilnext, stack: Stack, prefix: str) -> None:
    """A record without a key that failed for a defect of the engine; sent again it finds its ticket's partition."""
    async with running_worker(stack, prefix, PARTITIONS) as fleet:
        value = orjson.dumps(fleet.command("ticket.open", "T-1", {"subject": "fire"}))
        headers = (*STRUCTURED_HEADERS, (ERROR_CODE_HEADER, b"internal_error"), ("__connect.errors.offset", b"7"))
        elsewhere = (fleet.partition_of("T-1") + 1) % PARTITIONS
        await fleet.publish(fleet.topics.dlq, value, None, elsewhere, headers=headers)
        one = ("--partition", str(elsewhere), "--offset", "0")
        replayed = (await asyncio.to_thread(itilnext, "dlq", "replay", *one, "--json")).json
        await fleet.settled()
        (command,) = await fleet.records(fleet.topics.commands)
        (event,) = await fleet.events("T-1")
    assert replayed["replayed"] == [{"partition": elsewhere, "offset": 0}]
    assert (command.partition, command.key, command.headers) == (fleet.partition_of("T-1"), None, STRUCTURED_HEADERS)
    assert event["type"] == "org.itilnext.ticket.opened.v1"


async def test_only_the_wanted_ones_are_sent(itilnext: Itilnext, stack: Stack, prefix: str) -> None:
    async with running_worker(stack, prefix, PARTITIONS) as fleet:
        await go_wrong(fleet)
        (wanted,) = (await asyncio.to_thread(itilnext, "dlq", "list", "--code", "unknown_type", "--json")).json[
            "records"
        ]
        by_code = (await asyncio.to_thread(itilnext, "dlq", "replay", "--code", "unknown_type", "--json")).json
        place = ("--partition", str(wanted["partition"]), "--offset", str(wanted["offset"]))
        by_place = (await asyncio.to_thread(itilnext, "dlq", "replay", *place, "--json")).json
    position = {"partition": wanted["partition"], "offset": wanted["offset"]}
    assert by_code["replayed"] == by_place["replayed"] == [position]


async def test_what_can_not_be_sent_again_is_told(itilnext: Itilnext, stack: Stack, prefix: str) -> None:
    async with idle_fleet(stack, prefix, PARTITIONS) as fleet:
        told = (("__connect.errors.topic", b"c"), ("__connect.errors.partition", b"1"))
        cut = (*told, ("__connect.errors.offset", b"9"), (CUT_FROM_HEADER, b"3000000"))
        await fleet.publish(fleet.topics.dlq, b"half", b"T-1", 0, headers=cut)
        await fleet.publish(fleet.topics.dlq, b"x" * (MAX_COMMAND_BYTES + 1), b"T-1", 1)
        entry = (("__connect.errors.topic", fleet.topics.directory.encode()),)
        await fleet.publish(fleet.topics.dlq, b"{}", b"agent:a", 1, headers=entry)
    ran = await asyncio.to_thread(itilnext, "dlq", "replay", "--all")
    assert ran.exit_code == 1
    assert "not sent again: 0:0: it was cut from 3000000 bytes; the whole is at c 1:9" in ran.out
    assert "not sent again: 1:0: " in ran.out
    assert f"not sent again: 1:1: it is a directory entry: mend it, and send it to {fleet.topics.directory}" in ran.out
    assert ran.out.endswith("0 sent again, 3 not\n")


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--all", "--code", "bad_key"),
        ("--partition", "1"),
        ("--offset", "1"),
        ("--all", "--partition", "1"),
        ("--code", "bad_key", "--partition", "1", "--offset", "1"),
        ("--code", "no_such_code"),
    ],
    ids=" ".join,
)
def test_a_replay_wants_to_know_which(itilnext: Itilnext, words: tuple[str, ...]) -> None:
    ran = itilnext("dlq", "replay", *words)
    assert ran.exit_code == 2
    assert len(ran.err.splitlines()) == 2


async def test_a_position_that_is_not_there(itilnext: Itilnext) -> None:
    await asyncio.to_thread(itilnext, "topics", "create")
    for place in (("--partition", "0", "--offset", "5"), ("--partition", "99", "--offset", "0")):
        ran = await asyncio.to_thread(itilnext, "dlq", "replay", *place)
        assert (ran.exit_code, ran.out) == (1, "0 sent again, 0 not\n")
