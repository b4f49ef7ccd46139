"""Priorities for programs that use the engine as a library (SPEC section 9)."""

from collections.abc import Callable
from datetime import datetime

from contracts.instants import in_utc
from services.decision import Directory, unknown_agent, unknown_team, unknown_ticket
from services.errors import CommandRejected
from services.priority import PriorityScore, priority_score
from services.repositories import WorkReader
from services.work_queue import WorkQueue, work_queue


class PriorityService:
    """What to do first, and why; the rules are in `services.priority` and `services.work_queue`.

    Args:
        tickets: where open tickets are looked up.
        directory: who there is.
        clock: the time that is meant where none is given.

    Each method raises ValueError for a time, or a clock, without an offset from UTC.
    """

    def __init__(self, tickets: WorkReader, directory: Directory, clock: Callable[[], datetime]) -> None:
        self._tickets = tickets
        self._directory = directory
        self._clock = clock

    async def score(self, ticket_id: str, at: datetime | None = None) -> PriorityScore:
        """Return the ticket's score as of an instant, with each factor of it.

        Raises:
            CommandRejected: `ticket_unknown`.
        """
        ticket = await self._tickets.get(ticket_id)
        if ticket is None:
            raise CommandRejected(unknown_ticket(ticket_id))
        return priority_score(ticket, self._instant(at))

    async def work_queue(
        self, agent_id: str | None = None, at: datetime | None = None, *, team_id: str | None = None
    ) -> WorkQueue:
        """Return the queue of an agent, of what the agent owns, or of a team, of what was opened for it.

        Whoever the directory no longer has keeps a queue as long as there is something in it.

        Raises:
            CommandRejected: `agent_unknown` or `team_unknown`.
            ValueError: both were named, or neither.
        """
        instant = self._instant(at)
        if agent_id is not None and team_id is None:
            queue = work_queue(await self._tickets.work_of_agent(agent_id, instant), instant)
            if queue.is_empty and self._directory.agent(agent_id) is None:
                raise CommandRejected(unknown_agent(agent_id))
        elif team_id is not None and agent_id is None:
            queue = work_queue(await self._tickets.work_of_team(team_id, instant), instant)
            if queue.is_empty and self._directory.team(team_id) is None:
                raise CommandRejected(unknown_team(team_id))
        else:
            raise ValueError("a work queue is an agent's or a team's: name one of agent_id and team_id")
        return queue

    def _instant(self, at: datetime | None) -> datetime:
        return in_utc(self._clock() if at is None else at)
