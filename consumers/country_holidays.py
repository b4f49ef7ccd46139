"""The public holidays of a country, for calendars that name one (SPEC section 4, `holiday_country`).

They are those the installed `holidays` package knows, whose version the lock file pins; nobody is asked over a network.
Nationwide holidays only, with the days they are observed on: those of a region belong in the calendar's own list.
"""

import warnings
from datetime import date

from holidays import country_holidays
from holidays.registry import EntityLoader

from services.business_calendar import HolidaysOfYear
from services.opening_hours import InvalidCalendar


def holidays_of(country: str) -> HolidaysOfYear:
    """Return the public holidays of a country by year; of far years the package knows fewer, or none.

    Args:
        country: ISO 3166-1 code of two letters, e.g. "DE".

    Raises:
        InvalidCalendar: no country whose holidays are known has this code.
    """
    if country not in EntityLoader.get_country_codes(include_aliases=False):
        raise InvalidCalendar(f"holiday_country: the holidays of {country!r:.20} are not known")

    def of_year(year: int) -> frozenset[date]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of the far years, each time
            return frozenset(country_holidays(country, years=year))

    return of_year
