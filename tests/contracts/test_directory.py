"""Directory entries: read strictly, defaults filled in, a bad one told apart (SPEC sections 4 and 6)."""

from datetime import date
from typing import Any

import orjson
import pytest

from contracts.cloudevents import STRUCTURED_HEADERS
from contracts.dead_letters import BadKey, InvalidData, NotCloudEvent, NotJson, UnknownType, Unreadable
from contracts.directory import KINDS, Agent, Policy, directory_value, read_directory_change
from contracts.json_values import write_json

# SPEC section 4's table: each kind's fields and what an absent one counts as.
PAGE: dict[str, dict[str, object]] = {
    "agent": {
        "name": None,
        "email": None,
        "role": "agent",
        "team_ids": [],
        "is_active": True,
        "max_tickets": 25,
        "empowerment_limit": "100.00",
        "substitute_id": None,
    },
    "team": {"name": None, "lead_id": None, "manager_id": None, "tier1_limit": "100.00", "tier2_limit": "500.00"},
    "contact": {
        "email": None,
        "first_name": None,
        "last_name": None,
        "phone": None,
        "company_id": None,
        "tier": "standard",
    },
    "company": {"name": None, "domain": None, "tier": "standard"},
    "calendar": {"timezone": "UTC", "hours": {"mon": [["08:00", "18:00"]]}, "holidays": [], "holiday_country": None},
    "policy": {
        "targets": {},
        "thresholds": {},
        "calendars": {},
        "vip_target_factor": 1,
        "legal_team_id": None,
        "currencies": {},
        "calibration_sample_percent": 5,
    },
}
LEAST: dict[str, dict[str, Any]] = {
    **{kind: {} for kind in PAGE},
    "calendar": {"timezone": "UTC", "hours": {"mon": [["08:00", "18:00"]]}},
}
IDS = {kind: "default" if kind == "policy" else "x1" for kind in PAGE}


def _entry(kind: str, **fields: object) -> bytes:
    return write_json(directory_value(kind, IDS[kind], "/hr", {**LEAST[kind], **fields}))


def _read(kind: str, **fields: object) -> Any:  # noqa: ANN401 an entity of this kind
    key = f"{kind}:{IDS[kind]}".encode()
    return read_directory_change(key, _entry(kind, **fields), STRUCTURED_HEADERS).entity


@pytest.mark.parametrize("kind", PAGE)
def test_a_kind_has_the_fields_and_defaults_of_the_page(kind: str) -> None:
    assert KINDS.keys() == PAGE.keys()
    assert orjson.loads(write_json(_read(kind))) == {"id": IDS[kind], **PAGE[kind]}
    nulls = dict.fromkeys(name for name in PAGE[kind] if name not in LEAST[kind])
    assert _read(kind, **nulls, unknown=5) == _read(kind)


@pytest.mark.parametrize("kind", PAGE)
def test_a_tombstone_deletes(kind: str) -> None:
    change = read_directory_change(f"{kind}:a:b".encode(), None, ())
    assert (change.kind, change.id, change.entity) == (kind, "a:b", None)


def test_a_full_calendar_and_a_full_policy() -> None:
    calendar = _read("calendar", holidays=["2026-12-25"], holiday_country="DE")
    assert calendar.holidays == (date(2026, 12, 25),)
    assert calendar.hours == {"mon": (("08:00", "18:00"),)}
    policy = {
        "id": "default",
        "targets": {"high": "PT4H"},
        "thresholds": {"low": {"not_assigned": ["PT15M", "PT1H30M", "PT5400S"]}},
        "calendars": {"critical": "24x7"},
        "vip_target_factor": 0.5,
        "legal_team_id": "legal",
        "currencies": {"CHF": {"agent": "100.00", "team_lead": "500"}},
        "calibration_sample_percent": 0,
    }
    assert orjson.loads(write_json(_read("policy", **policy))) == policy


