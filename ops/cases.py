"""One ticket with its history, from the view, or from the log where Redis can't be asked (`itilnext show`)."""

from dataclasses import dataclass, replace

from aiokafka import TopicPartition
from redis.exceptions import RedisError

from contracts.partitioner import partition_of
from contracts.recorded import read_recorded_event
from contracts.ticket import Ticket
from ops.console import CommandFailed, ExitCode
from ops.directory_lookup import find_agent, require_agent
from ops.fleet_view import open_view
from ops.log_reader import LogReader, written_ends
from ops.target import Target
from services.case_views import ExpertView, OwnerView, expert_view, owner_view
from services.evolve import fold
from services.history import History
from services.timeline import TimelineEntry, timeline
from services.visibility import CUSTOMER, SYSTEM, Viewer, known_to, takes_part


@dataclass(frozen=True, slots=True)
class Case:
    """A ticket with its history, and where it was read; `team_ids` are the viewer's teams where they were asked for."""

    history: History
    note: str = ""
    team_ids: tuple[str, ...] = ()


async def find_case(target: Target, ticket_id: str, agent_id: str | None = None) -> Case | None:
    """Return the case of a ticket, with the teams of the agent who looks; None where there is none.

    Raises:
        CommandFailed: the directory has no such agent, and the case has none either.
        TopicsUnfit: a topic is missing, or co-partitioned ones differ.
        KafkaError: the broker can't be reached.
        RedisError: Redis answered at first, and then could not be asked for the agent.
    """
    async with open_view(target) as view:
        try:
            history = await view.reader.history(ticket_id)
        except RedisError as error:
            said = str(error).rstrip(".")
            why = f"Redis can't be asked ({said}); read from the log, without what waits for an agent's teams."
            return await _from_log(target, ticket_id, view.partitions, why)
    if history is not None and history.complete:
        case: Case | None = Case(history)
    else:  # Not in the view, or still being filled: the log has it if it exists.
        why = "The view is still being filled; read from the log."
        case = await _from_log(target, ticket_id, view.partitions, why)
    if case is None or agent_id is None:
        return case
    return replace(case, team_ids=await _team_ids(target, agent_id, case.history.ticket))


def no_such_ticket(ticket_id: str) -> CommandFailed:
    """Return the error for a ticket that neither the view nor the log has."""
    remedy = "`itilnext tail events --from-start --until-end` shows which there are."
    return CommandFailed(f"there is no ticket {ticket_id}", remedy)


async def _team_ids(target: Target, agent_id: str, ticket: Ticket) -> tuple[str, ...]:
    """Return an agent's teams: none of one who has left the directory, and still sees a case they have a part in."""
    if agent_id == ticket.owner_id or any(takes_part(agent_id, envelope) for envelope in ticket.envelopes):
        agent = await find_agent(target, agent_id)
        return () if agent is None else agent.team_ids
    return (await require_agent(target, agent_id)).team_ids


async def _from_log(target: Target, ticket_id: str, partitions: int, note: str) -> Case | None:
    """Read the ticket's partition of the events topic, and fold what is the ticket's."""
    partition = TopicPartition(target.topics.events, partition_of(ticket_id, partitions))
    key = ticket_id.encode()
    async with LogReader(target.kafka, [partition]) as reader:
        ends = await written_ends(target.kafka, [partition])
        events = tuple([read_recorded_event(record.value) async for record in reader.until(ends) if record.key == key])
    ticket = fold(events)
    return None if ticket is None else Case(History.of(ticket, events), note)


@dataclass(frozen=True, slots=True)
class Seen:
    """What one viewer sees of a case.

    The ticket as far as it is theirs, the timeline, and the tabs of owner or expert.
    """

    viewer: Viewer
    ticket: Ticket
    timeline: list[TimelineEntry]
    owner: OwnerView | None
    expert: ExpertView | None

    @property
    def document(self) -> dict[str, object]:
        """The same for a program; a customer gets no snapshot, for most of it is the desk's own."""
        return {
            "ticket": None if self.viewer.kind == "customer" else self.ticket,
            "timeline": self.timeline,
            "owner_view": self.owner,
            "expert_view": self.expert,
        }


def parse_viewer(text: str) -> Viewer:
    """Read who looks: `customer`, `system` or `agent:ID`.

    Raises:
        CommandFailed: it is none of these.
    """
    kind, separator, agent_id = text.partition(":")
    if kind == "agent" and agent_id:
        return Viewer("agent", agent_id)
    if not separator and kind in ("customer", "system"):
        return CUSTOMER if kind == "customer" else SYSTEM
    raise CommandFailed(f"--as {text!r} names nobody", "Write customer, system or agent:ID.", ExitCode.USAGE)


def seen_by(case: Case, viewer: Viewer) -> Seen:
    """Return what the viewer sees; who sees what is decided in `services.visibility`."""
    ticket = case.history.ticket
    entries = timeline(ticket, case.history.events, viewer)
    owner = expert = None
    if viewer.kind == "agent" and viewer.agent_id == ticket.owner_id:
        owner = owner_view(ticket, viewer)
    elif viewer.kind == "agent":
        expert = expert_view(case.history, viewer, case.team_ids)
    return Seen(viewer, known_to(viewer, ticket), entries, owner, expert)
