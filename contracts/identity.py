"""Ids that follow from what they name, and the hash chain: the same inputs always give the same (SPEC section 3)."""

from hashlib import sha1, sha256
from uuid import NAMESPACE_URL, uuid5

EVENT_NAMESPACE = uuid5(NAMESPACE_URL, "https://itilnext.org/event")
_NAMESPACE_HASH = sha1(EVENT_NAMESPACE.bytes, usedforsecurity=False)
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


def event_id(subject: str, source: str, command_id: str, part: int | str) -> str:
    """Return the UUIDv5 of a command's output: `part` is the event's index, or a word for another kind of output."""
    # RFC 9562, section 5.5, as `uuid.uuid5` does it, without the UUID object that every command would pay for.
    hashed = _NAMESPACE_HASH.copy()
    hashed.update(f"{subject}\n{source}\n{command_id}\n{part}".encode())
    digits = hashed.hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-5{digits[13:16]}-{_VARIANT[digits[16]]}{digits[17:20]}-{digits[20:32]}"


def rejection_part(partition: int, offset: int) -> str:
    """Return the part of a rejection's id: each refused delivery of a command has one of its own."""
    return f"rejected:{partition}:{offset}"


def command_key(source: str, command_id: str) -> str:
    """Return the key a ticket remembers a command by: 16 hex digits of SHA-256 over source, newline, id."""
    return sha256(f"{source}\n{command_id}".encode()).hexdigest()[:16]


def value_hash(value: bytes) -> str:
    """Return the lowercase hex SHA-256 of a record's value bytes, a link of the hash chain."""
    return sha256(value).hexdigest()
