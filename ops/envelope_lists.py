"""The envelopes that wait for a team or an agent, read from the view's lists (SPEC section 8)."""

from collections.abc import Iterable

from consumers.view_reader import ViewReader
from contracts.ticket import Envelope
from ops.directory_lookup import require_agent, require_team
from ops.fleet_view import told_reader
from ops.target import Target

WaitingEnvelope = tuple[str, Envelope]
"""A ticket's id, and an envelope of it."""


async def waiting_for_team(target: Target, team_id: str) -> list[WaitingEnvelope]:
    """Return the pending envelopes that any member of the team may accept, the most urgent first.

    Raises:
        CommandFailed: the directory has no such team, and nothing waits for one.
        TopicsUnfit: the fleet's topics are missing or unequal.
        KafkaError, RedisError: the broker or Redis can't be reached.
    """
    async with told_reader(target) as reader:
        found = await _envelopes(reader, await reader.index("envelopes-for-team", team_id))
    if not found:
        await require_team(target, team_id)
    return found


async def waiting_for_agent(target: Target, agent_id: str) -> list[WaitingEnvelope]:
    """Return the envelopes an agent works on, and the pending ones that name this agent, the most urgent first.

    Raises:
        CommandFailed: the directory has no such agent, and nothing waits for one.
        TopicsUnfit: the fleet's topics are missing or unequal.
        KafkaError, RedisError: the broker or Redis can't be reached.
    """
    async with told_reader(target) as reader:
        members = [
            member
            for kind in ("envelopes-of-expert", "envelopes-for-expert")
            for member in await reader.index(kind, agent_id)
        ]
        found = await _envelopes(reader, members)
    if not found:
        await require_agent(target, agent_id)
    return found


async def _envelopes(reader: ViewReader, members: Iterable[str]) -> list[WaitingEnvelope]:
    named = [tuple(member.split("/", 1)) for member in members]
    tickets = await reader.tickets(ticket_id for ticket_id, _ in named)
    found = [
        (ticket_id, envelope)
        for ticket_id, envelope_id in named
        if ticket_id in tickets and (envelope := tickets[ticket_id].envelope(envelope_id)) is not None
    ]
    return sorted(found, key=lambda waiting: (waiting[1].response_due_at, waiting[0]))
