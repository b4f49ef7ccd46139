"""The least a role needs on Redis: which keys, which commands. Roles that are not listed have nothing to do there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

_COMMANDS = ("-@all", "+@read", "+@write", "+@connection", "+@transaction", "+@scripting", "-@dangerous")
"""What the view is made of and read with; @dangerous are those that reach beyond a key, as FLUSHALL and KEYS do."""


@dataclass(frozen=True, slots=True)
class RedisRole:
    """A kind of client: the patterns of its keys in a fleet with this prefix, and its commands as Redis' ACL rules.

    A fleet's keys begin with a hash tag: the brace is part of the name.
    """

    name: str
    keys: Callable[[str], tuple[str, ...]]
    commands: tuple[str, ...] = _COMMANDS

    def rules(self, prefix: str) -> tuple[str, ...]:
        """Return the rules of `ACL SETUSER`, without the password."""
        return ("reset", "on", *(f"~{keys}" for keys in self.keys(prefix)), "resetchannels", *self.commands)


REDIS_ROLES: Mapping[str, RedisRole] = {
    role.name: role
    for role in (
        RedisRole(
            "ticket-worker",
            lambda prefix: (f"{{{prefix}p[0-9]*", f"{{{prefix}agent:*", f"{{{prefix}fleet}}*"),
            (*_COMMANDS, "+info"),  # a count is good for one run of the server, which only INFO tells
        ),
        RedisRole("alert-worker", lambda prefix: (f"{{{prefix}p[0-9]*",)),
        RedisRole("directory-worker", lambda prefix: (f"{{{prefix}directory}}*",)),
        RedisRole("operator", lambda prefix: (f"{{{prefix}*",), (*_COMMANDS, "+info", "+time")),
    )
}
"""Every role with a user on Redis, by its name."""
