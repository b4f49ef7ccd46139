"""Bad input at a real worker: each record ends as the page says, and the next good command is answered."""

import time
from collections.abc import AsyncIterator

import orjson
import pytest

from consumers.assignment import WorkerLimits
from contracts.dead_letters import CUT_FROM_HEADER, ERROR_CODE_HEADER, MAX_UNPACKED_BYTES, MOVED_HEADER
from ops.log_reader import LogRecord
from tests.consumers.batches import CODECS, Plain, RawName, send_batch
from tests.consumers.places import refusals, tickets_of
from tests.corpus import CORPUS
from tests.fleet import Fleet, idle_fleet, running_worker
from tests.stack import Stack

pytestmark = pytest.mark.broker
MANY = b"x" * 3_000_000


@pytest.fixture
async def fleet(stack: Stack, prefix: str) -> AsyncIterator[Fleet]:
    async with running_worker(stack, prefix, partitions=2) as fleet:
        yield fleet


def header(record: LogRecord, name: str) -> str | None:
    values = [value for each, value in record.headers if each == name and value is not None]
    return values[-1].decode() if values else None


def code_of(record: LogRecord) -> str | None:
    return header(record, ERROR_CODE_HEADER)


async def answers(fleet: Fleet) -> bool:
    """Tell whether each partition answers a good command."""
    tickets = [tickets_of(fleet, number, 1, "good")[0] for number in range(fleet.partitions)]
    for ticket in tickets:
        await fleet.send("ticket.open", ticket, subject="still alive")
    await fleet.settled()
    return {event["subject"] for event in await fleet.events()} >= set(tickets)


async def test_each_record_of_the_corpus_ends_as_the_page_says(fleet: Fleet) -> None:
    where = {}
    for case in CORPUS:
        partition = fleet.partition_of(case.ticket)
        at = await fleet.publish(
            fleet.topics.commands, case.value, case.key, partition, headers=case.headers, timestamp=case.timestamp
        )
        where[at.partition, at.offset] = case
    assert await answers(fleet)
    found: dict[str, str | None] = {}
    for letter in await fleet.dead_letters():
        place = (
            int(header(letter, "__connect.errors.partition") or ""),
            int(header(letter, "__connect.errors.offset") or ""),
        )
        found[where[place].name] = code_of(letter)
        assert (letter.key, letter.value) == (where[place].key, where[place].value)
    told = dict(await refusals(fleet))
    opened = {event["subject"] for event in await fleet.events()}
    for case in CORPUS:
        if case.name not in found:
            found[case.name] = told.get(case.ticket) if case.ticket not in opened else None
    assert found == {case.name: case.outcome for case in CORPUS}


@pytest.mark.parametrize("codec", CODECS)
async def test_batches_in_any_codec(fleet: Fleet, codec: str) -> None:
    tickets = tickets_of(fleet, 0, 3)
    commands = [orjson.dumps(fleet.command("ticket.open", ticket, {"subject": codec})) for ticket in tickets]
    await send_batch(fleet, 0, [Plain(value) for value in commands], CODECS[codec])
    assert await answers(fleet)
    assert {event["subject"] for event in await fleet.events()} >= set(tickets)


@pytest.mark.parametrize(
    "record",
    [
        Plain(b"{" * 20_000_000),
        Plain(b"{}", key=MANY),
        Plain(b"{}", headers=(("x", MANY),)),
        Plain(b"{}", headers=(("ü" * 1_500_000, b""),)),
        Plain(MANY, key=MANY, headers=(("x", MANY), ("y", b"small"))),
    ],
    ids=["value", "key", "header", "name", "all"],
)
async def test_a_record_larger_than_the_dlq_takes(fleet: Fleet, record: Plain) -> None:
    """Only a compressed batch can hold one."""
    await send_batch(fleet, 0, [record], CODECS["gzip"])
    assert await answers(fleet)
    (letter,) = await fleet.dead_letters()
    assert code_of(letter) in {"too_large", "not_cloudevent"}
    assert int(header(letter, CUT_FROM_HEADER) or 0) > 2_000_000
    assert (record.key or b"").startswith(letter.key or b"")
    assert (record.value or b"").startswith(letter.value or b"")
    assert header(letter, "__connect.errors.offset") == "0"


async def test_a_misplaced_command_that_no_move_has_room_for(fleet: Fleet) -> None:
    (ticket,) = tickets_of(fleet, 1, 1)
    command = orjson.dumps(fleet.command("ticket.open", ticket, {"subject": "s"}))
    await send_batch(fleet, 0, [Plain(command, headers=(("x", MANY),))], CODECS["gzip"])
    assert await answers(fleet)
    assert [code_of(letter) for letter in await fleet.dead_letters()] == ["too_large"]


