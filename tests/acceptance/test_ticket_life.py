"""A ticket from its opening to its end, as connectors and analytics see it on the topics."""

import time
from collections.abc import Sequence

import orjson
import pytest

from tests.acceptance.desk import Desk
from tests.acceptance.processes import Operator
from tests.acceptance.wire import (
    COMMANDS,
    DLQ,
    EVENTS,
    REJECTIONS,
    STATE,
    STRUCTURED,
    Record,
    command,
    is_uuid5,
    output_id,
    partition_for,
    remembered_as,
    sha256,
)

pytestmark = pytest.mark.broker
SOURCE = "/connectors/acceptance"


STEPS: list[tuple[str, dict[str, object]]] = [
    ("ticket.accept", {"agent_id": "ada"}),
    ("note.add", {"agent_id": "ada", "content": "We look into it.", "visibility": "public"}),
    ("ticket.await_customer", {"agent_id": "ada"}),
    ("message.record", {"direction": "inbound", "content": "Still burning"}),
    ("envelope.create", {"agent_id": "ada", "reason": "help", "expert_id": "max", "envelope_id": "E-1"}),
    ("envelope.accept", {"agent_id": "max", "envelope_id": "E-1"}),
    ("envelope.complete", {"agent_id": "max", "envelope_id": "E-1", "summary": "out"}),
    ("ticket.resolve", {"agent_id": "ada", "summary": "extinguished"}),
    ("ticket.close", {}),
]
HAPPENED = [
    "ticket.opened",
    "ticket.accepted",
    "note.added",
    "ticket.awaiting_customer",
    "message.recorded",
    "ticket.resumed",
    "envelope.created",
    "envelope.accepted",
    "envelope.completed",
    "ticket.resolved",
    "ticket.closed",
]


def chained(records: Sequence[Record], partitions: int) -> str:
    """Hold each event of T-1 to what all events have; return the hash of the last."""
    previous = ""
    for version, record in enumerate(records, start=1):
        event = record.json
        assert record.partition == partition_for("T-1", partitions)
        assert (record.key, record.headers) == (b"T-1", STRUCTURED)
        assert (event["ticketversion"], event["prevhash"]) == (version, previous)
        assert (event["specversion"], event["source"], event["subject"]) == ("1.0", "/itilnext/engine", "T-1")
        assert (event["partitionkey"], event["causationsource"]) == ("T-1", SOURCE)
        assert is_uuid5(event["id"])
        previous = sha256(record.value or b"")
    return previous


async def test_the_life_of_a_ticket(desk: Desk, operator: Operator) -> None:
    await desk.enter("agent", "ada", name="Ada", team_ids=["desk"], max_tickets=10)
    await desk.enter("agent", "max", name="Max", team_ids=["net"], max_tickets=10)
    await desk.enter("team", "desk", name="Desk")
    partition, offset = await desk.send(
        command("ticket.open", "T-1", "c1", {"subject": "Fire", "team_id": "desk"}, correlationid="call-7")
    )
    for number, (name, data) in enumerate(STEPS, start=2):
        await desk.command(name, "T-1", f"c{number}", **data)
    await desk.heard(EVENTS, lambda record: record.json["type"] == "org.itilnext.ticket.closed.v1")

    records = desk.outputs[EVENTS]
    events = [record.json for record in records]
    assert [event["type"].removeprefix("org.itilnext.").removesuffix(".v1") for event in events] == HAPPENED
    assert {record.partition for record in records} == {partition}
    head_hash = chained(records, desk.partitions)
    assert [event["id"] for event in events[4:6]] == [output_id("T-1", SOURCE, "c5", index) for index in (0, 1)]
    opened = events[0]
    assert (opened["correlationid"], opened["causationid"]) == ("call-7", "c1")
    assert "correlationid" not in events[1]
    year = opened["time"][:4]
    assert opened["data"]["reference"] == f"INC-{year}-{partition:02d}-{offset:06d}"
    assert opened["data"] == opened["data"] | {"status": "new", "priority": "medium", "customer_tier": "standard"}
    assert opened["data"]["description"] is None

    snapshot = (await desk.heard(STATE, lambda record: record.json["version"] == len(HAPPENED))).json
    assert (snapshot["version"], snapshot["head_hash"]) == (len(events), head_hash)
    assert (snapshot["status"], snapshot["owner_id"], snapshot["reference"]) == (
        "closed",
        "ada",
        opened["data"]["reference"],
    )
    assert set(snapshot["recent_commands"]) == {remembered_as(SOURCE, f"c{number}") for number in range(1, 11)}
    audited = await operator.run("audit", "--json")
    assert audited.code == 0, audited.out + audited.err


