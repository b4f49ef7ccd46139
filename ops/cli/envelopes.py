"""`itilnext envelopes`: which requests for help wait for whom."""

from typing import TYPE_CHECKING, Annotated

import typer

from ops.console import (
    CommandFailed,
    ExitCode,
    JsonOption,
    examples,
    local,
    print_json,
    print_table,
    reported_errors,
)

if TYPE_CHECKING:
    from ops.envelope_lists import WaitingEnvelope


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    shown = examples("itilnext envelopes --team network", "itilnext envelopes --agent bob --json")
    app.command("envelopes", epilog=shown)(envelopes)


def envelopes(
    team: Annotated[str | None, typer.Option("--team", metavar="ID", help="Pending envelopes of this team.")] = None,
    agent: Annotated[
        str | None,
        typer.Option("--agent", metavar="ID", help="Envelopes this agent works on, or is asked for by name."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the envelopes that wait for a team, or for an agent, the most urgent first.

    The one who was asked, or a member of the team, takes one on:
    `itilnext send envelope.accept TICKET envelope_id=... agent_id=...`
    """
    import asyncio

    from ops.envelope_lists import waiting_for_agent, waiting_for_team
    from ops.target import load_target

    with reported_errors():
        target = load_target()
        if team is not None and agent is None:
            whose, waiting = f"team {team}", asyncio.run(waiting_for_team(target, team))
        elif agent is not None and team is None:
            whose, waiting = agent, asyncio.run(waiting_for_agent(target, agent))
        else:
            raise CommandFailed("name one of --team and --agent", "See `itilnext envelopes --help`.", ExitCode.USAGE)
        if as_json:
            print_json([{"ticket_id": ticket_id, **envelope.wire()} for ticket_id, envelope in waiting])
            return
        columns = ("ticket", "envelope", "level", "status", "expert", "reason", "answer due")
        print_table(f"Envelopes that wait for {whose}: {len(waiting)}", columns, map(_row, waiting))


def _row(waiting: "WaitingEnvelope") -> tuple[object, ...]:
    ticket_id, envelope = waiting
    about = (envelope.envelope_id, envelope.level, envelope.status, envelope.expert_id, envelope.reason)
    return (ticket_id, *about, local(envelope.response_due_at))
