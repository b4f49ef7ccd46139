"""What a person is shown while an import runs."""

import pytest

from ops.importing.tally import Tally
from ops.importing.watching import HINT_AFTER_SECONDS, LineWatch, Progress, watch_for


@pytest.fixture
def progress() -> Progress:
    return Progress(incidents=2, commands=10, tally=Tally("/connectors/servicenow", {"INC1"}))


def test_what_is_decided_is_what_does_not_wait(progress: Progress) -> None:
    progress.sent, progress.lag, progress.seconds = 8, 3, 2.0
    assert (progress.decided, progress.speed) == (5, 2.5)


def test_nothing_is_decided_before_anything_is_sent(progress: Progress) -> None:
    assert (progress.decided, progress.speed) == (0, 0.0)


def test_where_nobody_looks_there_is_a_line_now_and_then(
    progress: Progress, capsys: pytest.CaptureFixture[str]
) -> None:
    progress.tally.rejections["agent_inactive"] += 1
    with watch_for() as watch:
        for second in range(11):
            progress.sent, progress.seconds = second, float(second)
            watch.look(progress)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines() == [
        "5 of 10 commands decided, 0 events, 1 rejection, lag 0",
        "10 of 10 commands decided, 0 events, 1 rejection, lag 0",
    ]


def _hints(watch: LineWatch, progress: Progress, capsys: pytest.CaptureFixture[str]) -> int:
    watch.look(progress)
    return capsys.readouterr().err.count("Is a ticket worker running?")


def test_a_fleet_that_decides_nothing_is_asked_for_once(progress: Progress, capsys: pytest.CaptureFixture[str]) -> None:
    watch = LineWatch()
    progress.sent = progress.lag = 4
    assert _hints(watch, progress, capsys) == 0
    progress.seconds = HINT_AFTER_SECONDS
    assert _hints(watch, progress, capsys) == 1
    progress.seconds += 1
    assert _hints(watch, progress, capsys) == 0
    progress.lag, progress.seconds = 3, progress.seconds + 1
    assert _hints(watch, progress, capsys) == 0
    progress.seconds += HINT_AFTER_SECONDS
    assert _hints(watch, progress, capsys) == 1


def test_who_waits_for_nothing_is_not_stalled(progress: Progress, capsys: pytest.CaptureFixture[str]) -> None:
    watch = LineWatch()
    progress.seconds = 2 * HINT_AFTER_SECONDS
    assert _hints(watch, progress, capsys) == 0
