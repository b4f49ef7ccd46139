"""What an audit answers with: counts, the verdict, and the first difference of each ticket."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Check = Literal[
    "event",  # attributes of an event: key, subject, source, type, time
    "partition",  # an event lies on the partition of its ticket
    "version",  # 1, 2, 3 ... without a gap
    "chain",  # prevhash
    "event_id",  # the UUIDv5 of subject, source, id and index
    "contiguity",  # the events of one command follow one another
    "identity",  # no command accepted twice
    "time",  # never backwards
    "fold",  # the events can follow one another
    "outcome",  # each command has exactly one
    "rejection",  # says what it should, and belongs to a command
    "dead_letter",  # tells where it comes from, once
    "state",  # the state topic's snapshot is what the events give
    "view",  # the snapshot in Redis is the state topic's
    "timeline",  # the events in Redis are the log's
    "list",  # the lists in Redis are what its snapshots say
    "count",  # an agent's count in Redis is what the lists say
]


class Difference(BaseModel):
    """One thing that is not as it should be; `where` is topic, partition:offset, or a key of Redis."""

    model_config = ConfigDict(frozen=True)

    ticket_id: str | None
    check: Check
    expected: str
    found: str
    where: str


class Outcomes(BaseModel):
    """What became of the commands: of each record one of these; `waiting` are not decided yet, and not judged."""

    accepted: int = 0
    rejected: int = 0
    dead_letters: int = 0
    moved: int = 0
    duplicates: int = 0
    waiting: int = 0


class AuditReport(BaseModel):
    """The verdict, and what it rests on; `differences` are the first ones, `differences_total` counts all found.

    A ticket's first difference counts, later ones of the same ticket don't.
    """

    model_config = ConfigDict(frozen=True)

    holds: bool
    partitions: int
    tickets: int
    events: int
    commands: int
    outcomes: Outcomes
    differences: tuple[Difference, ...]
    differences_total: int
    seconds: float
    events_per_second: float


class AuditProgress(BaseModel):
    """How far an audit is: `records` read of about so many."""

    model_config = ConfigDict(frozen=True)

    partition: int
    records: int
    of: int
    differences: int
