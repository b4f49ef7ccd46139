"""Weeks by ISO 8601: around New Year, and what is no week."""

from datetime import UTC, datetime, timedelta

import pytest

from services.iso_weeks import parse_week, week_of


@pytest.mark.parametrize(
    ("day", "week"),
    [
        ("2026-11-24", "2026-W48"),
        ("2026-01-01", "2026-W01"),
        ("2027-01-03", "2026-W53"),
        ("2024-12-30", "2025-W01"),
        ("0009-06-01", "0009-W23"),
    ],
)
def test_a_week_is_of_its_thursday_s_year(day: str, week: str) -> None:
    assert week_of(datetime.fromisoformat(day).replace(tzinfo=UTC)) == week
    assert parse_week(week) == week


def test_a_week_ends_with_sunday_in_utc() -> None:
    monday = datetime(2026, 11, 30, tzinfo=UTC)
    assert (week_of(monday - timedelta(microseconds=1)), week_of(monday)) == ("2026-W48", "2026-W49")


@pytest.mark.parametrize(
    "text",
    ["", "2026-48", "2026-W8", "2026-w48", "2026W48", "2026-W00", "2025-W53", "2026-W54", "٢٠٢٦-W48", "0000-W01"],
)
def test_what_is_no_week_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a week|has no week"):
        parse_week(text)
