"""`itilnext send` puts commands and directory entries where they belong, and names what can't be sent."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from contracts.cloudevents import event_type
from contracts.directory import directory_value
from contracts.partitioner import partition_of
from contracts.topics import Topics
from tests.fleet import idle_fleet, running_worker
from tests.ops.cli.conftest import PARTITIONS, Itilnext, Ran
from tests.stack import Stack

pytestmark = pytest.mark.broker


@pytest.fixture(autouse=True)
def made(settings: dict[str, str], itilnext: Itilnext) -> dict[str, str]:
    """Make the topics; return the settings of the fleet."""
    assert itilnext("topics", "create").exit_code == 0
    return settings


def note(number: int, **changed: object) -> bytes:
    event: dict[str, object] = {
        "specversion": "1.0",
        "id": f"n{number}",
        "source": "/tests",
        "type": event_type("note.add"),
        "subject": f"T-{number}",
        "data": {"agent_id": "a1", "content": f"{number}"},
    }
    return orjson.dumps(event | changed)


async def commands_of(stack: Stack, prefix: str) -> list[bytes | None]:
    async with idle_fleet(stack, prefix, PARTITIONS) as fleet:
        return [record.value for record in await fleet.records(fleet.topics.commands)]


def from_stdin(settings: dict[str, str], lines: bytes, *words: str) -> Ran:
    done = subprocess.run(  # noqa: S603  this very program
        [sys.executable, "-m", "ops", "send", "-", *words],
        env=os.environ | settings,
        input=lines,
        capture_output=True,
        check=False,
        timeout=120,
    )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


async def test_a_file_is_sent_line_by_line_as_it_is(
    itilnext: Itilnext, stack: Stack, prefix: str, tmp_path: Path
) -> None:
    lines = [note(number) for number in range(50)]
    file = tmp_path / "commands.ndjson"
    file.write_bytes(b"\n".join(lines) + b"\n\n  \n")
    ran = await asyncio.to_thread(itilnext, "send", str(file))
    assert (ran.exit_code, ran.out) == (0, "sent 50 commands and 0 directory entries\n")
    assert sorted(filter(None, await commands_of(stack, prefix))) == sorted(lines)


def test_a_file_may_be_called_as_directory_entries_are(
    itilnext: Itilnext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("directory.ndjson").write_bytes(orjson.dumps(directory_value("agent", "a1", "/tests", {"name": "Ada"})))
    ran = itilnext("send", "directory.ndjson")
    assert (ran.exit_code, ran.out) == (0, "sent 0 commands and 1 directory entry\n")


async def test_entries_and_commands_may_be_mixed(itilnext: Itilnext, stack: Stack, prefix: str, tmp_path: Path) -> None:
    file = tmp_path / "mixed.ndjson"
    entry = orjson.dumps(directory_value("agent", "a1", "/tests", {"name": "Ada"}))
    file.write_bytes(b"\n".join([entry, note(1), entry, note(2)]))
    ran = await asyncio.to_thread(itilnext, "send", str(file), "--json")
    assert ran.json == {"sent": 4, "commands": 2, "directory_entries": 2}
    async with idle_fleet(stack, prefix, PARTITIONS) as fleet:
        records = await fleet.records(fleet.topics.directory)
    assert [(record.key, record.value) for record in records] == [(b"agent:a1", entry)] * 2


async def test_an_entry_without_a_subject_is_keyed_by_its_kind_and_id(
    itilnext: Itilnext, stack: Stack, prefix: str, tmp_path: Path
) -> None:
    named = directory_value("agent", "a1", "/tests", {"name": "Ada"})
    entry = orjson.dumps({name: value for name, value in named.items() if name != "subject"})
    file = tmp_path / "entry.ndjson"
    file.write_bytes(entry)
    ran = await asyncio.to_thread(itilnext, "send", str(file), "--json")
    assert ran.json == {"sent": 1, "commands": 0, "directory_entries": 1}
    async with idle_fleet(stack, prefix, PARTITIONS) as fleet:
        records = await fleet.records(fleet.topics.directory)
    assert [(record.key, record.value) for record in records] == [(b"agent:a1", entry)]
    file.write_bytes(orjson.dumps({**named, "subject": None, "data": {"name": "Ada"}}))
    assert itilnext("send", str(file)).exit_code == 2


async def test_nothing_of_a_file_with_bad_lines_is_sent(
    itilnext: Itilnext, stack: Stack, prefix: str, tmp_path: Path
) -> None:
    file = tmp_path / "bad.ndjson"
    bad_entry = orjson.dumps(directory_value("agent", "a1", "/tests", {"max_tickets": "many"}))
    tick = note(4, type=event_type("tick"))
    file.write_bytes(b"\n".join([note(1), b"{", b'{"specversion": "1.0"}', tick, note(5, subject=None), bad_entry]))
    ran = await asyncio.to_thread(itilnext, "send", str(file))
    assert ran.exit_code == 2
    assert "nothing sent" in ran.err
    for number in (2, 3, 4, 5, 6):
        assert f"line {number}: " in ran.err
    assert "line 1: " not in ran.err
    assert await commands_of(stack, prefix) == []


async def test_standard_input_is_sent_as_it_comes(made: dict[str, str], stack: Stack, prefix: str) -> None:
    lines = [note(number) for number in range(3000)]
    ran = await asyncio.to_thread(from_stdin, made, b"\n".join(lines), "--json")
    assert ran.json == {"sent": 3000, "commands": 3000, "directory_entries": 0}
    assert sorted(filter(None, await commands_of(stack, prefix))) == sorted(lines)


async def test_a_bad_line_on_standard_input_ends_it_and_says_how_many_were_sent(
    made: dict[str, str], stack: Stack, prefix: str
) -> None:
    lines = [note(1), note(2), b"nonsense", note(4)]
    ran = await asyncio.to_thread(from_stdin, made, b"\n".join(lines))
    assert ran.exit_code == 2
    assert ran.out == ""
    assert "line 3: " in ran.err
    assert "sent before it: 2 lines, after it none" in ran.err
    assert len(ran.err.splitlines()) == 2
    assert sorted(filter(None, await commands_of(stack, prefix))) == lines[:2]


async def test_a_line_without_end_is_refused_when_it_is_too_long(made: dict[str, str]) -> None:
    ran = await asyncio.to_thread(from_stdin, made, note(1) + b"\n" + b"x" * 5_000_000)
    assert ran.exit_code == 2
    assert "line 2: " in ran.err
    assert len(ran.err) < 1_000


def test_a_directory_is_no_file(itilnext: Itilnext, tmp_path: Path) -> None:
    ran = itilnext("send", str(tmp_path))
    assert ran.exit_code == 2
    assert "can't be read" in ran.err


async def test_a_command_is_built_from_words(itilnext: Itilnext, stack: Stack, prefix: str) -> None:
    words = ("envelope.create", "T-1", "agent_id=12", "reason=a b", "response_hours=2", "--id", "c1")
    signed = ("--source", "/me", "--time", "2026-01-02T03:04:05+01:00")
    ran = await asyncio.to_thread(itilnext, "send", *words, *signed)
    partition = partition_of("T-1", PARTITIONS)
    assert ran.out == f"sent c1 to {Topics(prefix).commands} {partition}:0\n"
    (value,) = await commands_of(stack, prefix)
    assert orjson.loads(value or b"") == {
        "specversion": "1.0",
        "id": "c1",
        "source": "/me",
        "type": "org.itilnext.envelope.create.v1",
        "subject": "T-1",
        "time": "2026-01-02T03:04:05+01:00",
        "datacontenttype": "application/json",
        "data": {"agent_id": "12", "reason": "a b", "response_hours": 2},
    }


async def test_a_value_is_text_where_the_field_takes_text_and_json_elsewhere(
    itilnext: Itilnext, stack: Stack, prefix: str
) -> None:
    opened = ("ticket.open", "T-1", "subject=7", 'external_refs={"jira":"J-1"}')
    told = ("message.record", "T-1", "direction=inbound", "content=[1]", 'to=["a","b"]', "from=c")
    refund = ("resolution.create", "T-1", "agent_id=a", "resolution_type=refund", "amount=10.00")
    for words in (opened, told, refund):
        assert (await asyncio.to_thread(itilnext, "send", *words)).exit_code == 0
    first, second, third = (orjson.loads(value or b"")["data"] for value in await commands_of(stack, prefix))
    assert first == {"subject": "7", "external_refs": {"jira": "J-1"}}
    assert second == {"direction": "inbound", "content": "[1]", "to": ["a", "b"], "from": "c"}
    assert third["amount"] == "10.00"


def test_each_command_gets_an_id_of_its_own(itilnext: Itilnext) -> None:
    first, second = (itilnext("send", "ticket.close", "T-1", "--json").json for _ in range(2))
    assert first["id"] != second["id"]
    assert (first["topic"], first["partition"]) == (second["topic"], second["partition"])
    assert second["offset"] == first["offset"] + 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("ticket.acept", "T-1"), "Did you mean ticket.accept?"),
        (("no-such-file.ndjson",), "neither a command nor a file"),
        (("directory.person", "p1"), "Did you mean directory."),
        (("directory.ndjson",), "neither a command nor a file"),
        (("ticket.accept",), "needs an id"),
        (("ticket.accept", "T-1"), "agent_id: Field required"),
        (("ticket.accept", "T-1", "agent=a1"), "it has no field 'agent'"),
        (("ticket.accept", "T-1", "agent=a1"), "Required: agent_id."),
        (("ticket.accept", "T-1", "a1"), "'a1' is not field=value"),
        (("ticket.accept", "T-1", "agent_id=a1", "agent_id=a2"), "agent_id is given twice"),
        (("ticket.accept", "T 1", "agent_id=a1"), "subject must be a ticket id"),
        (("ticket.accept", "T-1", "agent_id=a1", "--time", "today"), "time: "),
        (("ticket.accept", "T-1", "agent_id=a1", "--source", "no reference"), "source must be"),
        (("ticket.accept", "T-1", "agent_id=a1", "--id", ""), "id must be"),
        (("ticket.open", "T-1", "subject=x", "priority=huge"), "priority: "),
        (("ticket.open", "T-1", "subject=x", "--delete"), "--delete can only be used with"),
        (("directory.agent", "a1", "max_tickets=many"), "max_tickets: "),
        (("directory.agent", "a1", "name=Ada", "--wait"), "--wait can only be used with"),
        (("directory.agent", "a1", "name=Ada", "--delete"), "has no fields"),
        (("directory.agent", "a1", "--delete", "--source", "/me"), "--source can only be used with an entry that is"),
        (("directory.agent", "a1", "name=Ada", "--timeout", "5"), "--timeout can only be used with a command's name"),
        (("ticket.accept", "T-1", "agent_id=a1", "--timeout", "0"), "--timeout can only be used with --wait"),
        (("ticket.accept", "T-1", "agent_id=a1", "--source", ""), "source must be"),
        (("-", "T-1"), "ID can only be used with"),
        (("-", "--source", "/me", "--timeout", "5"), "--source, --timeout can only be used with"),
    ],
)
async def test_what_makes_no_sense_is_told_and_nothing_sent(
    itilnext: Itilnext, words: tuple[str, ...], told: str, stack: Stack, prefix: str
) -> None:
    ran = await asyncio.to_thread(itilnext, "send", *words)
    assert ran.exit_code == 2
    assert told in ran.err
    assert ran.out == ""
    assert await commands_of(stack, prefix) == []


async def test_a_directory_entry_is_built_and_deleted(itilnext: Itilnext, stack: Stack, prefix: str) -> None:
    words = ("directory.agent", "a1", "name=Ada", "is_active=false", "max_tickets=5", 'team_ids=["t1"]')
    assert (await asyncio.to_thread(itilnext, "send", *words)).exit_code == 0
    deleted = await asyncio.to_thread(itilnext, "send", "directory.agent", "a1", "--delete", "--json")
    where = {"topic": Topics(prefix).directory, "partition": 0, "offset": 1}
    assert deleted.json == {"key": "agent:a1", "deleted": True, **where}
    async with idle_fleet(stack, prefix, PARTITIONS) as fleet:
        written, tombstone = await fleet.records(fleet.topics.directory)
    entity = {"id": "a1", "name": "Ada", "is_active": False, "max_tickets": 5, "team_ids": ["t1"]}
    assert orjson.loads(written.value or b"")["data"] == entity
    assert (tombstone.key, tombstone.value) == (b"agent:a1", None)


PATIENTLY = ("--wait", "--timeout", "120")
"""The default is an operator's patience; here it is a net for what never comes true."""


