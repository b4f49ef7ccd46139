"""Work queues, and the resolutions that wait for somebody or are reported on, read from the view (SPEC section 8)."""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from consumers.directory_follower import DirectoryFollower
from consumers.view_reader import ViewReader
from contracts.directory import Agent
from ops.directory_lookup import require_agent, require_team
from ops.fleet_view import told_reader
from ops.target import Target
from services.resolution_lists import CaseResolution, awaiting_review, pending_approvals, tiers_decided_by
from services.resolution_report import ReportTally, ResolutionReport
from services.work_queue import WorkQueue, work_queue

_TICKETS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Approvals:
    """What an agent may approve or reject now, the oldest first."""

    agent: Agent
    cases: Sequence[CaseResolution]


async def agent_queue(target: Target, agent_id: str, at: datetime) -> WorkQueue:
    """Return the queue of an agent as of an instant; whoever left the directory keeps what was left behind.

    Raises:
        CommandFailed: the directory has no such agent, and nobody's tickets are this one's.
        TopicsUnfit: the fleet's topics are missing or unequal.
        KafkaError, RedisError: the broker or Redis can't be reached.
    """
    async with told_reader(target) as reader:
        queue = work_queue(await reader.work_of_agent(agent_id, at), at)
    if queue.is_empty:
        await require_agent(target, agent_id)
    return queue


async def team_queue(target: Target, team_id: str, at: datetime) -> WorkQueue:
    """Return the queue of a team as of an instant: the open tickets that were opened for it.

    Raises:
        CommandFailed: the directory has no such team, and no ticket was opened for it.
        TopicsUnfit: the fleet's topics are missing or unequal.
        KafkaError, RedisError: the broker or Redis can't be reached.
    """
    async with told_reader(target) as reader:
        queue = work_queue(await reader.work_of_team(team_id, at), at)
    if queue.is_empty:
        await require_team(target, team_id)
    return queue


async def approvals_for(target: Target, agent_id: str) -> Approvals:
    """Return what waits for an agent's approval.

    Raises:
        CommandFailed: the directory has no such agent.
        TopicsUnfit: the fleet's topics are missing or unequal.
        KafkaError, RedisError: the broker or Redis can't be reached.
    """
    async with told_reader(target) as reader:
        agent = await require_agent(target, agent_id)
        members = [each for tier in tiers_decided_by(agent) for each in await reader.index("approvals", tier)]
        cases = [case async for case in _cases(reader, members)]
    return Approvals(agent, pending_approvals(agent, cases))


async def calibration_queue(target: Target, week: str | None) -> list[CaseResolution]:
    """Return what waits for a review, of the resolutions of one week or of all, the oldest first.

    Raises:
        TopicsUnfit: the fleet's topics are missing or unequal.
        KafkaError, RedisError: the broker or Redis can't be reached.
    """
    async with told_reader(target) as reader:
        return awaiting_review([case async for case in _of_weeks(reader, "calibrations", week)])


async def resolution_report(target: Target, week: str | None) -> ResolutionReport:
    """Return the report on the resolutions of one week, or on all; teams are as the directory has them now.

    Raises:
        TopicsUnfit: the fleet's topics are missing or unequal.
        KafkaError, RedisError: the broker or Redis can't be reached.
    """
    async with told_reader(target) as reader, DirectoryFollower(target.kafka, target.topics.directory) as following:
        await following.caught_up()
        tally = ReportTally(following.directory)
        async for case in _of_weeks(reader, "resolutions", week):
            tally.take(case)
    return tally.report()


async def _of_weeks(reader: ViewReader, kind: str, week: str | None) -> AsyncIterator[CaseResolution]:
    for each in (week,) if week is not None else await reader.keys_of(kind):
        async for case in _cases(reader, await reader.index(kind, each)):
            yield case


async def _cases(reader: ViewReader, members: Iterable[str]) -> AsyncIterator[CaseResolution]:
    """Yield the resolutions of these members of a list that are there; some hundred tickets are held at a time."""
    for chunk in _chunks(members):
        tickets = await reader.tickets(ticket_id for ticket_id, _ in chunk)
        for ticket_id, resolution_id in chunk:
            ticket = tickets.get(ticket_id)
            resolution = None if ticket is None else ticket.resolution(resolution_id)
            if ticket is not None and resolution is not None:
                yield CaseResolution(ticket, resolution)


def _chunks(members: Iterable[str]) -> Iterator[list[tuple[str, str]]]:
    remaining = iter(members)
    while chunk := list(islice(remaining, _TICKETS_AT_ONCE)):
        named = (member.partition("/") for member in chunk)
        yield [(ticket_id, resolution_id) for ticket_id, _, resolution_id in named]
