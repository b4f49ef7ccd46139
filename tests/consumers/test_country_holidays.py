"""Public holidays by country, from the installed package into a calendar."""

from datetime import UTC, date, datetime, timedelta

import pytest

from consumers.country_holidays import holidays_of
from services.business_calendar import WeeklyCalendar
from services.opening_hours import InvalidCalendar


def test_a_countrys_nationwide_holidays() -> None:
    german = holidays_of("DE")(2026)
    assert {date(2026, 1, 1), date(2026, 4, 3), date(2026, 10, 3), date(2026, 12, 25)} <= german
    assert date(2026, 6, 4) not in german  # Corpus Christi, in some states only
    assert {day.year for day in german} == {2026}


def test_a_holiday_on_a_weekend_counts_where_it_is_observed() -> None:
    american = holidays_of("US")
    assert date(2026, 7, 3) in american(2026)  # 4 July is a Saturday
    assert date(2021, 12, 31) in american(2021)  # New Year 2022 is one


def test_a_calendar_of_a_country() -> None:
    calendar = WeeklyCalendar("Europe/Berlin", {"fri": (("08:00", "18:00"),)}, holidays_of_year=holidays_of("DE"))
    new_year = datetime(2026, 1, 1, tzinfo=UTC)
    fridays = calendar.between(new_year, new_year.replace(year=2027)) / timedelta(hours=10)
    assert fridays == 52 - len([date(2026, 4, 3), date(2026, 5, 1), date(2026, 12, 25)])


@pytest.mark.parametrize("year", [1, 1900, 2000, 2036, 2101, 9999])
@pytest.mark.parametrize("country", ["DE", "IN", "SA", "CN", "IL"])
def test_far_years_have_few_holidays_and_no_errors(country: str, year: int) -> None:
    assert {day.year for day in holidays_of(country)(year)} <= {year}


@pytest.mark.parametrize("country", ["", "de", "DEU", "UK", "XX", "os", "HolidayBase", "DE-BY", "x" * 1000])
def test_a_country_nobody_knows_is_refused(country: str) -> None:
    with pytest.raises(InvalidCalendar, match=r"holiday_country: the holidays of .* are not known"):
        holidays_of(country)