async def test_refusals(desk: Desk) -> None:
    await desk.enter("agent", "ada", name="Ada")
    await desk.answered("ticket.open", "T-2", "c1", subject="Fire")
    sent = command("ticket.open", "T-2", "c2", {"subject": "Again", "unknown": [1, 2.5]})
    partition, offset = await desk.send(sent)
    refused = await desk.answer("T-2", "c2")
    assert refused["type"] == "org.itilnext.command.rejected.v1"
    assert refused["id"] == output_id("T-2", SOURCE, "c2", f"rejected:{partition}:{offset}")
    assert refused["data"]["code"] == "ticket_exists"
    assert refused["data"]["command"] == sent
    assert refused["data"]["message"]
    for name, data, code in (
        ("note.add", {"agent_id": "nobody", "content": "x"}, "agent_unknown"),
        ("ticket.resolve", {"agent_id": "ada"}, "not_owner"),
        ("ticket.close", {}, "not_resolved"),
        ("ticket.accept", {"agent_id": "ada"}, None),
    ):
        answer = await desk.answered(name, "T-2", name, **data)
        assert answer["data"].get("code") == code
    again = await desk.answered("ticket.accept", "T-2", "again", agent_id="ada")
    assert (again["data"]["code"], again["data"]["details"]) == ("ticket_already_owned", {"owner_id": "ada"})
    late = command("note.add", "T-2", "late", {"agent_id": "ada", "content": "x"}, time="2199-01-01T00:00:00Z")
    await desk.send(late)
    assert (await desk.answer("T-2", "late"))["data"]["code"] == "time_in_future"
    # Sent again after a rejection it is decided afresh; sent again after it was accepted, nothing comes of it.
    await desk.send(late | {"time": "2026-01-01T00:00:00+01:00"})
    await desk.heard(EVENTS, lambda record: record.json["causationid"] == "late")
    await desk.send(late)
    await desk.send(late)
    await desk.answered("note.add", "T-2", "end", agent_id="ada", content="the last")
    told = [record.json for topic in (EVENTS, REJECTIONS) for record in desk.outputs[topic]]
    assert sum(event["causationid"] == "late" for event in told) == 2


async def test_what_is_no_command(desk: Desk) -> None:
    partition = partition_for("T-3", desk.partitions)
    sent = await desk.publish(COMMANDS, partition, b"T-3", b"{", headers=(("x", b"1"), ("y", None)))
    offset = (await sent).offset
    letter = await desk.heard(DLQ, lambda _: True)
    assert (letter.partition, letter.key, letter.value, letter.headers[:2]) == (
        partition,
        b"T-3",
        b"{",
        (("x", b"1"), ("y", None)),
    )
    assert letter.header("itilnext.error.code") == "not_json"
    assert letter.header("__connect.errors.topic") == desk.prefix + COMMANDS
    assert letter.header("__connect.errors.partition") == str(partition)
    assert letter.header("__connect.errors.offset") == str(offset)
    for name in ("stage", "exception.class.name", "exception.message"):
        assert letter.header(f"__connect.errors.{name}")


async def test_binary_mode(desk: Desk) -> None:
    attributes = {"specversion": "1.0", "id": "b1", "source": SOURCE, "type": "org.itilnext.ticket.open.v1"}
    ce = [(f"ce_{name}", text.encode()) for name, text in {**attributes, "subject": "T-4"}.items()]
    headers = (("content-type", b"application/json"), *ce)
    await desk.publish(
        COMMANDS, partition_for("T-4", desk.partitions), None, orjson.dumps({"subject": "Fire"}), headers=headers
    )
    assert (await desk.answer("T-4", "b1"))["data"]["subject"] == "Fire"


async def test_misplaced_commands(desk: Desk) -> None:
    opened = command("ticket.open", "T-5", "c1", {"subject": "Fire"})
    an_hour_ago = int(time.time() * 1000) - 3_600_000  # within the topic's retention: older ones may go unread
    partition, offset = await desk.send(opened, shift=1, timestamp=an_hour_ago)
    event = await desk.heard(EVENTS, lambda record: record.json["subject"] == "T-5")
    assert event.partition == partition_for("T-5", desk.partitions)
    (moved,) = [record for record in await desk.read(COMMANDS) if record.header("itilnext-moved")]
    assert (moved.partition, moved.header("itilnext-moved")) == (event.partition, f"{partition}:{offset}")
    assert (moved.key, moved.value, moved.timestamp) == (b"T-5", orjson.dumps(opened), an_hour_ago)
    marked = (*STRUCTURED, ("itilnext-moved", b"0:0"))
    await desk.send(opened | {"subject": "T-6"}, shift=1, headers=marked)
    letter = await desk.heard(DLQ, lambda _: True)
    assert letter.header("itilnext.error.code") == "bad_key"
