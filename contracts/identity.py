"""Ids that follow from what they name, and the hash chain: the same inputs always give the same (SPEC section 3)."""

from hashlib import sha256
from uuid import NAMESPACE_URL, uuid5

EVENT_NAMESPACE = uuid5(NAMESPACE_URL, "https://itilnext.org/event")


def event_id(subject: str, source: str, command_id: str, part: int | str) -> str:
    """Return the UUIDv5 of a command's output: `part` is the event's index, or a word for another kind of output."""
    return str(uuid5(EVENT_NAMESPACE, f"{subject}\n{source}\n{command_id}\n{part}"))


def rejection_part(partition: int, offset: int) -> str:
    """Return the part of a rejection's id: each refused delivery of a command has one of its own."""
    return f"rejected:{partition}:{offset}"


def command_key(source: str, command_id: str) -> str:
    """Return the key a ticket remembers a command by: 16 hex digits of SHA-256 over source, newline, id."""
    return sha256(f"{source}\n{command_id}".encode()).hexdigest()[:16]


def value_hash(value: bytes) -> str:
    """Return the lowercase hex SHA-256 of a record's value bytes, a link of the hash chain."""
    return sha256(value).hexdigest()
