"""The workload: every command of it is accepted with one event, and it is the mix it says it is."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import orjson

from consumers.country_holidays import holidays_of
from contracts.directory import read_directory_change
from contracts.json_values import write_json
from contracts.received import Position, RawRecord, ReceivedCommand, read_command
from ops.bench.workload import COMMANDS_PER_TICKET, Sendable, directory_entries, mix, openings, present, scattered_notes
from services.desk import CountedCapacity
from services.directory_state import DirectoryState
from services.handling import Accepted, World, handle

if TYPE_CHECKING:
    from contracts.ticket import Ticket

TICKETS = 40


def received(number: int, command: Sendable) -> ReceivedCommand:
    now = int(present().timestamp() * 1000)
    return read_command(RawRecord(Position(0, number), now, command.ticket_id.encode(), command.value, ()))


def desk() -> World:
    directory = DirectoryState(holidays_of)
    for entry in directory_entries():
        subject = str(entry["subject"])
        directory.apply(read_directory_change(subject.encode(), write_json(entry), ()))
    return World(directory, CountedCapacity(0))


def test_every_command_is_accepted_with_one_event() -> None:
    now = present()
    commands = [*openings(TICKETS, now), *scattered_notes(TICKETS, TICKETS, now)]
    for workload in (list(mix(TICKETS * COMMANDS_PER_TICKET, now)), commands):
        tickets: dict[str, Ticket] = {}
        world = desk()
        for number, command in enumerate(workload):
            outcome = handle(received(number, command), tickets.get(command.ticket_id), world)
            assert isinstance(outcome, Accepted), outcome
            assert len(outcome.events) == 1
            tickets[command.ticket_id] = outcome.ticket
        assert len(tickets) == TICKETS


def test_a_whole_number_of_tickets_ends_resolved_in_the_mix_of_the_report() -> None:
    commands = [orjson.loads(each.value) for each in mix(TICKETS * COMMANDS_PER_TICKET, present())]
    per_ticket = Counter(each["type"].removeprefix("org.itilnext.").removesuffix(".v1") for each in commands)
    assert {name: count / TICKETS for name, count in per_ticket.items()} == {
        "ticket.open": 1,
        "ticket.accept": 1,
        "note.add": 6,
        "message.record": 4,
        "envelope.create": 1,
        "envelope.cancel": 1,
        "ticket.resolve": 1,
    }


def test_any_number_of_commands_can_be_had_and_neighbours_belong_to_different_tickets() -> None:
    commands = list(mix(1_000, present()))
    assert len(commands) == 1_000
    same = sum(one.ticket_id == other.ticket_id for one, other in pairwise(commands))
    assert same < len(commands) / 10


def test_it_is_the_same_for_the_same_arguments_and_not_of_the_future() -> None:
    now = present()
    assert list(mix(500, now)) == list(mix(500, now))
    times = [received(number, command).time for number, command in enumerate(mix(500, now))]
    assert max(times) <= now
    assert min(times) >= now - timedelta(hours=2)
