"""`itilnext alerts`: what an agent has to look at, and where one ticket stands."""

from typing import TYPE_CHECKING, Annotated

import typer

from ops.console import (
    CommandFailed,
    ExitCode,
    JsonOption,
    examples,
    local,
    print_json,
    print_line,
    print_table,
    reported_errors,
)

if TYPE_CHECKING:
    from contracts.ticket import Alert
    from ops.alert_lists import PendingAlert
    from services.alert_grid import AlertCell

_IN_WORDS = {"not_holding": "-", "to_come": "to come"}


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command(
        "alerts", epilog=examples("itilnext alerts --agent anna", "itilnext alerts --ticket INC0000045 --json")
    )(alerts)


def alerts(
    agent: Annotated[
        str | None, typer.Option("--agent", metavar="ID", help="Raised to this agent, and not acknowledged yet.")
    ] = None,
    ticket: Annotated[
        str | None, typer.Option("--ticket", metavar="ID", help="All nine cells: when each comes due, what was raised.")
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="With --ticket: as of then.", show_default="now")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the alerts that wait for an agent, or show the three conditions by three levels of a ticket.

    An alert waits on an open ticket until one of its recipients, a team lead or a manager acknowledges it:
    `itilnext send alert.acknowledge TICKET alert_id=... agent_id=...`
    """
    import asyncio

    from ops.alert_lists import pending_alerts, ticket_grid
    from ops.target import load_target
    from ops.typed_times import instant_or_now

    with reported_errors():
        if (agent is None) == (ticket is None):
            raise CommandFailed("name one of --agent and --ticket", "See `itilnext alerts --help`.", ExitCode.USAGE)
        if at is not None and ticket is None:
            raise CommandFailed(
                "--at goes with --ticket", "What waits for an agent is told as of now: leave it out.", ExitCode.USAGE
            )
        instant = instant_or_now(at)
        target = load_target()
        if ticket is not None:
            _print_grid(ticket, asyncio.run(ticket_grid(target, ticket, instant)), as_json=as_json)
        elif agent is not None:
            _print_pending(agent, asyncio.run(pending_alerts(target, agent)), as_json=as_json)


def _print_pending(agent_id: str, pending: "list[PendingAlert]", *, as_json: bool) -> None:
    if as_json:
        print_json([{"ticket_id": ticket_id, **alert.wire()} for ticket_id, alert in pending])
        return
    rows = [
        (ticket_id, alert.condition, alert.level, local(alert.raised_at), *_told(alert, agent_id), alert.alert_id)
        for ticket_id, alert in pending
    ]
    print_table(
        f"Alerts that wait for {agent_id}: {len(rows)}",
        ("ticket", "condition", "level", "raised", "as", "because", "alert"),
        rows,
    )


def _print_grid(ticket_id: str, grid: "list[AlertCell]", *, as_json: bool) -> None:
    if as_json:
        print_json({"ticket_id": ticket_id, "cells": grid})
        return
    print_table(
        f"Alerts of {ticket_id}",
        ("condition", "level", "due at", "state", "raised", "acknowledged by", "alert"),
        [
            (
                cell.condition,
                cell.level,
                None if cell.due_at is None else local(cell.due_at),
                _IN_WORDS.get(cell.state, cell.state),
                *_raised(cell),
            )
            for cell in grid
        ],
    )
    if all(cell.state == "not_holding" for cell in grid):
        print_line("No condition holds: nothing will be raised as the ticket is now.")


def _raised(cell: "AlertCell") -> tuple[str, str | None, str]:
    alert = cell.alert
    return ("", None, "") if alert is None else (local(alert.raised_at), alert.acknowledged_by, alert.alert_id)


def _told(alert: "Alert", agent_id: str) -> tuple[str, str]:
    return next((each.role, each.reason) for each in alert.recipients if each.agent_id == agent_id)
