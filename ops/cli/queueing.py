"""`itilnext queue`: what an agent or a team should do first, and why."""

from typing import Annotated

import typer

from ops.console import CommandFailed, ExitCode, JsonOption, examples, local, print_json, reported_errors


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    at = "itilnext queue --team network --at 2026-11-27T08:00:00Z --json"
    app.command("queue", epilog=examples("itilnext queue --agent anna", at))(queue)


def queue(
    agent: Annotated[str | None, typer.Option("--agent", metavar="ID", help="What this agent owns.")] = None,
    team: Annotated[
        str | None, typer.Option("--team", metavar="ID", help="What was opened for this team, owned or not.")
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="Scored as of then.", show_default="now")
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, metavar="N", help="Tickets of each band to show; --json has all.")
    ] = 20,
    as_json: JsonOption = False,
) -> None:
    """Show open tickets by how urgent they are, in three bands, with what makes each of them so.

    Needs attention: a score of 80 or more, or due within 24 hours. Waiting on others: for the customer, or for an
    envelope. On track: the rest. A score is the priority's base times each factor that holds; docs/queue.md has all.
    Tickets are as they are now, also where --at names another time.
    """
    import asyncio

    from ops.queue_rendering import print_queue
    from ops.target import load_target
    from ops.typed_times import instant_or_now
    from ops.work_lists import agent_queue, team_queue

    with reported_errors():
        instant, target = instant_or_now(at), load_target()
        if agent is not None and team is None:
            title, found = f"Queue of {agent}", asyncio.run(agent_queue(target, agent, instant))
        elif team is not None and agent is None:
            title, found = f"Queue of team {team}", asyncio.run(team_queue(target, team, instant))
        else:
            raise CommandFailed("name one of --agent and --team", "See `itilnext queue --help`.", ExitCode.USAGE)
        if as_json:
            print_json(found)
        else:
            print_queue(f"{title}, as of {local(instant)}", found, instant, limit)
