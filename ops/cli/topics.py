"""`itilnext topics create` and `topics check`."""

import asyncio
from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING

import typer

from ops.console import ExitCode, JsonOption, examples, print_json, print_line, reported_errors

if TYPE_CHECKING:
    from producers.topics_admin import Finding


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    topics = typer.Typer(no_args_is_help=True, help="Make the topics of the fleet, and check them.")
    more = "ITILNEXT_TOPICS__PARTITIONS=24 ITILNEXT_TOPICS__REPLICATION_FACTOR=3 itilnext topics create"
    topics.command("create", epilog=examples("itilnext topics create", more))(create)
    topics.command("check", epilog=examples("itilnext topics check", "itilnext topics check --json"))(check)
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


def _plain(findings: Iterable["Finding"]) -> list[dict[str, str]]:
    return [{"topic": each.topic, "problem": each.problem, "remedy": each.remedy} for each in findings]


def _print_findings(findings: Iterable["Finding"]) -> None:
    for remedy, group in groupby(findings, key=lambda each: each.remedy):
        for each in group:
            print_line(f"{each.topic}: {each.problem}")
        print_line(f"  {remedy}")
