"""Laws of business time, for random hours, holidays and instants, and its agreement with stepping minutes."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.business_calendar import AroundTheClock, WeeklyCalendar
from services.opening_hours import WEEKDAYS, Hours
from tests.services.slow_calendar import SlowCalendar, clock_changes

ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")
NOTHING, MICROSECOND = timedelta(0), timedelta(microseconds=1)
DAY = timedelta(days=1)

durations = st.timedeltas(NOTHING, timedelta(hours=100)) | st.timedeltas(NOTHING, timedelta(minutes=1))
short_spans = st.timedeltas(NOTHING, 4 * DAY)
long_spans = st.timedeltas(NOTHING, 900 * DAY)


@dataclass(frozen=True)
class Case:
    """A calendar as it is written, and an instant to look at it from."""

    zone: str
    hours: Hours
    holidays: frozenset[date]
    start: datetime

    @property
    def calendar(self) -> WeeklyCalendar:
        return WeeklyCalendar(self.zone, self.hours, self.holidays)


@st.composite
def windows_of_day(draw: st.DrawFn) -> tuple[tuple[str, str], ...]:
    """Some of the windows between up to six marks: apart or touching, and rather at night, when clocks change."""
    marks = sorted(draw(st.sets(st.integers(0, 24 * 60) | st.integers(0, 4 * 60), max_size=6)))
    texts = [f"{mark // 60:02}:{mark % 60:02}" for mark in marks]
    chosen = [window for window in pairwise(texts) if draw(st.booleans())]
    return tuple(draw(st.permutations(chosen)))


hours_of_week = st.dictionaries(st.sampled_from(WEEKDAYS), windows_of_day()).filter(lambda hours: any(hours.values()))


@st.composite
def instants(draw: st.DrawFn, zone: str) -> datetime:
    """An instant of 2015-2035, as often as not within some days of a change of the zone's clocks."""
    some_day = st.datetimes(datetime(2015, 1, 1), datetime(2035, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
    changes = clock_changes(zone)
    day = draw(st.sampled_from(changes) | some_day if changes else some_day)
    return day + draw(st.timedeltas(-3 * DAY, 2 * DAY))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    zone = draw(st.sampled_from(ZONES))
    start = draw(instants(zone))
    near_days = st.integers(-2, 8).map(lambda days: start.date() + days * DAY)
    return Case(zone, draw(hours_of_week), draw(st.frozensets(near_days, max_size=3)), start)


@given(cases(), short_spans, st.fractions(0, 1))
def test_it_agrees_with_stepping_minutes(case: Case, span: timedelta, share: float) -> None:
    end = case.start + span
    minute = case.start.replace(second=0, microsecond=0)
    slow = SlowCalendar(case.zone, case.hours, case.holidays, minute, end)
    worked = case.calendar.between(case.start, end)
    assert worked == slow.between(case.start, end)
    part = timedelta(microseconds=int(worked / MICROSECOND * share))
    if part:
        assert case.calendar.add(case.start, part) == slow.add(case.start, part)
        assert case.calendar.subtract(end, part) == slow.subtract(end, part)


@pytest.mark.parametrize("zone", [zone for zone in ZONES if clock_changes(zone)])
def test_it_agrees_with_stepping_minutes_over_every_change_of_the_clocks(zone: str) -> None:
    hours = dict.fromkeys(WEEKDAYS, (("00:00", "00:50"), ("01:10", "01:50"), ("02:10", "02:40"), ("02:45", "24:00")))
    calendar = WeeklyCalendar(zone, hours)
    for day in clock_changes(zone):
        begin, end = day - DAY, day + 2 * DAY
        slow = SlowCalendar(zone, hours, frozenset(), begin, end)
        worked = NOTHING
        for minute, after in pairwise([*slow.open_minutes, end]):
            assert calendar.between(begin, minute) == worked
            worked += timedelta(minutes=1)
            assert calendar.between(begin, after) == worked
            assert calendar.add(begin, worked) == minute + timedelta(minutes=1)


@given(cases(), durations)
def test_add_finds_the_earliest_instant_that_between_turns_back(case: Case, duration: timedelta) -> None:
    calendar, start = case.calendar, case.start
    end = calendar.add(start, duration)
    assert calendar.between(start, end) == duration
    assert end == start or calendar.between(start, end - MICROSECOND) == duration - MICROSECOND


@given(cases(), durations)
def test_subtract_finds_the_latest_instant_that_between_turns_back(case: Case, duration: timedelta) -> None:
    calendar, anchor = case.calendar, case.start
    begin = calendar.subtract(anchor, duration)
    assert calendar.between(begin, anchor) == duration
    assert begin == anchor or calendar.between(begin + MICROSECOND, anchor) == duration - MICROSECOND


@given(cases(), long_spans)
def test_adding_what_lies_between_leads_back_but_for_closed_time(case: Case, span: timedelta) -> None:
    calendar, start, end = case.calendar, case.start, case.start + span
    worked = calendar.between(start, end)
    reached, left = calendar.add(start, worked), calendar.subtract(end, worked)
    assert start <= reached <= end
    assert calendar.between(reached, end) == NOTHING
    assert start <= left <= end
    assert calendar.between(start, left) == NOTHING


@given(cases(), durations, durations, long_spans)
def test_later_starts_and_longer_spans_lead_no_earlier(
    case: Case, shorter: timedelta, longer: timedelta, span: timedelta
) -> None:
    calendar, start, later = case.calendar, case.start, case.start + span
    shorter, longer = sorted((shorter, longer))
    assert calendar.add(start, shorter) <= calendar.add(start, longer)
    assert calendar.add(start, shorter) <= calendar.add(later, shorter)
    assert calendar.subtract(start, longer) <= calendar.subtract(start, shorter)
    assert calendar.subtract(start, shorter) <= calendar.subtract(later, shorter)


@given(cases(), durations, durations, long_spans, long_spans)
def test_parts_add_up(
    case: Case, first: timedelta, second: timedelta, span: timedelta, further_span: timedelta
) -> None:
    calendar, start, middle = case.calendar, case.start, case.start + span
    end = middle + further_span
    assert calendar.between(start, end) == calendar.between(start, middle) + calendar.between(middle, end)
    assert calendar.between(start, end) <= end - start
    assert calendar.add(calendar.add(start, first), second) == calendar.add(start, first + second)
    assert calendar.subtract(calendar.subtract(end, first), second) == calendar.subtract(end, first + second)


@given(cases(), durations, long_spans)
def test_hours_without_a_closing_time_are_24x7_in_any_zone(case: Case, duration: timedelta, span: timedelta) -> None:
    always = WeeklyCalendar(case.zone, dict.fromkeys(WEEKDAYS, (("00:00", "24:00"),)))
    start, end = case.start, case.start + span
    assert always.between(start, end) == AroundTheClock().between(start, end) == span
    assert always.add(start, duration) == AroundTheClock().add(start, duration) == start + duration
    assert always.subtract(start, duration) == AroundTheClock().subtract(start, duration) == start - duration


@settings(max_examples=30)
@given(cases(), cases(), durations)
def test_what_was_asked_before_changes_no_answer(case: Case, other: Case, duration: timedelta) -> None:
    used = case.calendar
    used.between(other.start, case.start)
    used.add(other.start, duration)
    assert used.add(case.start, duration) == case.calendar.add(case.start, duration)
    assert used.subtract(case.start, duration) == case.calendar.subtract(case.start, duration)
