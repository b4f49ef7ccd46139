"""The writes of one apply as a single argument of its script: packing word by word costs more than deciding a command.

Writes of one kind to one key travel as one command. The order of the writes to a key stays; that of keys does not
matter, for a script is atomic.
"""

from collections.abc import Iterable

import msgpack

Word = str | bytes | int
Write = tuple[Word, ...]
"""A Redis command: its name, its key, and the rest, which for HSET, SADD and their like may be repeated."""
_REPEATING = frozenset(("HSET", "HDEL", "SADD", "SREM"))
_WORDS_AT_ONCE = 2_000
"""Lua's `unpack` can't take more than some 8,000; an even number, for a field stays with its value."""


def pack_writes(writes: Iterable[Write]) -> bytes:
    """Return the writes as MessagePack, for `cmsgpack.unpack` in a script: an array of commands."""
    commands: list[list[Word]] = []
    latest: dict[Word, list[Word]] = {}
    for name, key, *words in writes:
        for start in range(0, len(words), _WORDS_AT_ONCE):
            command = latest.get(key)
            if command is None or command[0] != name or name not in _REPEATING or len(command) > _WORDS_AT_ONCE:
                command = latest[key] = [name, key]
                commands.append(command)
            command += words[start : start + _WORDS_AT_ONCE]
    packed: bytes = msgpack.packb(commands, use_bin_type=False)  # cmsgpack has one type for all strings
    return packed
