"""The auditor finds what is wrong: a sound little log, and one thing after another done to it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import orjson
import pytest

from tests.acceptance.wire import Record, command, output_id, partition_for, sha256
from tests.chaos.auditor import Logs, audit, open_tickets
from tests.chaos.workload import LIMITED, directory, workload

PARTITIONS = 2
SOURCE = "/connectors/acceptance"
TICKET = next(each for each in map(str, range(10)) if partition_for(each, PARTITIONS) == 0)
OTHER = next(each for each in map(str, range(10)) if partition_for(each, PARTITIONS) == 1)


def at(partition: int, offset: int, value: Any, key: str | None = None, **headers: str) -> Record:  # noqa: ANN401
    told = tuple((name.replace("_", "."), text.encode()) for name, text in headers.items())
    return Record(partition, offset, 1_000 + offset, key.encode() if key else None, orjson.dumps(value), told)


def chain(ticket: str, *told: tuple[str, str, dict[str, Any]]) -> list[Record]:
    """Return a ticket's events, each of a command id, a name and data."""
    events: list[Record] = []
    for identity, name, data in told:
        event = {
            "id": output_id(ticket, SOURCE, identity, 0),
            "type": f"org.itilnext.{name}.v1",
            "subject": ticket,
            "time": f"2026-01-01T00:00:{len(events):02d}Z",
            "causationid": identity,
            "causationsource": SOURCE,
            "ticketversion": len(events) + 1,
            "prevhash": sha256(events[-1].value or b"") if events else "",
            "data": data,
        }
        events.append(at(partition_for(ticket, PARTITIONS), len(events), event, ticket))
    return events


def sound() -> Logs:
    """A ticket opened, accepted, asked for in vain, and resolved; a duplicate, a move, and a record that is none."""
    sent = [
        command("ticket.open", TICKET, "c0", {}),
        command("ticket.accept", TICKET, "c1", {}),
        command("ticket.accept", TICKET, "c1", {}),
        command("ticket.accept", TICKET, "c2", {}),
        command("ticket.resolve", TICKET, "c3", {}),
    ]
    commands = [at(0, offset, event, TICKET) for offset, event in enumerate(sent)]
    commands.append(at(1, 0, sent[-1], TICKET))
    commands[4] = replace(commands[4], headers=(("itilnext-moved", b"1:0"),))
    commands.append(at(1, 1, "no command"))
    events = chain(
        TICKET,
        ("c0", "ticket.opened", {}),
        ("c1", "ticket.accepted", {"agent_id": "limited-0"}),
        ("c3", "ticket.resolved", {"agent_id": "limited-0"}),
    )
    refused = {"id": output_id(TICKET, SOURCE, "c2", "rejected:0:3"), "data": {"code": "ticket_already_owned"}}
    snapshot = {"version": 3, "head_hash": sha256(events[-1].value or b""), "owner_id": "limited-0"}
    dead = replace(
        at(1, 0, "no command"),
        headers=(("__connect.errors.partition", b"1"), ("__connect.errors.offset", b"1")),
    )
    state = [at(0, 0, {"version": 1, "head_hash": "old", "owner_id": None}, TICKET), at(0, 1, snapshot, TICKET)]
    return Logs(PARTITIONS, commands, events, state, [at(0, 0, refused)], [dead])


def without(records: Sequence[Record], index: int) -> list[Record]:
    return [record for number, record in enumerate(records) if number != index]


def changed(record: Record, **fields: Any) -> Record:  # noqa: ANN401
    return replace(record, value=orjson.dumps(record.json | fields))


