"""JSON: strict on the way in, the same bytes for the same value on the way out."""

import json
from datetime import UTC, date, datetime

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.dead_letters import NotJson
from contracts.json_values import MAX_DEPTH, read_json, write_json
from contracts.model import Message
from tests.contracts.kinds import json_values


def _depth(value: object) -> int:
    """How deep objects and arrays are nested, by recursion."""
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0


@given(json_values)
def test_what_is_json_is_read(value: object) -> None:
    assert read_json(json.dumps(value).encode()) == value
    assert read_json(json.dumps(value, ensure_ascii=False, indent=1).encode()) == value


@given(json_values)
def test_what_is_written_is_read_back(value: object) -> None:
    assert read_json(write_json(value)) == value


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b" ",
        b"{",
        b"{} {}",
        b"[1,]",
        b"{'a': 1}",
        b"// no\n1",
        b"01",
        b"+1",
        b"NaN",
        b"[Infinity]",
        b"[-Infinity]",
        b"1e400",
        b"-1e400",
        b"9" * 5_000,
        b'"\x01"',
        b'"\\ud800"',
        b'"\\udc00\\ud800"',
        b'"\xed\xa0\x80"',
        b'"\xc0\x80"',
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        "{}".encode("utf-16-le"),
        "{}".encode("utf-32"),
        '"é"'.encode("latin-1"),
        b"\x1f\x8b\x08\x00",
        b"[" * 10_000,
        b"[" * 10_000 + b"]" * 10_000,
        b'{"a":' * 65 + b"1" + b"}" * 65,
    ],
    ids=lambda value: repr(value[:16]) if value is not None else "null",
)
def test_what_is_no_json(value: bytes | None) -> None:
    with pytest.raises(NotJson):
        read_json(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b'{"a":1,"a":2}', {"a": 2}),
        (b"9" * 300, 1e300),
        (b"0." + b"1" * 5_000, 0.1111111111111111),
        (b"1e-5000", 0.0),
        (b"18446744073709551615", 2**64 - 1),
        (b"18446744073709551616", 2.0**64),
        (b'"\\ud83d\\ude00\\u0000"', "\N{GRINNING FACE}\x00"),
        (b"[" * 64 + b"1" + b"]" * 64, None),
    ],
)
def test_what_is_odd_but_json(text: bytes, value: object) -> None:
    read = read_json(text)
    assert value is None or read == value


def _nested(shape: str, depth: int, core: str) -> bytes:
    """Nested arrays, objects or both around a core."""
    opening = [("[", "]"), ('{"a":', "}")]
    layers = [opening[0 if shape == "arrays" or (shape == "both" and level % 2) else 1] for level in range(depth)]
    return ("".join(begin for begin, _ in layers) + core + "".join(end for _, end in reversed(layers))).encode()


@pytest.mark.parametrize("shape", ["arrays", "objects", "both"])
@pytest.mark.parametrize(("core", "adds"), [("1", 0), ("[]", 1), ("{}", 1), ('[1,{"b":2}]', 2)])
def test_the_limit_of_nesting_counts_objects_and_arrays_alike(shape: str, core: str, adds: int) -> None:
    read_json(_nested(shape, MAX_DEPTH - adds, core))
    with pytest.raises(NotJson, match="64 levels"):
        read_json(_nested(shape, MAX_DEPTH - adds + 1, core))


@given(st.recursive(st.just(0), lambda inner: st.lists(inner, max_size=2), max_leaves=200))
@example([[0] * 100])
@example([{}] * 100)
def test_many_brackets_are_not_deep_brackets(value: object) -> None:
    text = write_json(value)
    if _depth(value) <= MAX_DEPTH:
        assert read_json(text) == value
    else:
        with pytest.raises(NotJson):
            read_json(text)


class _Sample(Message):
    name: str
    at: datetime | None = None


def test_models_and_instants_are_written_as_the_engine_does() -> None:
    at = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
    fragment, holiday = orjson.Fragment(b"[1, 2]"), date(2026, 12, 25)
    written = write_json({"b": (1, 2.0), "a": _Sample(name="é", at=at), "c": at, "d": fragment, "e": holiday})
    assert written.decode() == (
        '{"b":[1,2.0],"a":{"name":"é","at":"2026-11-24T09:30:00.000000Z"},'
        '"c":"2026-11-24T09:30:00.000000Z","d":[1, 2],"e":"2026-12-25"}'
    )


def test_what_has_no_json_form_is_a_defect() -> None:
    with pytest.raises(TypeError):
        write_json({"a": object()})
