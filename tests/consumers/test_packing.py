"""How the writes of a view travel: few commands, in an order that means the same, none too long for a script."""

import msgpack
import pytest

from consumers.packing import Write, pack_writes

LUA_UNPACKS = 7_900


def unpacked(*writes: Write) -> list[list[object]]:
    commands: list[list[object]] = msgpack.unpackb(pack_writes(writes))
    return commands


def test_writes_of_one_kind_to_one_key_are_one_command() -> None:
    assert unpacked(("SADD", "a", "1"), ("HSET", "h", "f", 2), ("SADD", "a", b"3"), ("HSET", "h", "g", 4)) == [
        ["SADD", "a", "1", "3"],
        ["HSET", "h", "f", 2, "g", 4],
    ]


def test_the_order_of_the_writes_to_a_key_stays() -> None:
    writes: list[Write] = [
        ("SADD", "a", "1"),
        ("SREM", "a", "1"),
        ("SADD", "a", "1"),
        ("SET", "s", "x"),
        ("SET", "s", "y"),
    ]
    assert unpacked(*writes) == [list(write) for write in writes]


@pytest.mark.parametrize("words", [1_999, 2_000, 2_001, 4_000, 20_000])
def test_no_command_is_longer_than_a_script_can_take(words: int) -> None:
    one_write: Write = ("HSET", "h", *range(2 * words))
    for commands in (unpacked(one_write), unpacked(*(("HSET", "h", n, n + 1) for n in range(0, 2 * words, 2)))):
        assert max(map(len, commands)) < LUA_UNPACKS
        assert all(len(command) % 2 == 0 for command in commands), "a field was parted from its value"
        assert [word for command in commands for word in command[2:]] == list(range(2 * words))


def test_nothing_is_nothing() -> None:
    assert unpacked() == []
