"""Of ticks that pile up the latest instant is kept, each that does not count is told, and nothing grows."""

from datetime import datetime, timedelta

import pytest
from aiokafka import ConsumerRecord

from consumers.waiting_ticks import WaitingTicks
from contracts.ticks import write_tick
from tests.services.cast import MONDAY, later

RECORDED = int(later(days=1).timestamp() * 1_000)


def tick(offset: int, at: datetime | None) -> ConsumerRecord[bytes, bytes]:
    """Return a tick as it comes from the topic, recorded on Tuesday; one without an instant is no tick."""
    value = b"{" if at is None else write_tick(at, 0)
    return ConsumerRecord("ticks", 0, offset, RECORDED, 0, None, value, None, -1, len(value), ())


@pytest.fixture
def ignored() -> list[tuple[int, str]]:
    return []


@pytest.fixture
def waiting(ignored: list[tuple[int, str]]) -> WaitingTicks:
    return WaitingTicks(timedelta(minutes=5), lambda reason, record: ignored.append((record.offset, reason)))


def test_nothing_is_taken_where_nothing_came(waiting: WaitingTicks) -> None:
    assert waiting.take() is None
    waiting.add(tick(0, MONDAY))
    assert waiting.take() == (MONDAY, 1)
    assert waiting.take() is None


def test_the_latest_instant_counts_whatever_the_order(waiting: WaitingTicks, ignored: list[tuple[int, str]]) -> None:
    for offset, hours in enumerate((1, 4, 2, 3)):
        waiting.add(tick(offset, later(hours=hours)))
    assert waiting.take() == (later(hours=4), 4)
    assert ignored == [(2, "before_last"), (3, "before_last")]


def test_what_does_not_count_is_told_and_still_done_with(waiting: WaitingTicks, ignored: list[tuple[int, str]]) -> None:
    waiting.begin_after(later(hours=2))
    for offset, at in enumerate((later(hours=1), later(hours=2), None, later(days=1, minutes=6))):
        waiting.add(tick(offset, at))
    assert waiting.take() == (None, 4)
    assert [reason for _, reason in ignored] == ["before_last", "same_as_last", "not_json", "in_future"]


def test_a_tick_that_comes_during_an_evaluation_has_to_be_after_it(waiting: WaitingTicks) -> None:
    waiting.add(tick(0, later(hours=2)))
    assert waiting.take() == (later(hours=2), 1)
    waiting.add(tick(1, later(hours=1)))
    assert waiting.take() == (None, 2)


def test_a_new_beginning_forgets_what_waited(waiting: WaitingTicks) -> None:
    waiting.add(tick(0, later(hours=4)))
    waiting.begin_after(None)
    assert waiting.take() is None
    waiting.add(tick(0, later(hours=1)))
    assert waiting.take() == (later(hours=1), 1), "evaluation failed, and the tick is read again"