WRONG: dict[str, dict[str, tuple[object, ...]]] = {
    "agent": {
        "id": (5, "", "x" * 129),
        "role": ("boss", "", True),
        "team_ids": ("t1", [5], [""], {"t": 1}),
        "is_active": (1, "true"),
        "max_tickets": (-1, 25.0, "25", True),
        "empowerment_limit": (
            100,
            100.0,
            "-1",
            "1.234",
            "1e3",
            "1" * 13,
            "",
            "1,00",
            "100.00\n",
            "\N{FULLWIDTH DIGIT ONE}",
        ),
        "substitute_id": ("", 5),
    },
    "contact": {"tier": ("gold", True), "company_id": ("",), "email": (5,)},
    "calendar": {
        "timezone": (None, "", 1),
        "hours": (None, [], {"monday": []}, {"mon": [["08:00"]]}, {"mon": ["08:00", "18:00"]}, {"mon": [[8, 18]]}),
        "holidays": ("2026-12-25", ["20261225"], ["2026-W52-5"], ["2026-12-25T00:00:00Z"], ["2026-02-30"], [20261225]),
    },
    "policy": {
        "id": ("other",),
        "targets": (
            {"urgent": "PT4H"},
            {"high": "4h"},
            {"high": "P1D"},
            {"high": "PT"},
            {"high": "PT1.5H"},
            {"high": 4},
        ),
        "thresholds": ({"high": {"not_assigned": ["PT1M", "PT2M"]}}, {"high": {"late": ["PT1M", "PT2M", "PT3M"]}}),
        "calendars": ({"high": ""}, {"high": 247}),
        "vip_target_factor": (0, -1, True, "0.5", 1001),
        "currencies": ({"EUR": {"agent": "1"}}, {"euro": {"agent": "1", "team_lead": "2"}}, {"EUR": "100.00"}),
        "calibration_sample_percent": (-1, 101, 5.0, True),
    },
}


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, fields in WRONG.items() for name in fields])
def test_a_wrong_entry_is_refused(kind: str, name: str) -> None:
    for value in WRONG[kind][name]:
        with pytest.raises(InvalidData, match=f"^{name}[.:]"):
            _read(kind, **{name: value})


@pytest.mark.parametrize("key", [None, b"", b"agent", b"agent:", b":x1", b"agents:x1", b"Agent:x1", b"\xff:x1", b"x1"])
def test_a_key_names_kind_and_id(key: bytes | None) -> None:
    with pytest.raises(BadKey):
        read_directory_change(key, _entry("agent"), STRUCTURED_HEADERS)
    with pytest.raises(BadKey):
        read_directory_change(key, None, ())


def test_key_type_and_id_say_the_same() -> None:
    with pytest.raises(BadKey, match="the key says team"):
        read_directory_change(b"team:x1", _entry("agent"), STRUCTURED_HEADERS)
    with pytest.raises(InvalidData, match="the key says 'x2'"):
        read_directory_change(b"agent:x2", _entry("agent"), STRUCTURED_HEADERS)


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (b"", NotJson),
        (b"null", NotCloudEvent),
        (b"{}", NotCloudEvent),
        (_entry("agent").replace(b"directory.agent", b"directory.robot"), UnknownType),
        (_entry("agent").replace(b'"data"', b'"date"'), InvalidData),
    ],
)
def test_what_is_no_entry(value: bytes, error: type[Unreadable]) -> None:
    with pytest.raises(error):
        read_directory_change(b"agent:x1", value, STRUCTURED_HEADERS)


def test_an_entry_may_come_in_binary_mode() -> None:
    entry = orjson.loads(_entry("agent"))
    data = orjson.dumps(entry.pop("data"))
    headers = tuple((f"ce_{name}", text.encode()) for name, text in entry.items())
    assert read_directory_change(b"agent:x1", data, headers).entity == Agent(id="x1")


def test_entries_that_say_other_things_are_other_events() -> None:
    ids = {directory_value("agent", "a", "/hr", {"name": name})["id"] for name in ("Anna", "Anne", "Anna")}
    assert len(ids) == 2
    longest = "x" * 128
    entry = write_json(directory_value("company", longest, "/crm", {}))
    assert read_directory_change(f"company:{longest}".encode(), entry, STRUCTURED_HEADERS).id == longest


def test_who_leads() -> None:
    assert [Agent(id="a", role=role).leads for role in ("agent", "team_lead", "manager")] == [False, True, True]
    assert Policy().id == "default"
