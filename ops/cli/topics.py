"""`itilnext topics create`, `topics check` and `topics repartition`."""

import asyncio
from collections.abc import Iterable
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from ops.console import CommandFailed, ExitCode, JsonOption, counted, examples, print_json, print_line, reported_errors

if TYPE_CHECKING:
    from producers.topic_findings import Finding


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    topics = typer.Typer(
        no_args_is_help=True, help="Make the topics of the fleet, check them, and give them another partition count."
    )
    more = "ITILNEXT_TOPICS__PARTITIONS=24 ITILNEXT_TOPICS__REPLICATION_FACTOR=3 itilnext topics create"
    topics.command("create", epilog=examples("itilnext topics create", more))(create)
    topics.command("check", epilog=examples("itilnext topics check", "itilnext topics check --json"))(check)
    copied = "itilnext topics repartition --to-prefix itilnext2. --partitions 24"
    topics.command("repartition", epilog=examples(copied))(repartition)
    app.add_typer(topics, name="topics")


def create(as_json: JsonOption = False) -> None:
    """Make the topics that are missing, with the settings they should have; then check them all.

    What is there is left as it is. The names begin with ITILNEXT_TOPICS__PREFIX; ..._PARTITIONS and
    ..._REPLICATION_FACTOR say how they are made. Exit code 1: something is not as it should be.
    """
    from ops.target import load_target
    from producers.topics_admin import create_topics

    with reported_errors():
        target = load_target()
        wanted = target.settings.topics
        done = asyncio.run(create_topics(target.kafka, target.topics, wanted.partitions, wanted.replication_factor))
        if as_json:
            print_json({"created": done.made, "existing": done.kept, "findings": _plain(done.findings)})
        else:
            for name in done.made:
                print_line(f"created {name}")
            for name in done.kept:
                print_line(f"existing {name}")
            _print_findings(done.findings)
        if done.findings:
            raise typer.Exit(ExitCode.FOUND_WRONG)


def check(as_json: JsonOption = False) -> None:
    """Check that every topic is there, with the partitions and settings it should have.

    Each thing found wrong is told with what to do about it; nothing is changed. Exit code 1: something was found.
    """
    from ops.target import load_target
    from producers.topics_admin import check_topics

    with reported_errors():
        target = load_target()
        wanted = target.settings.topics
        findings = asyncio.run(check_topics(target.kafka, target.topics, wanted.partitions, wanted.replication_factor))
        if as_json:
            print_json({"ok": not findings, "findings": _plain(findings)})
        else:
            _print_findings(findings)
            if not findings:
                print_line(f"The topics of {wanted.prefix} are as they should be.")
        if findings:
            raise typer.Exit(ExitCode.FOUND_WRONG)


def repartition(
    to_prefix: Annotated[
        str, typer.Option("--to-prefix", metavar="PREFIX", help="What the names of the new topics begin with.")
    ],
    partitions: Annotated[int, typer.Option("--partitions", min=1, max=10_000, help="How many they have.")],
    as_json: JsonOption = False,
) -> None:
    """Copy a fleet's history to new topics with another partition count, on which a new fleet goes on.

    Events stay byte for byte what they are, in each ticket's order; snapshots are folded from them; the directory, the
    commands that wait and the groups' offsets go along. Stop connectors and workers first. The old topics are left as
    they are, with the rejections and dead letters. docs/runbook.md has the whole procedure.
    """
    from pydantic import ValidationError

    from ops.repartition import NewTopics, Repartition
    from ops.settings import TopicSettings
    from ops.target import load_target

    def tell(partition: int, events: int) -> None:
        if not as_json:
            print_line(f"partition {partition}: {counted(events, 'event')} copied")

    with reported_errors():
        target = load_target()
        try:
            topics = TopicSettings(prefix=to_prefix).names
        except ValidationError:
            problem = f"--to-prefix {to_prefix!r} can't begin the name of a topic"
            raise CommandFailed(problem, "Use 1 to 200 of A-Z a-z 0-9 . _ -", ExitCode.USAGE) from None
        new = NewTopics(topics, partitions, target.settings.topics.replication_factor)
        done = asyncio.run(Repartition(target.kafka, target.topics, new).run(tell))
        if as_json:
            print_json(asdict(done))
            return
        print_line(
            f"copied {counted(done.events, 'event')} of {counted(done.tickets, 'ticket')}, "
            f"{counted(done.directory_entries, 'directory entry', 'directory entries')} and "
            f"{counted(done.waiting_commands, 'waiting command')} to {counted(done.partitions, 'partition')} "
            f"under {done.prefix}"
        )
        print_line(
            f"  Set ITILNEXT_TOPICS__PREFIX={done.prefix} and ITILNEXT_TOPICS__PARTITIONS={done.partitions} for "
            "workers, connectors and tools, start the workers, and run `itilnext audit`."
        )


def _plain(findings: Iterable["Finding"]) -> list[dict[str, str]]:
    return [{"topic": each.topic, "problem": each.problem, "remedy": each.remedy} for each in findings]


def _print_findings(findings: Iterable["Finding"]) -> None:
    for remedy, group in groupby(findings, key=lambda each: each.remedy):
        for each in group:
            print_line(f"{each.topic}: {each.problem}")
        print_line(f"  {remedy}")
