"""Calendar entries that can't be used: each is refused with a message that names the part at fault."""

from datetime import date, timedelta
from typing import cast

import pytest

from services.business_calendar import MAX_HOLIDAYS, WeeklyCalendar
from services.opening_hours import Hours, InvalidCalendar

MONDAYS: Hours = {"mon": (("08:00", "18:00"),)}


@pytest.mark.parametrize(
    ("hours", "message"),
    [
        ({}, "no window on any weekday"),
        ({"mon": (), "tue": ()}, "no window on any weekday"),
        ({"monday": (("08:00", "18:00"),)}, "'monday' is none of mon, tue"),
        ({"mon": (("18:00", "08:00"),)}, "hours.mon: a window that starts at 18:00:00 can't end at 8:00:00"),
        ({"tue": (("08:00", "08:00"),)}, "hours.tue: a window"),
        ({"tue": (("24:00", "24:00"),)}, "hours.tue: a window"),
        ({"wed": (("08:00", "12:00"), ("11:59", "18:00"))}, "hours.wed: two windows overlap at 11:59"),
        ({"wed": (("08:00", "18:00"), ("08:00", "18:00"))}, "hours.wed: two windows overlap at 8:00"),
        ({"thu": (("14:00", "18:00"), ("08:00", "15:00"))}, "hours.thu: two windows overlap at 14:00"),
        ({"fri": (("08:00", "24:01"),)}, "'24:01' is no time of day"),
        ({"fri": (("8:00", "18:00"),)}, "'8:00' is no time of day"),
        ({"fri": (("08:60", "18:00"),)}, "'08:60' is no time of day"),
        ({"fri": (("08:00:00", "18:00"),)}, "is no time of day"),
        ({"fri": (("08:00\n", "18:00"),)}, "is no time of day"),
        ({"fri": (("٠٨:٠٠", "18:00"),)}, "is no time of day"),  # noqa: RUF001 (digits, but not ASCII)
        ({"fri": (("", ""),)}, "'' is no time of day"),
    ],
)
def test_hours_one_can_not_reckon_with(hours: dict[str, tuple[tuple[str, str], ...]], message: str) -> None:
    with pytest.raises(InvalidCalendar, match=message):
        WeeklyCalendar("UTC", cast("Hours", hours))


@pytest.mark.parametrize(
    "zone",
    [
        "",
        "Europe/Atlantis",
        "europe/berlin",
        "Europe",
        "Europe/Berlin/",
        "../Europe/Berlin",
        "/etc/localtime",
        "localtime",
        "posixrules",
        "posix/Europe/Berlin",
        "right/Europe/Berlin",
        "zone.tab",
        "Europe\0Berlin",
        "\udc80",
        "x" * 5000,
    ],
)
def test_zones_that_are_not_ianas(zone: str) -> None:
    with pytest.raises(InvalidCalendar, match="is no IANA time zone") as refused:
        WeeklyCalendar(zone, MONDAYS)
    assert len(str(refused.value)) < 150


def test_more_listed_holidays_than_a_year_has_days() -> None:
    dates = [date(2026, 1, 1) + timedelta(days=number) for number in range(MAX_HOLIDAYS + 1)]
    WeeklyCalendar("UTC", MONDAYS, frozenset(dates[:-1]))
    with pytest.raises(InvalidCalendar, match="holidays: 367 dates are listed, at most 366 may be"):
        WeeklyCalendar("UTC", MONDAYS, frozenset(dates))
