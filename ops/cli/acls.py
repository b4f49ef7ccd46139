"""`itilnext acls`: the least rights of each role, as commands for who holds the servers."""

import re
from difflib import get_close_matches
from typing import Annotated

import typer

from ops.console import CommandFailed, ExitCode, examples, print_line, reported_errors

_NAME = re.compile(r"[A-Za-z0-9._@=,-]+")  # needs no quoting, neither for a shell nor for Redis


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    more = ("itilnext acls --role connector --user crm | KAFKA=kafka-1:9092 sh", "itilnext acls --role ticket-worker")
    app.command("acls", epilog=examples("itilnext acls", *more))(acls)


def acls(
    role: Annotated[str | None, typer.Option(metavar="ROLE", help="One role only; without it, all of them.")] = None,
    user: Annotated[
        str | None, typer.Option(metavar="NAME", help="The user that plays the role; by default named as the role.")
    ] = None,
) -> None:
    """Print the least rights of each role, as a script of kafka-acls.sh and redis-cli commands.

    Roles: connector, directory-sync, ticket-worker, alert-worker, directory-worker, ticker, analytics, operator. Topics
    and keys are named as the settings say (ITILNEXT_TOPICS__PREFIX). Where the script is run, $KAFKA is a bootstrap
    server and $REDIS a URL without a password (that is in $REDISCLI_AUTH), of users who may give rights; $PASSWORD
    becomes the user's on Redis. Users of Kafka are made beforehand. Needs no server.
    """
    from ops.rights.kafka import KAFKA_ROLES
    from ops.rights.scripts import BEGIN, kafka_acls, redis_acl
    from ops.settings import load_settings

    with reported_errors():
        topics = load_settings().topics.names
        if role is not None and role not in KAFKA_ROLES:
            near = get_close_matches(role, KAFKA_ROLES, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(KAFKA_ROLES)}."
            raise CommandFailed(f"there is no role {role!r}", hint, ExitCode.USAGE)
        if user is not None and role is None:
            raise CommandFailed("--user is the user of one role", "Say which with --role.", ExitCode.USAGE)
        if user is not None and _NAME.fullmatch(user) is None:
            raise CommandFailed(f"{user!r} can't be a user's name", "Use A-Z a-z 0-9 . _ @ = , -", ExitCode.USAGE)
        for line in BEGIN:
            print_line(line)
        for name in KAFKA_ROLES if role is None else (role,):
            print_line(f"# {name}: {KAFKA_ROLES[name].purpose}")
            for line in kafka_acls(name, f"User:{user or name}", topics):
                print_line(line)
            on_redis = redis_acl(name, user or name, topics.prefix)
            if on_redis is not None:
                print_line(on_redis)
