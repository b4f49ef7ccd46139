"""The alerts an agent has to look at, and those of one ticket, read from the view (SPEC sections 8 and 10)."""

from datetime import datetime

from consumers.directory_follower import DirectoryFollower
from contracts.ticket import Alert
from ops.cases import find_case, no_such_ticket
from ops.directory_lookup import require_agent
from ops.fleet_view import open_view, told_reader
from ops.target import Target
from services.alert_grid import AlertCell, alert_grid

PendingAlert = tuple[str, Alert]
"""A ticket's id, and an alert of it."""


async def pending_alerts(target: Target, agent_id: str) -> list[PendingAlert]:
    """Return the alerts that were raised to an agent, on open tickets, and that nobody has acknowledged; oldest first.

    Raises:
        CommandFailed: the directory has no such agent, and nothing was raised to one.
        TopicsUnfit: the fleet's topics are missing or unequal.
        KafkaError, RedisError: the broker or Redis can't be reached.
    """
    async with told_reader(target) as reader:
        members = [member.split("/", 1) for member in await reader.index("alerts", agent_id)]
        tickets = await reader.tickets(ticket_id for ticket_id, _ in members)
    found = [
        (ticket_id, alert)
        for ticket_id, alert_id in members
        if ticket_id in tickets
        for alert in tickets[ticket_id].alerts
        if alert.alert_id == alert_id
    ]
    if not found:
        await require_agent(target, agent_id)
    return sorted(found, key=lambda pending: (pending[1].raised_at, pending[0], pending[1].alert_id))


async def ticket_grid(target: Target, ticket_id: str, at: datetime) -> list[AlertCell]:
    """Return the nine cells of a ticket as of an instant, by the policy and the calendars in force now.

    Raises:
        CommandFailed: there is no such ticket.
        TopicsUnfit: the fleet's topics are missing or unequal.
        KafkaError, RedisError: the broker or Redis can't be reached.
    """
    async with open_view(target) as view, DirectoryFollower(target.kafka, target.topics.directory) as following:
        await following.caught_up()
        ticket = await view.reader.get(ticket_id)
        if ticket is None:  # Or the view has lost it: the log has it if it exists.
            case = await find_case(target, ticket_id)
            if case is None:
                raise no_such_ticket(ticket_id)
            ticket = case.history.ticket
        return list(alert_grid(ticket, following.directory, at))
