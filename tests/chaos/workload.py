"""The same commands for the same seed: mixed, many of them refused, some of them junk, duplicated or misplaced.

The generator does not know what becomes of its commands: it keeps a belief of each ticket, so that most make sense.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from tests.acceptance.wire import STRUCTURED, Headers, command, entry

LIMITED = {f"limited-{number}": 2 + number for number in range(8)}
UNLIMITED = tuple(f"free-{number}" for number in range(12))
MANAGERS = ("boss-0", "boss-1")
TEAMS = ("desk", "network", "legal")
_AGENTS = (*LIMITED, *UNLIMITED, *MANAGERS)
_STRANGERS = ("nobody", "retired")
_SOURCES = ("/connectors/mail", "/connectors/portal")
_CONTENT = "The printer on the third floor is on fire again. "
_SHARE_DUPLICATED, _SHARE_JUNK, _SHARE_MISPLACED, _SHARE_ODD = 0.05, 0.02, 0.03, 0.12
_PRIORITIES = ("critical", "high", "medium", "low")


@dataclass(frozen=True, slots=True)
class Sent:
    """A record to send: `shift` is how many partitions beside its own it goes to, 0 for where it belongs."""

    subject: str
    key: bytes | None
    value: bytes | None
    headers: Headers = STRUCTURED
    shift: int = 0


@dataclass(slots=True)
class _Belief:
    """What the generator takes a ticket for."""

    ticket: str
    opened: bool = False
    owner: str | None = None
    resolved: bool = False
    waiting: bool = False
    envelopes: list[str] = field(default_factory=list)
    tasks: list[str] = field(default_factory=list)
    count: int = 0


def directory() -> list[dict[str, Any]]:
    """Return the entries the workload rests on."""
    teams = [entry("team", team, {"name": team, "lead_id": "boss-0", "manager_id": "boss-1"}) for team in TEAMS]
    limits = LIMITED | dict.fromkeys((*UNLIMITED, *MANAGERS, "retired"), 1_000_000)
    agents = [
        entry(
            "agent",
            agent,
            {
                "name": agent,
                "role": "manager" if agent in MANAGERS else "agent",
                "team_ids": [TEAMS[number % len(TEAMS)]],
                "max_tickets": limit,
                "is_active": agent != "retired",
            },
        )
        for number, (agent, limit) in enumerate(limits.items())
    ]
    return [*teams, *agents]


def workload(seed: int, commands: int, tickets: int) -> Iterator[Sent]:
    """Yield so many records over so many tickets."""
    chance = random.Random(seed)
    beliefs = [_Belief(f"T{seed}-{number}") for number in range(tickets)]
    sent: list[Sent] = []
    for number in range(commands):
        draw = chance.random()
        if sent and draw < _SHARE_DUPLICATED:
            record = chance.choice(sent[-2_000:])
        elif draw < _SHARE_DUPLICATED + _SHARE_JUNK:
            record = _junk(chance, chance.choice(beliefs).ticket, number)
        else:
            record = _command(chance, chance.choice(beliefs), number)
        sent.append(record)
        yield record


def _command(chance: random.Random, belief: _Belief, number: int) -> Sent:
    name, data = _odd(chance, belief) if chance.random() < _SHARE_ODD else _sensible(chance, belief)
    attributes: dict[str, Any] = {"source": chance.choice(_SOURCES)}
    if chance.random() < 0.005:
        attributes["time"] = "2199-01-01T00:00:00Z"
    elif chance.random() < 0.05:
        attributes["time"] = f"2026-01-{chance.randint(1, 28):02d}T12:00:00+01:00"
    # Some ids are used twice with other data: an identity is accepted once, whatever it says.
    command_id = f"{belief.ticket}-{belief.count}"
    belief.count += chance.random() > 0.01
    value = orjson.dumps(command(name, belief.ticket, command_id, data, **attributes))
    key = None if chance.random() < 0.02 else belief.ticket.encode()
    shift = chance.randint(1, 3) if chance.random() < _SHARE_MISPLACED else 0
    # Marked as moved and still misplaced: this one may not be moved again.
    headers = (*STRUCTURED, ("itilnext-moved", b"0:0")) if shift and number % 5 == 0 else STRUCTURED
    return Sent(belief.ticket, key, value, headers, shift)


def _sensible(chance: random.Random, belief: _Belief) -> tuple[str, dict[str, Any]]:
    if not belief.opened:
        belief.opened = True
        fields = {"subject": _CONTENT, "priority": chance.choice(_PRIORITIES), "team_id": chance.choice(TEAMS)}
        return "ticket.open", fields
    if belief.resolved:
        if chance.random() < 0.4:
            return "ticket.close", {}
        belief.resolved = False
        return "ticket.reopen", {"reason": "still burning", "requested_by": "customer"}
    if belief.owner is None:
        agent = chance.choice((*LIMITED, *LIMITED, *UNLIMITED))
        # Whether a limited agent had room is not known: the next one tries again.
        belief.owner = None if agent in LIMITED and chance.random() < 0.5 else agent
        return "ticket.accept", {"agent_id": agent}
    return _work(chance, belief, belief.owner)


def _work(chance: random.Random, belief: _Belief, owner: str) -> tuple[str, dict[str, Any]]:
    return chance.choices((_talk, _ask_for_help, _plan, _decide), weights=(45, 24, 14, 11))[0](chance, belief, owner)


def _talk(chance: random.Random, belief: _Belief, owner: str) -> tuple[str, dict[str, Any]]:
    if chance.random() < 0.66:
        text, visibility = _CONTENT * chance.randint(1, 12), chance.choice(("internal", "public"))
        return "note.add", {"agent_id": owner, "content": text, "visibility": visibility}
    inbound = chance.random() < 0.5
    belief.waiting = belief.waiting and not inbound
    direction = {"direction": "inbound"} if inbound else {"direction": "outbound", "agent_id": owner}
    return "message.record", direction | {"content": _CONTENT, "channel": "email"}


def _ask_for_help(chance: random.Random, belief: _Belief, owner: str) -> tuple[str, dict[str, Any]]:
    draw = chance.random()
    if not belief.envelopes or draw < 0.2:
        belief.envelopes.append(f"E{belief.count}")
        asked = {"agent_id": owner, "reason": "help", "envelope_id": belief.envelopes[-1]}
        return "envelope.create", asked | {"team_id": chance.choice(TEAMS)}
    if draw < 0.6:
        return "envelope.accept", {"agent_id": chance.choice(_AGENTS), "envelope_id": belief.envelopes[-1]}
    name = chance.choice(("envelope.complete", "envelope.cancel"))
    return name, {"agent_id": owner, "envelope_id": belief.envelopes.pop()}


def _plan(chance: random.Random, belief: _Belief, owner: str) -> tuple[str, dict[str, Any]]:
    match chance.choice(("task", "clock", "priority", "flag")):
        case "task" if belief.tasks:
            name = chance.choice(("task.start", "task.complete", "task.cancel"))
            return name, {"task_id": belief.tasks.pop(0), "agent_id": owner}
        case "task":
            belief.tasks.append(f"K{belief.count}")
            return "task.create", {"agent_id": owner, "title": "look", "task_id": belief.tasks[-1]}
        case "clock":
            belief.waiting = not belief.waiting
            return ("ticket.await_customer" if belief.waiting else "ticket.resume"), {"agent_id": owner}
        case "priority":
            return "ticket.change_priority", {"agent_id": owner, "priority": chance.choice(_PRIORITIES)}
        case _:
            flag = chance.choice(("legal", "vip", "repeat_contact"))
            return chance.choice(("flag.add", "flag.clear")), {"agent_id": owner, "flag": flag}


def _decide(chance: random.Random, belief: _Belief, owner: str) -> tuple[str, dict[str, Any]]:
    if chance.random() < 0.1:
        belief.owner = chance.choice(_AGENTS)
        kind = chance.choice(("termination", "extended_leave"))
        who = {"new_owner_id": belief.owner, "authorized_by": chance.choice(MANAGERS)}
        return "ticket.transfer", {"transfer_type": kind, "reason": "gone", **who}
    belief.resolved = not belief.envelopes
    return "ticket.resolve", {"agent_id": owner, "summary": "extinguished"}


def _odd(chance: random.Random, belief: _Belief) -> tuple[str, dict[str, Any]]:
    """Return a command that is well formed, and most likely refused."""
    agent = chance.choice((*_AGENTS, *_STRANGERS))
    return chance.choice(
        (
            ("ticket.open", {"subject": "again"}),
            ("ticket.accept", {"agent_id": agent}),
            ("ticket.accept", {"agent_id": chance.choice(tuple(LIMITED))}),
            ("ticket.resolve", {"agent_id": agent}),
            ("ticket.reopen", {}),
            ("ticket.close", {"agent_id": agent}),
            ("note.add", {"agent_id": agent, "content": "public", "visibility": "public"}),
            ("envelope.accept", {"agent_id": agent, "envelope_id": "E1"}),
            ("envelope.create", {"agent_id": agent, "reason": "help", "expert_id": agent}),
            (
                "ticket.transfer",
                {"new_owner_id": agent, "transfer_type": "escalation", "reason": "up", "authorized_by": "boss-1"},
            ),
            (
                "ticket.transfer",
                {"new_owner_id": agent, "transfer_type": "termination", "reason": "up", "authorized_by": agent},
            ),
            ("task.create", {"agent_id": agent, "title": belief.ticket}),
        )
    )


def _junk(chance: random.Random, ticket: str, number: int) -> Sent:
    """Return a record that is no command."""
    good = command("ticket.open", ticket, f"junk-{number}", {"subject": "x"})
    return chance.choice(
        (
            Sent(ticket, ticket.encode(), None),
            Sent(ticket, None, b""),
            Sent(ticket, ticket.encode(), b"{"),
            Sent(ticket, ticket.encode(), b"\xff\xfe"),
            Sent(ticket, ticket.encode(), b'{"x":' * 100 + b"1" + b"}" * 100),
            Sent(ticket, b"another", orjson.dumps(good)),
            Sent(ticket, ticket.encode(), orjson.dumps(good | {"type": "org.itilnext.ticket.explode.v1"})),
            Sent(ticket, ticket.encode(), orjson.dumps(good | {"time": "yesterday"})),
            Sent(ticket, ticket.encode(), orjson.dumps(good | {"data": {"subject": 5}})),
            Sent(ticket, ticket.encode(), orjson.dumps(good), (("content-type", None),)),
            Sent(ticket, ticket.encode(), b"x" * 600_000),
            Sent(ticket, ticket.encode(), orjson.dumps(good | {"type": "?"}), shift=1),
        )
    )
