"""`itilnext envelopes`: which requests for help wait for whom."""

from typing import Annotated

import typer

from ops.console import CommandFailed, ExitCode, JsonOption, print_json, print_table, reported_errors


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command("envelopes")(envelopes)


def envelopes(
    team: Annotated[str | None, typer.Option("--team", metavar="ID", help="Pending envelopes of this team.")] = None,
    agent: Annotated[
        str | None,
        typer.Option("--agent", metavar="ID", help="Envelopes this agent works on, or is asked for by name."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the envelopes that wait for a team, or for an agent.

    Examples: `itilnext envelopes --team network`, `itilnext envelopes --agent bob --json`.
    """
    import asyncio

    from ops.envelope_lists import waiting_for_agent, waiting_for_team
    from ops.target import load_target

    with reported_errors():
        target = load_target()
        if team is not None and agent is None:
            rows = asyncio.run(waiting_for_team(target, team))
        elif agent is not None and team is None:
            rows = asyncio.run(waiting_for_agent(target, agent))
        else:
            raise CommandFailed("name one of --team and --agent", "See `itilnext envelopes --help`.", ExitCode.USAGE)
        if as_json:
            print_json(rows)
            return
        columns = ("ticket", "envelope", "level", "status", "expert", "reason", "answer due")
        print_table(f"Envelopes: {len(rows)}", columns, [[row[column] for column in columns] for row in rows])