async def test_a_refused_command_whose_rejection_has_no_room(fleet: Fleet) -> None:
    (ticket,) = tickets_of(fleet, 0, 1)
    attributes = {"specversion": "1.0", "id": "c", "source": "/s", "type": "org.itilnext.ticket.accept.v1"}
    ce = tuple((f"ce_{name}", text.encode()) for name, text in {**attributes, "subject": ticket}.items())
    headers = (("content-type", b"application/json"), *ce, ("ce_foo", MANY))
    await send_batch(fleet, 0, [Plain(b'{"agent_id":"a"}', headers=headers)], CODECS["gzip"])
    assert await answers(fleet)
    assert [code_of(letter) for letter in await fleet.dead_letters()] == ["too_large"]


async def test_batches_that_unpack_beyond_measure(fleet: Fleet) -> None:
    for codec in ("gzip", "lz4", "zstd"):
        await send_batch(fleet, 0, [Plain(b"\0" * (MAX_UNPACKED_BYTES * 6 // 10))] * 2, CODECS[codec])
    assert await answers(fleet)
    letters = await fleet.dead_letters()
    assert [(code_of(letter), letter.value) for letter in letters] == [("too_large", None)] * 6


async def test_header_names_that_are_no_utf8(fleet: Fleet) -> None:
    first, second, last = tickets_of(fleet, 0, 3)
    good = {ticket: orjson.dumps(fleet.command("ticket.open", ticket, {"subject": "s"})) for ticket in (first, second)}
    strange = ((RawName(b"\xff\xfe"), b"v"),)
    await send_batch(
        fleet, 0, [Plain(good[first]), Plain(b"no command", headers=strange), Plain(good[second], headers=strange)]
    )
    await fleet.send("ticket.open", last, subject="s")
    assert await answers(fleet)
    events = [event["subject"] for event in await fleet.events() if not event["subject"].startswith("good")]
    assert events == [first, second, last]
    (letter,) = await fleet.dead_letters()
    assert letter.value == b"no command"
    assert header(letter, "\\xff\\xfe") == "v"


async def test_a_ticket_that_has_grown_too_large(fleet: Fleet) -> None:
    """Its snapshot would pass the topic's limit: what would make it so is set aside, the rest is still decided."""
    (ticket,) = tickets_of(fleet, 0, 1)
    await fleet.enter("agent", "a")
    await fleet.enter("team", "t")
    await fleet.send("ticket.open", ticket, subject="s", team_id="t")
    await fleet.send("ticket.accept", ticket, agent_id="a")
    grown = [fleet.command("envelope.create", ticket, {"agent_id": "a", "reason": "é" * 500}) for _ in range(900)]
    await fleet.send_all(grown)
    await fleet.send("note.add", ticket, agent_id="a", content="still here")
    assert await answers(fleet)
    codes = {code_of(letter) for letter in await fleet.dead_letters()}
    assert codes == {"too_large"}
    assert "org.itilnext.note.added.v1" in {event["type"] for event in await fleet.events(ticket)}


async def test_many_large_records_and_small_transactions(stack: Stack, prefix: str) -> None:
    async with idle_fleet(stack, prefix, partitions=2) as fleet:
        (ticket,) = tickets_of(fleet, 0, 1)
        await fleet.send("ticket.open", ticket, subject="s")
        await fleet.enter("agent", "a")
        for _ in range(30):
            await fleet.send("note.add", ticket, agent_id="a", content="x" * 60_000)
            await fleet.publish(fleet.topics.commands, b"x" * 600_000, None, 0)
        async with fleet.worker(WorkerLimits(max_bytes=1_000_000)):
            assert await answers(fleet)
        assert len(await fleet.events(ticket)) == 31
        assert [code_of(letter) for letter in await fleet.dead_letters()] == ["too_large"] * 30


async def test_a_command_on_a_wrong_partition_is_moved_once(fleet: Fleet) -> None:
    moved, stuck = tickets_of(fleet, 1, 2)
    value = orjson.dumps(fleet.command("ticket.open", moved, {"subject": "s"}))
    an_hour_ago = int(time.time() * 1000) - 3_600_000  # within the topic's retention: older ones may go unread
    at = await fleet.publish(fleet.topics.commands, value, None, 0, headers=(("x", b"kept"),), timestamp=an_hour_ago)
    again = orjson.dumps(fleet.command("ticket.open", stuck, {"subject": "s"}))
    await fleet.publish(fleet.topics.commands, again, None, 0, headers=((MOVED_HEADER, b"1:7"),))
    assert await answers(fleet)
    (record,) = [
        each for each in await fleet.records(fleet.topics.commands) if each.partition == 1 and each.value == value
    ]
    assert (record.key, record.timestamp) == (moved.encode(), an_hour_ago)
    assert record.headers == (("x", b"kept"), (MOVED_HEADER, f"0:{at.offset}".encode()))
    assert [code_of(letter) for letter in await fleet.dead_letters()] == ["bad_key"]
    assert len(await fleet.events(moved)) == 1
