"""The rights as the tables of docs/security.md, for a fleet with the default prefix."""

from contracts.topics import Topics
from ops.rights.kafka import KAFKA_ROLES
from ops.rights.redis import REDIS_ROLES


def kafka_table() -> str:
    """Return what each role may do on Kafka, as Markdown."""
    lines = ["| role | on | may |", "| --- | --- | --- |"]
    for role in KAFKA_ROLES.values():
        for right in role.rights(Topics()):
            name = f"`{right.name}`" if right.pattern == "literal" else f"`{right.name}*`"
            lines.append(f"| {role.name} | {right.resource} {name} | {', '.join(right.operations)} |")
    return "\n".join(lines)


def redis_table() -> str:
    """Return what each role may do on Redis, as Markdown."""
    lines = ["| role | keys | commands |", "| --- | --- | --- |"]
    for role in REDIS_ROLES.values():
        keys = ", ".join(f"`{pattern}`" for pattern in role.keys(Topics().prefix))
        lines.append(f"| {role.name} | {keys} | `{' '.join(role.commands)}` |")
    return "\n".join(lines)
