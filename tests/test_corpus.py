"""The corpus of bad input, through the door and the rules, without a broker."""

from typing import get_args

import pytest

from contracts.dead_letters import DlqCode, Unreadable
from contracts.directory import Agent
from contracts.received import Position, RawRecord, read_command
from services.directory_state import DirectoryState
from services.handling import Accepted, Rejected, World, handle
from tests.corpus import CORPUS, Case

SENT_AT_MS = 1_795_512_600_123


class _RoomForAll:
    def admits(self, _agent: Agent, _ticket_id: str, _position: Position) -> bool:
        return True


def outcome_of(case: Case) -> str | None:
    """The code the case ends with, None for events."""
    timestamp = SENT_AT_MS if case.timestamp is None else case.timestamp
    try:
        command = read_command(RawRecord(Position(0, 0), timestamp, case.key, case.value, case.headers))
    except Unreadable as error:
        return error.code
    match handle(command, None, World(DirectoryState(), _RoomForAll())):
        case Accepted():
            return None
        case Rejected(refusal):
            return refusal.code
        case other:
            raise AssertionError(f"{case.name}: {other}")


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case.name)
def test_each_record_ends_as_the_page_says(case: Case) -> None:
    assert outcome_of(case) == case.outcome


def test_the_cases_do_not_meet() -> None:
    assert len({case.name for case in CORPUS}) == len(CORPUS)
    commands = [case.ticket for case in CORPUS if case.outcome not in get_args(DlqCode)]
    assert len(set(commands)) == len(commands)