async def test_waiting_shows_each_outcome(itilnext: Itilnext, stack: Stack, prefix: str) -> None:
    async def waited(*words: str) -> Ran:
        return await asyncio.to_thread(itilnext, "send", *words, *PATIENTLY)

    async with running_worker(stack, prefix, PARTITIONS) as fleet:
        opened = await waited("ticket.open", "T-1", "subject=Printer on fire")
        assert opened.exit_code == 0
        assert " T-1 v1 ticket.opened " in opened.out
        refused = await waited("ticket.accept", "T-1", "agent_id=nobody")
        assert refused.exit_code == 1
        assert "ticket.accept agent_unknown: " in refused.out
        await fleet.enter("agent", "a1")
        accepted = await waited("ticket.accept", "T-1", "agent_id=a1", "--id", "c1")
        assert accepted.exit_code == 0
        again = await waited("ticket.accept", "T-1", "agent_id=a1", "--id", "c1")
        assert again.exit_code == 0
        assert "duplicate" in again.out


async def test_waiting_tells_programs_too(itilnext: Itilnext, stack: Stack, prefix: str) -> None:
    async def waited(*words: str) -> Ran:
        return await asyncio.to_thread(itilnext, "send", *words, *PATIENTLY, "--json")

    async with running_worker(stack, prefix, PARTITIONS):
        opened = await waited("ticket.open", "T-1", "subject=Printer on fire", "--id", "c1")
        assert opened.json["outcome"] == "accepted"
        assert [record["value"]["type"] for record in opened.json["records"]] == [event_type("ticket.opened")]
        refused = await waited("ticket.open", "T-1", "subject=Printer on fire")
        assert refused.json["outcome"] == "rejected"
        assert refused.json["records"][0]["value"]["data"]["code"] == "ticket_exists"
        again = await waited("ticket.open", "T-1", "subject=Printer on fire", "--id", "c1")
        assert (again.json["outcome"], again.json["records"]) == ("duplicate", [])


def test_waiting_ends_when_nobody_decides(itilnext: Itilnext) -> None:
    ran = itilnext("send", "ticket.open", "T-1", "subject=fire", "--wait", "--timeout", "0.5")
    assert ran.exit_code == 1
    assert ran.out.startswith("sent ")
    assert "no outcome within 0.5 s" in ran.err
    assert "itilnext lag" in ran.err
