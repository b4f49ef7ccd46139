"""Instants: RFC 3339 with an offset in, UTC with `Z` and microseconds out, and no way past the ends of the calendar."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.instants import EARLIEST, LATEST, format_instant, instant_of_timestamp, parse_instant, shift
from tests.contracts.kinds import INSTANT, instant_as_shown, instants

utc_instants = st.datetimes(timezones=st.just(UTC))


@given(instants)
def test_an_instant_is_what_its_clock_and_offset_say(text: str) -> None:
    instant = parse_instant(text)
    assert instant == instant_as_shown(text)
    assert instant.tzinfo is UTC


@given(utc_instants)
def test_what_is_written_is_read_back(instant: datetime) -> None:
    text = format_instant(instant)
    assert parse_instant(text) == instant
    assert len(text) == len("2026-11-24T09:30:00.000000Z")


@pytest.mark.parametrize(
    ("read", "written"),
    [
        ("2026-11-24T09:30:00Z", "2026-11-24T09:30:00.000000Z"),
        ("2026-11-24t09:30:00z", "2026-11-24T09:30:00.000000Z"),
        ("2026-11-24T09:30:00.1+05:30", "2026-11-24T04:00:00.100000Z"),
        ("2026-11-24T09:30:00.1234569Z", "2026-11-24T09:30:00.123456Z"),
        ("2026-11-24T09:30:00-00:00", "2026-11-24T09:30:00.000000Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"),
        ("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000Z"),
        ("2016-12-31T23:59:60.75Z", "2017-01-01T00:00:00.000000Z"),
        ("2017-01-01T05:29:60+05:30", "2017-01-01T00:00:00.000000Z"),
    ],
)
def test_how_instants_are_read_and_written(read: str, written: str) -> None:
    assert format_instant(parse_instant(read)) == written


@pytest.mark.parametrize("text", [wrong for wrong in INSTANT.wrong if isinstance(wrong, str)])
def test_what_is_no_instant(text: str) -> None:
    with pytest.raises(ValueError, match=r"RFC 3339|years|day|year|leap second"):
        parse_instant(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24T09:30:00.Z",
        "2026-11-24T09:30:00,5Z",
        "2026-11-24T09:30Z",
        "20261124T093000Z",
        "2026-W48-2T09:30:00Z",
        "2026-11-24T09:30:00+2",
        "2026-11-24T09:30:00+24:00",
        "2026-11-24T09:60:00Z",
        "2026-11-24T09:30:61Z",
        "2026-11-24T09:30:00Z\n",
        "\N{ARABIC-INDIC DIGIT TWO}026-11-24T09:30:00Z",
        "9999-12-31T23:59:60Z",
    ],
)
def test_what_looks_like_an_instant(text: str) -> None:
    with pytest.raises(ValueError, match=r"RFC 3339|years"):
        parse_instant(text)


@given(utc_instants, st.timedeltas())
def test_shifting_stops_at_the_ends_of_the_calendar(instant: datetime, by: timedelta) -> None:
    shifted = shift(instant, by)
    assert EARLIEST <= shifted <= LATEST
    assert shifted in (EARLIEST, LATEST) or shifted - instant == by


def test_a_records_timestamp_counts_milliseconds() -> None:
    assert format_instant(instant_of_timestamp(0)) == "1970-01-01T00:00:00.000000Z"
    assert format_instant(instant_of_timestamp(1_795_512_600_123)) == "2026-11-24T09:30:00.123000Z"


@pytest.mark.parametrize(("timestamp", "instant"), [(2**63 - 1, LATEST), (10**15, LATEST), (-(2**63), EARLIEST)])
def test_a_timestamp_beyond_the_calendar_is_its_end(timestamp: int, instant: datetime) -> None:
    assert instant_of_timestamp(timestamp) == instant


def test_a_snapshots_instants_are_in_utc() -> None:
    elsewhere = timezone(timedelta(hours=2))
    assert parse_instant("2026-11-24T11:30:00+02:00") == datetime(2026, 11, 24, 11, 30, tzinfo=elsewhere)
    assert parse_instant("2026-11-24T11:30:00+02:00").hour == 9
