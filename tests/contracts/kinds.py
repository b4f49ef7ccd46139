"""What a field of a message may hold, by kind (SPEC section 5): right values, values at the limits, wrong ones.

Values are as JSON holds them. Nothing here comes from the models under test.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

characters = st.characters(exclude_categories=["Cs"])
"""Every character JSON in UTF-8 can hold: lone surrogates are none."""


@dataclass(frozen=True)
class Kind:
    """Right values; some of them at the limits; wrong ones (null is never wrong by itself, but absent)."""

    right: SearchStrategy[Any]
    limits: tuple[object, ...]
    wrong: tuple[object, ...]


def _text(shortest: int, longest: int) -> Kind:
    too_short = ("",) if shortest else ()
    limits = ("x" * shortest, "x" * longest, "\N{GRINNING FACE}" * longest, "\x00")
    wrong: tuple[object, ...] = (*too_short, "x" * (longest + 1), 5, 5.5, True, [], ["x"], {}, {"x": "y"})
    return Kind(st.text(characters, min_size=shortest, max_size=min(longest, 40)), limits, wrong)


def one_of(*words: str) -> Kind:
    """A word of a closed list."""
    wrong: tuple[object, ...] = ("", "nonsense", words[0].upper(), f" {words[0]}", 0, True, [words[0]], {})
    return Kind(st.sampled_from(words), words, wrong)


@st.composite
def _instants(draw: st.DrawFn) -> str:
    local = draw(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)))  # noqa: DTZ001 a clock's face
    offset = draw(st.integers(-23 * 60 - 59, 23 * 60 + 59))
    digits = draw(st.integers(0, 6))
    seconds = f"{local:%S}" + (f".{local.microsecond:06}"[: digits + 1] if digits else "")
    sign, minutes = "+" if offset >= 0 else "-", abs(offset)
    shown = f"{minutes // 60:02}:{minutes % 60:02}"
    zone = draw(st.sampled_from(["Z", "z", "+00:00", "-00:00", f"{sign}{shown}"]))
    separator = draw(st.sampled_from("Tt"))
    return f"{local.year:04}-{local:%m-%d}{separator}{local:%H:%M}:{seconds}{zone}"


ID = _text(1, 128)
NAME = _text(1, 500)
TEXT = _text(0, 65_536)
CONTENT = _text(1, 65_536)
WORD = Kind(st.text(characters, max_size=40), ("", "x" * 70_000), (5, True, [], {}))
"""Any string: what is wrong with it is for a rule to say."""

instants = _instants()
INSTANT = Kind(
    instants,
    (
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999Z",
        "2016-12-31T23:59:60Z",
        "2026-11-24T09:30:00.123456789+05:30",
    ),
    (
        "",
        "yesterday",
        "2026-11-24",
        "2026-11-24T09:30:00",
        "2026-11-24 09:30:00Z",
        "2026-02-30T00:00:00Z",
        "2026-11-24T24:00:00Z",
        "2026-11-24T12:30:60Z",
        "2016-12-30T23:59:60Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        1_795_512_600,
        True,
        [],
        {},
    ),
)
HOURS = Kind(
    st.integers(1, 8760) | st.floats(min_value=0, max_value=8760, exclude_min=True),
    (8760, 8760.0, 0.001, 4),
    (0, 0.0, -1, 8760.001, 8761, 10**18, True, False, "4", [4], {}),
)
LEVEL = Kind(st.integers(1, 3), (1, 3), (0, 4, -1, 1.5, 2.0, True, "1", [1], {}))
NAMES = Kind(
    st.lists(NAME.right, max_size=3),
    ([], ["x" * 500], ["x"] * 1000),
    ("x", [""], ["x" * 501], [5], [None], [["x"]], {"x": "y"}, 5, True),
)
REFERENCES = Kind(
    st.dictionaries(NAME.right, ID.right, max_size=3),
    ({}, {"x" * 500: "x" * 128}),
    ([], "x", 5, True, {"": "x"}, {"x": ""}, {"x": None}, {"x": 5}, {"x" * 501: "y"}, {"x": "y" * 129}),
)
json_values: SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(characters, max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(characters, max_size=8), inner, max_size=3),
    max_leaves=8,
)
ANYTHING = Kind(json_values.filter(lambda value: value is not None), (0, "", "1.00", 1.5, True, [], {}), ())
"""Of any type: what is wrong with it is for a rule to say."""


def instant_as_shown(text: str) -> datetime:
    """Read an instant that `instants` made, by plain arithmetic."""
    local, zone = (text[:-1], "+00:00") if text[-1] in "Zz" else (text[:-6], text[-6:])
    whole, _, digits = local.upper().partition(".")
    clock = datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    ahead = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:]))
    return clock.replace(microsecond=int(digits.ljust(6, "0")) if digits else 0) - (ahead if zone[0] == "+" else -ahead)
