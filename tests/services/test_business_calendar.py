"""Business time, each sentence of SPEC section 6 by example: windows, gaps, folds, holidays, and the ends of time."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from contracts.instants import EARLIEST, LATEST
from services.business_calendar import AroundTheClock, BusinessTime, WeeklyCalendar
from services.opening_hours import WEEKDAYS, Hours

OFFICE: Hours = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), (("08:00", "18:00"),))
MICROSECOND = timedelta(microseconds=1)


def at(text: str) -> datetime:
    """Read an instant such as 2026-11-24T09:00, in UTC where it names no offset."""
    instant = datetime.fromisoformat(text)
    return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def daily(*windows: tuple[str, str]) -> Hours:
    return dict.fromkeys(WEEKDAYS, windows)


def office(*holidays: str) -> WeeklyCalendar:
    """Monday to Friday, 08:00 to 18:00 UTC. 2026-11-23 is a Monday."""
    return WeeklyCalendar("UTC", OFFICE, frozenset(map(date.fromisoformat, holidays)))


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        ("2026-11-24T09:00", 4, "2026-11-24T13:00"),
        ("2026-11-24T16:00", 4, "2026-11-25T10:00"),
        ("2026-11-24T07:00", 4, "2026-11-24T12:00"),  # asked before opening
        ("2026-11-24T23:00", 4, "2026-11-25T12:00"),  # asked after closing
        ("2026-11-27T17:00", 2, "2026-11-30T09:00"),  # over a weekend
        ("2026-11-28T12:00", 1, "2026-11-30T09:00"),  # from within one
        ("2026-11-24T09:00", 24, "2026-11-26T13:00"),
        ("2026-11-24T09:00:00.000001", 0.5, "2026-11-24T09:30:00.000001"),
        ("2026-11-24T10:00+02:00", 1, "2026-11-24T09:00"),  # an instant is one however it is written
    ],
)
def test_adding_counts_opening_hours_only(start: str, count: float, end: str) -> None:
    assert office().add(at(start), hours(count)) == at(end)


def test_adding_ends_at_a_windows_end_rather_than_at_the_next_ones_start() -> None:
    assert office().add(at("2026-11-24T09:00"), hours(9)) == at("2026-11-24T18:00")
    assert office().add(at("2026-11-24T18:00"), hours(10)) == at("2026-11-25T18:00")
    assert office().add(at("2026-11-27T08:00"), hours(10)) == at("2026-11-27T18:00")
    assert office().add(at("2026-11-24T09:00"), hours(9) + MICROSECOND) == at("2026-11-25T08:00:00.000001")


def test_subtracting_ends_at_a_windows_start_rather_than_at_the_end_of_the_one_before() -> None:
    assert office().subtract(at("2026-11-24T10:00"), hours(2)) == at("2026-11-24T08:00")
    assert office().subtract(at("2026-11-24T08:00"), hours(10)) == at("2026-11-23T08:00")
    assert office().subtract(at("2026-11-30T09:00"), hours(1)) == at("2026-11-30T08:00")
    assert office().subtract(at("2026-11-30T09:00"), hours(1) + MICROSECOND) == at("2026-11-27T17:59:59.999999")
    assert office().subtract(at("2026-11-28T12:00"), hours(1)) == at("2026-11-27T17:00")


@pytest.mark.parametrize("calendar", [office(), AroundTheClock()])
def test_no_time_leads_nowhere(calendar: BusinessTime) -> None:
    for instant in (at("2026-11-24T12:00"), at("2026-11-24T20:00"), EARLIEST, LATEST):
        assert calendar.add(instant, hours(0)) == instant
        assert calendar.subtract(instant, hours(0)) == instant
        assert calendar.between(instant, instant) == hours(0)


@pytest.mark.parametrize(
    ("start", "end", "count"),
    [
        ("2026-11-24T09:00", "2026-11-24T13:00", 4),
        ("2026-11-24T07:00", "2026-11-24T19:00", 10),
        ("2026-11-24T18:00", "2026-11-25T08:00", 0),
        ("2026-11-27T17:00", "2026-11-30T09:00", 2),
        ("2026-11-23T00:00", "2026-11-30T00:00", 50),
        ("2026-11-24T13:00", "2026-11-24T09:00", 0),  # the end before the start
    ],
)
def test_between_counts_opening_hours_only(start: str, end: str, count: float) -> None:
    assert office().between(at(start), at(end)) == hours(count)


def test_a_window_holds_its_start_and_not_its_end() -> None:
    first, last = at("2026-11-24T08:00"), at("2026-11-24T17:59:59.999999")
    assert office().between(first, first + MICROSECOND) == MICROSECOND
    assert office().between(last, last + MICROSECOND) == MICROSECOND
    assert office().between(last + MICROSECOND, last + 2 * MICROSECOND) == hours(0)


def test_windows_are_local() -> None:
    berlin = WeeklyCalendar("Europe/Berlin", OFFICE)
    assert berlin.add(at("2026-01-05T00:00"), hours(1)) == at("2026-01-05T09:00+01:00")
    assert berlin.add(at("2026-07-06T00:00"), hours(1)) == at("2026-07-06T09:00+02:00")
    kolkata = WeeklyCalendar("Asia/Kolkata", OFFICE)
    assert kolkata.add(at("2026-07-06T00:00"), hours(1)) == at("2026-07-06T09:00+05:30")


def test_a_day_may_have_several_windows_in_any_order_and_end_at_midnight() -> None:
    calendar = WeeklyCalendar("UTC", {"mon": (("13:00", "24:00"), ("08:00", "12:00")), "tue": (("00:00", "06:00"),)})
    assert calendar.add(at("2026-11-23T11:00"), hours(2)) == at("2026-11-23T14:00")
    assert calendar.add(at("2026-11-23T20:00"), hours(4)) == at("2026-11-24T00:00")
    assert calendar.add(at("2026-11-23T20:00"), hours(5)) == at("2026-11-24T01:00")
    assert calendar.between(at("2026-11-23T00:00"), at("2026-11-30T00:00")) == hours(4 + 11 + 6)


# Berlin's clocks go from 02:00 to 03:00 on 2026-03-29, at 01:00 UTC.
@pytest.mark.parametrize(
    ("window", "start", "end"),
    [
        (("02:15", "05:00"), "2026-03-29T03:00+02:00", "2026-03-29T05:00+02:00"),  # a start in the gap
        (("01:00", "02:15"), "2026-03-29T01:00+01:00", "2026-03-29T03:00+02:00"),  # an end in the gap
        (("01:00", "04:00"), "2026-03-29T01:00+01:00", "2026-03-29T04:00+02:00"),  # the gap within: an hour less
        (("02:00", "03:30"), "2026-03-29T03:00+02:00", "2026-03-29T03:30+02:00"),
    ],
)
def test_a_bound_in_a_spring_gap_moves_to_the_gaps_end(window: tuple[str, str], start: str, end: str) -> None:
    calendar = WeeklyCalendar("Europe/Berlin", daily(window))
    midnight, next_midnight = at("2026-03-29T00:00+01:00"), at("2026-03-30T00:00+02:00")
    length = at(end) - at(start)
    assert calendar.between(midnight, next_midnight) == calendar.between(at(start), at(end)) == length
    assert calendar.add(midnight, length) == at(end)
    assert calendar.subtract(next_midnight, length) == at(start)


def test_a_window_within_a_spring_gap_is_skipped() -> None:
    calendar = WeeklyCalendar("Europe/Berlin", daily(("02:10", "02:50")))
    assert calendar.between(at("2026-03-29T00:00+01:00"), at("2026-03-30T00:00+02:00")) == hours(0)
    assert calendar.add(at("2026-03-29T00:00+01:00"), timedelta(minutes=1)) == at("2026-03-30T02:11+02:00")


# Berlin's clocks go from 03:00 back to 02:00 on 2026-10-25, at 01:00 UTC.
@pytest.mark.parametrize(
    ("window", "start", "end"),
    [
        (("02:30", "05:00"), "2026-10-25T02:30+02:00", "2026-10-25T05:00+01:00"),  # a start in the fold
        (("01:00", "02:30"), "2026-10-25T01:00+02:00", "2026-10-25T02:30+02:00"),  # an end in the fold
        (("02:15", "02:45"), "2026-10-25T02:15+02:00", "2026-10-25T02:45+02:00"),  # both
        (("01:00", "04:00"), "2026-10-25T01:00+02:00", "2026-10-25T04:00+01:00"),  # the fold within: an hour more
        (("02:00", "03:00"), "2026-10-25T02:00+02:00", "2026-10-25T03:00+01:00"),
    ],
)
def test_a_bound_in_an_autumn_fold_means_the_first_occurrence(window: tuple[str, str], start: str, end: str) -> None:
    calendar = WeeklyCalendar("Europe/Berlin", daily(window))
    midnight, next_midnight = at("2026-10-25T00:00+02:00"), at("2026-10-26T00:00+01:00")
    length = at(end) - at(start)
    assert calendar.between(midnight, next_midnight) == calendar.between(at(start), at(end)) == length
    assert calendar.add(midnight, length) == at(end)
    assert calendar.subtract(next_midnight, length) == at(start)


def test_gaps_and_folds_of_half_an_hour_count_as_they_are() -> None:
    lord_howe = WeeklyCalendar("Australia/Lord_Howe", daily(("02:15", "04:00")))
    assert lord_howe.between(at("2026-10-04T00:00+10:30"), at("2026-10-05T00:00+11:00")) == hours(1.5)
    folded = WeeklyCalendar("Australia/Lord_Howe", daily(("01:45", "04:00")))
    assert folded.between(at("2026-04-05T00:00+11:00"), at("2026-04-06T00:00+10:30")) == hours(2.75)


def test_a_day_a_zone_skipped_has_no_business_time() -> None:
    samoa = WeeklyCalendar("Pacific/Apia", daily(("08:00", "18:00")))  # went from 2011-12-29 to 2011-12-31
    assert samoa.between(at("2011-12-29T18:00-10:00"), at("2011-12-31T08:00+14:00")) == hours(0)
    assert samoa.add(at("2011-12-29T17:00-10:00"), hours(2)) == at("2011-12-31T09:00+14:00")


def test_a_midnight_that_does_not_exist_ends_the_day_at_the_gaps_end() -> None:
    cairo = WeeklyCalendar("Africa/Cairo", {"thu": (("20:00", "24:00"),), "fri": (("00:00", "02:00"),)})
    assert cairo.between(at("2026-04-23T20:00+02:00"), at("2026-04-24T03:00+03:00")) == hours(4 + 1)
    assert cairo.add(at("2026-04-23T20:00+02:00"), hours(4)) == at("2026-04-24T01:00+03:00")


def test_holidays_are_local_dates() -> None:
    auckland = WeeklyCalendar("Pacific/Auckland", OFFICE, frozenset({date(2026, 12, 25)}))
    assert auckland.add(at("2026-12-24T17:00+13:00"), hours(2)) == at("2026-12-28T09:00+13:00")
    assert office("2026-12-25").add(at("2026-12-24T17:00"), hours(2)) == at("2026-12-28T09:00")
    assert office("2026-12-25").subtract(at("2026-12-28T09:00"), hours(2)) == at("2026-12-24T17:00")


def test_holidays_of_a_year_join_the_listed_ones() -> None:
    calendar = WeeklyCalendar(
        "UTC", OFFICE, frozenset({date(2027, 12, 24)}), lambda year: frozenset({date(year, 5, 4)})
    )
    for day in ("2027-12-24", *(f"{year}-05-04" for year in range(2000, 2040))):
        assert calendar.between(at(f"{day}T00:00"), at(f"{day}T23:00")) == hours(0)
    assert calendar.between(at("2026-12-24T00:00"), at("2026-12-24T23:00")) == hours(10)


def test_a_year_of_holidays_is_passed_over() -> None:
    closed = frozenset(date(2027, 1, 1) + timedelta(days=number) for number in range(365))
    calendar = WeeklyCalendar("UTC", OFFICE, closed)
    assert calendar.add(at("2026-12-31T17:00"), hours(2)) == at("2028-01-03T09:00")
    assert calendar.subtract(at("2028-01-03T09:00"), hours(2)) == at("2026-12-31T17:00")


def test_every_day_of_five_years_leads_from_its_start_to_its_end_and_back() -> None:
    calendar = WeeklyCalendar("UTC", daily(("08:00", "18:00")))
    for number in range(5 * 366):
        start = at("2025-01-01T08:00") + number * hours(24)
        assert calendar.add(start, hours(10)) == start + hours(10)
        assert calendar.add(start, hours(20)) == start + hours(34)
        assert calendar.subtract(start + hours(10), hours(10)) == start
        assert calendar.subtract(start + hours(10), hours(20)) == start - hours(24)


def test_long_spans_add_up() -> None:
    start, end = at("2000-01-01T00:00"), at("2400-01-01T00:00")  # the calendar repeats: 20871 weeks
    assert office().between(start, end) == 20871 * hours(50)
    assert office().add(start, 20871 * hours(50)) == at("2399-12-31T18:00")
    assert office().subtract(end, 20871 * hours(50)) == at("2000-01-03T08:00")


@pytest.mark.parametrize("calendar", [WeeklyCalendar("America/New_York", daily(("00:00", "24:00"))), AroundTheClock()])
def test_it_stops_at_the_ends_of_the_years_0001_and_9999(calendar: BusinessTime) -> None:
    assert calendar.add(LATEST, hours(1)) == LATEST
    assert calendar.add(LATEST - hours(24 * 30), timedelta.max) == LATEST
    assert calendar.subtract(EARLIEST, hours(1)) == EARLIEST
    assert calendar.subtract(EARLIEST + hours(24 * 30), timedelta.max) == EARLIEST
    assert calendar.add(EARLIEST + hours(24), hours(1)) == EARLIEST + hours(25)
    assert calendar.subtract(LATEST - hours(24), hours(1)) == LATEST - hours(25)
    assert calendar.between(LATEST, EARLIEST) == hours(0)


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo"])
def test_the_first_and_the_last_day_there_are_have_hours(zone: str) -> None:
    calendar = WeeklyCalendar(zone, daily(("08:00", "12:00"), ("20:00", "23:00")))
    noon_of_first, noon_of_last = (
        datetime(*day, 12, tzinfo=ZoneInfo(zone)).astimezone(UTC) for day in ((1, 1, 1), (9999, 12, 31))
    )
    assert calendar.subtract(noon_of_first, hours(2)) == noon_of_first - hours(2)
    assert calendar.add(noon_of_last - hours(4), hours(4)) == noon_of_last
    assert calendar.between(noon_of_last, LATEST) == min(hours(3), max(hours(0), LATEST - noon_of_last - hours(8)))


@pytest.mark.parametrize("calendar", [office(), AroundTheClock()])
def test_what_is_no_instant_or_no_span_is_refused(calendar: BusinessTime) -> None:
    noon = at("2026-11-24T12:00")
    naive = noon.replace(tzinfo=None)
    with pytest.raises(ValueError, match="not negative"):
        calendar.add(noon, -MICROSECOND)
    with pytest.raises(ValueError, match="not negative"):
        calendar.subtract(noon, -MICROSECOND)
    with pytest.raises(ValueError, match="needs an offset"):
        calendar.add(naive, hours(1))
    with pytest.raises(ValueError, match="needs an offset"):
        calendar.subtract(naive, hours(1))
    with pytest.raises(ValueError, match="needs an offset"):
        calendar.between(noon, naive)


def test_around_the_clock_counts_elapsed_time_over_a_change_of_the_clocks() -> None:
    evening = datetime(2026, 3, 28, 20, tzinfo=ZoneInfo("Europe/Berlin"))
    assert AroundTheClock().add(evening, hours(12)) == at("2026-03-29T09:00+02:00")
    assert AroundTheClock().subtract(at("2026-03-29T09:00+02:00"), hours(12)) == evening
    assert AroundTheClock().between(evening, at("2026-03-29T09:00+02:00")) == hours(12)
