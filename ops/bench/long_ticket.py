"""What the bench of views reads: a ticket that much has happened to, and the real log, decided here as workers would.

Pure but for the repository's form: neither Kafka nor Redis takes part.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

from contracts.cloudevents import STRUCTURED_HEADERS
from contracts.commands import AcceptEnvelope, AcceptTicket, AddNote, Command, CreateEnvelope, CreateTask, OpenTicket
from contracts.directory import Agent, DirectoryChange, read_directory_change
from contracts.json_values import write_json
from contracts.received import Position, RawRecord, read_command
from contracts.ticket import Ticket
from ops.sample import INCIDENT_LOG
from producers.servicenow import commands, directory_entries, read_log
from services import DirectoryState, InMemoryTickets, ServiceDesk
from services.desk import CountedCapacity
from services.handling import Accepted, World, handle

ENTRIES, ENVELOPES, EXPERTS = 1_000, 50, 10
OWNER, EXPERT = "owner", "expert-0"
LONG_TICKET = "LONG-1"
_TEXT = "Swapped the fuser, printed twenty pages from two trays; the third still jams, so the feed roller is next. " * 2
_START = datetime(2026, 1, 5, 9, tzinfo=UTC)
_RECORDED_AT_MS = 1_795_000_000_000
"""When the commands of the log are taken to have been sent: later than any of its own times."""


async def long_ticket() -> tuple[InMemoryTickets, DirectoryState]:
    """Return a ticket of so many entries and envelopes, where each expert works in an equal share of the envelopes."""
    directory = DirectoryState()
    for agent_id in (OWNER, *(_expert(number) for number in range(EXPERTS))):
        directory.apply(DirectoryChange("agent", agent_id, Agent(id=agent_id, team_ids=("desk",))))
    minutes = count()
    tickets = InMemoryTickets()
    desk = ServiceDesk(tickets, directory, clock=lambda: _START + timedelta(minutes=next(minutes)))
    for command in _life():
        await desk.send(LONG_TICKET, command)
    return tickets, directory


def real_log() -> Iterator[tuple[Ticket | None, Accepted]]:
    """Yield what each command of the sample log leads to, with its ticket before; all of them are accepted."""
    rows = read_log(INCIDENT_LOG)
    directory = DirectoryState()
    for entry in directory_entries(rows):
        directory.apply(read_directory_change(str(entry["subject"]).encode(), write_json(entry), STRUCTURED_HEADERS))
    world = World(directory, CountedCapacity(0))
    tickets: dict[str, Ticket] = {}
    for offset, event in enumerate(commands(rows)):
        key = str(event["subject"]).encode()
        record = RawRecord(Position(0, offset), _RECORDED_AT_MS, key, write_json(event), STRUCTURED_HEADERS)
        command = read_command(record)
        before = tickets.get(command.ticket_id)
        outcome = handle(command, before, world)
        assert isinstance(outcome, Accepted), "the rules accept the whole log"
        tickets[command.ticket_id] = outcome.ticket
        yield before, outcome


def _life() -> Iterator[Command]:
    yield OpenTicket(subject="All printers of a floor are on strike", description=_TEXT)
    yield AcceptTicket(agent_id=OWNER)
    for number in range(ENVELOPES):
        expert, envelope = _expert(number), f"envelope-{number}"
        yield CreateEnvelope(agent_id=OWNER, reason="Knows this model", expert_id=expert, envelope_id=envelope)
        yield AcceptEnvelope(agent_id=expert, envelope_id=envelope)
        yield CreateTask(agent_id=expert, title="Look at it", envelope_id=envelope, assigned_to=expert)
    for number in range(ENTRIES - 2 - 3 * ENVELOPES):
        if number % 3 == 0:
            yield AddNote(agent_id=OWNER, content=_TEXT, visibility="public")
        else:
            envelope = f"envelope-{number % ENVELOPES}"
            yield AddNote(
                agent_id=_expert(number % ENVELOPES), content=_TEXT, envelope_id=envelope, visibility="envelope_only"
            )


def _expert(number: int) -> str:
    return f"expert-{number % EXPERTS}"
