"""The envelopes that wait for a team or an agent, read from the view's lists (SPEC section 8)."""

from collections.abc import Iterable

from consumers.view_reader import ViewReader
from ops.case_rendering import local
from ops.fleet_view import told_reader
from ops.target import Target

Row = dict[str, object]


async def waiting_for_team(target: Target, team_id: str) -> list[Row]:
    """Return the pending envelopes that any member of the team may accept, the most urgent first."""
    async with told_reader(target) as reader:
        return await _rows(reader, await reader.index("envelopes-for-team", team_id))


async def waiting_for_agent(target: Target, agent_id: str) -> list[Row]:
    """Return the envelopes an agent works on, and the pending ones that name this agent, the most urgent first."""
    async with told_reader(target) as reader:
        members = [
            member
            for kind in ("envelopes-of-expert", "envelopes-for-expert")
            for member in await reader.index(kind, agent_id)
        ]
        return await _rows(reader, members)


async def _rows(reader: ViewReader, members: Iterable[str]) -> list[Row]:
    named = [tuple(member.split("/", 1)) for member in members]
    tickets = await reader.tickets(ticket_id for ticket_id, _ in named)
    found = [
        (ticket_id, envelope)
        for ticket_id, envelope_id in named
        if ticket_id in tickets and (envelope := tickets[ticket_id].envelope(envelope_id)) is not None
    ]
    found.sort(key=lambda pair: (pair[1].response_due_at, pair[0]))
    return [
        {
            "ticket": ticket_id,
            "envelope": envelope.envelope_id,
            "level": envelope.level,
            "status": envelope.status,
            "expert": envelope.expert_id,
            "reason": envelope.reason,
            "answer due": local(envelope.response_due_at),
            "response_due_at": envelope.response_due_at,
        }
        for ticket_id, envelope in found
    ]