Harm = Callable[[Logs], Logs]
HARMS: dict[str, Harm] = {
    "neither a command nor in the DLQ": lambda logs: replace(logs, dead_letters=[]),
    "2 outcomes": lambda logs: replace(logs, dead_letters=[*logs.dead_letters] * 2),
    "a move without its command": lambda logs: replace(logs, commands=without(logs.commands, 5)),
    "a rejection without its command": lambda logs: replace(logs, commands=without(logs.commands, 3)),
    "a DLQ record without its command": lambda logs: replace(logs, commands=logs.commands[:-1]),
    "was decided on a partition that is not its own": lambda logs: replace(
        logs, commands=[*logs.commands, at(1, 2, command("note.add", TICKET, "c9", {}))]
    ),
    "0 events, and outcomes ['quiet']": lambda logs: replace(logs, events=logs.events[:-1]),
    "1 events, and outcomes ['refused']": lambda logs: replace(
        logs,
        rejections=[*logs.rejections, at(0, 1, {"id": output_id(TICKET, SOURCE, "c0", "rejected:0:0"), "data": {}})],
    ),
    "refused after it was accepted": lambda logs: replace(
        logs,
        rejections=[*logs.rejections, at(0, 1, {"id": output_id(TICKET, SOURCE, "c1", "rejected:0:2"), "data": {}})],
    ),
    "events with the ids": lambda logs: replace(logs, events=[*logs.events[:-1], changed(logs.events[-1], id="x")]),
    "events without a command": lambda logs: replace(logs, commands=without(logs.commands, 0)),
    "is version 1": lambda logs: replace(
        logs, events=[logs.events[0], changed(logs.events[1], ticketversion=1), logs.events[2]]
    ),
    "the chain is broken": lambda logs: replace(
        logs, events=[changed(logs.events[0], data={"forged": True}), *logs.events[1:]]
    ),
    "its time runs backwards": lambda logs: replace(
        logs, events=[changed(logs.events[0], time="2027"), *logs.events[1:]]
    ),
    "lies in partition 1": lambda logs: replace(
        logs, events=[*logs.events[:-1], replace(logs.events[-1], partition=1)]
    ),
    "the snapshot is of version 1": lambda logs: replace(logs, state=logs.state[:1]),
    "the snapshot's hash": lambda logs: replace(logs, state=[changed(logs.state[1], head_hash="x")]),
    "the snapshot's owner is a2": lambda logs: replace(logs, state=[changed(logs.state[1], owner_id="a2")]),
    "has no snapshot": lambda logs: replace(logs, state=[]),
    "has no events": lambda logs: replace(logs, state=[*logs.state, at(1, 0, logs.state[1].json, OTHER)]),
}


def test_a_sound_log_is_sound() -> None:
    assert audit(sound(), {"limited-0": 1}) == []


@pytest.mark.parametrize("sentence", HARMS)
def test_what_is_wrong_is_found(sentence: str) -> None:
    assert any(sentence in problem for problem in audit(HARMS[sentence](sound()), {}))


@pytest.mark.parametrize(
    ("second", "problem"),
    [
        (("ticket.accepted", {"agent_id": "b"}), "accepted by b, but owned by a"),
        (("ticket.ownership_transferred", {"from_owner_id": "c", "to_owner_id": "b"}), "transferred from c, but"),
    ],
)
def test_an_owner_that_changes_is_found(second: tuple[str, dict[str, str]], problem: str) -> None:
    events = chain(TICKET, ("c0", "ticket.accepted", {"agent_id": "a"}), ("c1", *second))
    logs = Logs(PARTITIONS, [], events, [], [], [])
    assert any(problem in each for each in audit(logs, {}))


def owned(ticket: str, agent: str, begins: int, ends: int | None) -> list[Record]:
    """Return a ticket that an agent owns from one instant to another."""
    accepted, resolved = chain(
        ticket, ("c0", "ticket.accepted", {"agent_id": agent}), ("c1", "ticket.resolved", {"agent_id": agent})
    )
    span = [replace(accepted, timestamp=begins)]
    return span if ends is None else [*span, replace(resolved, timestamp=ends)]


@pytest.mark.parametrize(("begins", "too_many"), [(14, True), (15, False), (16, False)])
def test_an_agent_with_too_many_open_tickets_is_found(begins: int, too_many: bool) -> None:  # noqa: FBT001
    events = [*owned("T-1", "a", 10, 15), *owned("T-2", "a", begins, None)]
    found = audit(Logs(PARTITIONS, [], events, [], [], []), {"a": 1})
    assert any("2 open tickets" in problem for problem in found) is too_many


def test_open_tickets_are_counted() -> None:
    transferred = ("c2", "ticket.ownership_transferred", {"from_owner_id": "a", "to_owner_id": "b"})
    events = [
        *owned("T-1", "a", 1, 2),
        *owned("T-2", "a", 1, None),
        *chain("T-3", ("c0", "ticket.accepted", {"agent_id": "a"}), transferred),
        *chain("T-4", *(("c", f"ticket.{name}", {"agent_id": "b"}) for name in ("accepted", "resolved", "reopened"))),
        *chain("T-5", *(("c", f"ticket.{name}", {"agent_id": "b"}) for name in ("accepted", "resolved", "closed"))),
    ]
    assert open_tickets(events) == {"a": 1, "b": 2}


def test_the_same_seed_gives_the_same_commands() -> None:
    assert list(workload(7, 500, 20)) == list(workload(7, 500, 20))
    assert list(workload(7, 500, 20)) != list(workload(8, 500, 20))
    assert {entry["data"]["id"] for entry in directory()} >= set(LIMITED)
