"""The formulas of SPEC section 3 once more, on their own: the audit must not take them from what it checks."""

import re
from hashlib import blake2b, sha256
from uuid import NAMESPACE_URL, uuid5

_EVENTS = uuid5(NAMESPACE_URL, "https://itilnext.org/event")
WRITTEN_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
"""How the engine writes times: in UTC, with microseconds, so that they sort as text."""


def output_id(subject: str, source: str, command_id: str, part: str | int) -> str:
    """Return the id of what a command led to."""
    return str(uuid5(_EVENTS, f"{subject}\n{source}\n{command_id}\n{part}"))


def link(value: bytes) -> str:
    """Return what the next event's `prevhash` has to be."""
    return sha256(value).hexdigest()


def fingerprint(*words: str) -> bytes:
    """Return 16 bytes that stand for some words without a newline: enough that no two of a log's are alike."""
    return blake2b("\n".join(words).encode(), digest_size=16).digest()


def digest(value: bytes) -> bytes:
    """Return 16 bytes that stand for a value."""
    return blake2b(value, digest_size=16).digest()
