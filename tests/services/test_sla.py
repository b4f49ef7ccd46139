"""The default policy is SPEC section 6's table, and policies write durations the way that page says."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from contracts.directory import Duration
from contracts.model import Condition, Priority
from services.sla import (
    DEFAULT_TARGETS,
    DEFAULT_THRESHOLDS,
    MAX_DURATION,
    InvalidDuration,
    default_calendar,
    parse_duration,
    parse_target,
    parse_thresholds,
)

SPEC_TABLE = """
| critical | 1 h | 5 / 10 / 15 min | 15 / 30 / 45 min | 30 / 15 / 0 min |
| high | 4 h | 15 / 30 / 60 min | 1 / 2 / 3 h | 60 / 30 / 0 min |
| medium | 8 h | 1 / 2 / 4 h | 4 / 6 / 8 h | 120 / 60 / 0 min |
| low | 24 h | 4 / 8 / 16 h | 8 / 16 / 24 h | 240 / 120 / 0 min |
"""
CONDITIONS: tuple[Condition, ...] = get_args(Condition)
on_the_wire = TypeAdapter(Duration)


def spans(cell: str) -> tuple[timedelta, ...]:
    numbers, unit = cell.rsplit(" ", 1)
    return tuple(timedelta(minutes=int(number) * (60 if unit == "h" else 1)) for number in numbers.split("/"))


def test_the_defaults_are_the_table_of_the_specification() -> None:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in SPEC_TABLE.strip().splitlines()]
    assert {row[0]: spans(row[1])[0] for row in rows} == DEFAULT_TARGETS
    assert {row[0]: dict(zip(CONDITIONS, map(spans, row[2:]), strict=True)) for row in rows} == DEFAULT_THRESHOLDS
    assert set(DEFAULT_TARGETS) == set(get_args(Priority))


def test_critical_runs_around_the_clock_and_the_others_in_office_hours() -> None:
    friday_evening = datetime(2026, 11, 27, 17, tzinfo=UTC)
    assert default_calendar("critical").add(friday_evening, timedelta(hours=2)) == datetime(
        2026, 11, 27, 19, tzinfo=UTC
    )
    for priority in set(DEFAULT_TARGETS) - {"critical"}:
        assert default_calendar(priority).add(friday_evening, timedelta(hours=2)) == datetime(
            2026, 11, 30, 9, tzinfo=UTC
        )


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("PT4H", timedelta(hours=4)),
        ("PT90M", timedelta(minutes=90)),
        ("PT1H30M", timedelta(hours=1, minutes=30)),
        ("PT1H0M5S", timedelta(hours=1, seconds=5)),
        ("PT1H5S", timedelta(hours=1, seconds=5)),
        ("PT007S", timedelta(seconds=7)),
        ("PT0S", timedelta(0)),
        ("PT876600H", MAX_DURATION),
    ],
)
def test_durations_of_hours_minutes_and_seconds(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration
    assert on_the_wire.validate_python(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "PT", "P1D", "P1DT1H", "P1W", "PT1.5H", "PT1,5H", "-PT1H", "PT-1H", "+PT1H", "pt1h", "PT1h"),
        *("PT1M1H", "PT1S1S", "PT1H ", " PT1H", "PT1H\n", "PT1", "1H", "4", "PT1234567890S"),
        "PT\N{ARABIC-INDIC DIGIT ONE}H",
    ],
)
def test_other_durations_are_refused(text: str) -> None:
    with pytest.raises(InvalidDuration, match="no duration of hours, minutes and seconds"):
        parse_duration(text)
    with pytest.raises(ValidationError):
        on_the_wire.validate_python(text)


def test_a_duration_of_more_than_a_hundred_years_is_refused() -> None:
    with pytest.raises(InvalidDuration, match="longer than a hundred years"):
        parse_duration("PT876600H1S")
    with pytest.raises(InvalidDuration, match="longer than a hundred years"):
        parse_duration("PT999999999H999999999M999999999S")


@given(st.text("PTHMS0189", max_size=8))
def test_what_a_policy_may_write_is_what_can_be_read(text: str) -> None:
    try:
        on_the_wire.validate_python(text)
    except ValidationError:
        with pytest.raises(InvalidDuration):
            parse_duration(text)
    else:
        assert timedelta(0) <= parse_duration(text) <= MAX_DURATION


def test_a_target_leaves_time() -> None:
    assert parse_target("PT1S") == timedelta(seconds=1)
    with pytest.raises(InvalidDuration, match="leaves no time"):
        parse_target("PT0S")


@pytest.mark.parametrize("condition", ["not_assigned", "not_updated"])
def test_thresholds_after_the_anchor_rise(condition: Condition) -> None:
    assert parse_thresholds(condition, ["PT15M", "PT0H30M", "PT1H"]) == DEFAULT_THRESHOLDS["high"]["not_assigned"]
    assert len(set(parse_thresholds(condition, ["PT1H", "PT60M", "PT3600S"]))) == 1
    for texts in (["PT30M", "PT15M", "PT1H"], ["PT0S", "PT15M", "PT1H"], ["PT15M", "PT2H", "PT1H"]):
        with pytest.raises(InvalidDuration, match=f"{condition}: .* in order"):
            parse_thresholds(condition, texts)


def test_thresholds_before_the_due_time_fall_and_may_be_zero() -> None:
    assert parse_thresholds("not_completed", ["PT1H", "PT30M", "PT0S"]) == DEFAULT_THRESHOLDS["high"]["not_completed"]
    for texts in (["PT0S", "PT30M", "PT1H"], ["PT1H", "PT0S", "PT30M"]):
        with pytest.raises(InvalidDuration, match=r"not_completed: .* in order"):
            parse_thresholds("not_completed", texts)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_there_are_three_thresholds(condition: Condition) -> None:
    for texts in ([], ["PT1H", "PT1H"], ["PT1H", "PT1H", "PT1H", "PT1H"]):
        with pytest.raises(InvalidDuration, match=f"{condition}: {len(texts)} thresholds"):
            parse_thresholds(condition, texts)
    with pytest.raises(InvalidDuration, match="no duration"):
        parse_thresholds(condition, ["PT1H", "-PT1H", "PT1H"])
