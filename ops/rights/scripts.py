"""The rights of a role as commands for who holds the servers: Kafka's own `kafka-acls.sh`, and Redis' `ACL SETUSER`."""

import shlex
from collections.abc import Sequence

from contracts.topics import Topics
from ops.rights.kafka import KAFKA_ROLES, Right
from ops.rights.redis import REDIS_ROLES

BEGIN = ("#!/bin/sh", "set -eu")
"""So that the script ends where a variable is missing or a tool fails."""
_TOOL = ("kafka-acls.sh", "--bootstrap-server")
_SERVER = '"$KAFKA"'
"""Left to the shell: where to log in, and how (--command-config), is not the fleet's to know."""
PASSWORD = "$PASSWORD"  # noqa: S105  the place of one


def kafka_acls(role: str, principal: str, topics: Topics) -> list[str]:
    """Return the shell commands that allow a principal, e.g. `User:ann`, what the role needs."""
    return [_line(principal, right) for right in KAFKA_ROLES[role].rights(topics)]


def redis_acl(role: str, user: str, prefix: str) -> str | None:
    """Return the shell command that makes the role's user on Redis; None for a role that needs none."""
    if role not in REDIS_ROLES:
        return None
    # The password goes in by standard input: arguments are seen by every user of a machine.
    rules = " ".join(("ACL SETUSER", user, *REDIS_ROLES[role].rules(prefix), f">{PASSWORD}"))
    return f'echo "{rules}" | redis-cli -e -u "$REDIS"'


def _line(principal: str, right: Right) -> str:
    words = ["--add", "--allow-principal", principal]
    for operation in right.operations:
        words += ["--operation", operation]
    return " ".join((*_TOOL, _SERVER, shlex.join([*words, *_resource(right)])))


def _resource(right: Right) -> Sequence[str]:
    if right.resource == "cluster":
        return ("--cluster",)
    named = (f"--{right.resource}", right.name)
    return named if right.pattern == "literal" else (*named, "--resource-pattern-type", "prefixed")
