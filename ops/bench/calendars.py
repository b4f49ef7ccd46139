"""What the business calendar costs, beside the fastest library we know that does the same.

businesstimedelta knows opening hours, holidays and time zones, and adds as well as measures. It is left out where it is
not installed; others know no zones, only measure, or are slower.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from importlib.util import find_spec
from time import perf_counter

from ops.bench.figures import Section, Spread
from services.business_calendar import WeeklyCalendar
from services.sla import DEFAULT_HOURS

_LIBRARY = "businesstimedelta"
_ABSENT = f"{_LIBRARY} is left out: it is not installed (`uv sync --group bench`, or `make bench`)."
_SPAN = timedelta(hours=20)
_STARTS = tuple(datetime(2026, 1, 5, 9, tzinfo=UTC) + timedelta(minutes=7 * number) for number in range(1_000))
_PASSES = 5
_EXAMPLE = _STARTS[0]


@dataclass(frozen=True, slots=True)
class _Calendar:
    """Monday to Friday, 08:00 to 18:00 UTC: what 20 hours lead to, and how much lies between two instants."""

    name: str
    add: Callable[[datetime], datetime]
    between: Callable[[datetime, datetime], timedelta]


@dataclass(frozen=True, slots=True)
class _Cost:
    """Microseconds for one answer when warm."""

    add: Spread
    between: Spread


def measure_calendars(rounds: int) -> Section:
    """Measure each calendar, round by round."""
    calendars = [_ours(), *([_theirs()] if find_spec(_LIBRARY) else [])]
    for each in calendars:
        assert each.between(_EXAMPLE, each.add(_EXAMPLE)) == _SPAN, "all of them reckon alike"
    costs = {each.name: _cost(each, rounds) for each in calendars}
    return Section(
        name="calendar",
        title="The business calendar, 20 hours over open and closed ones",
        columns=("calendar", "add us", "between us"),
        rows=tuple((name, cost.add.told(2), cost.between.told(2)) for name, cost in costs.items()),
        figures={
            name: {"add_microseconds": cost.add.plain(), "between_microseconds": cost.between.plain()}
            for name, cost in costs.items()
        },
        notes=("When warm; of each round the fastest of some passes.", *(() if len(calendars) > 1 else (_ABSENT,))),
    )


def _ours() -> _Calendar:
    calendar = WeeklyCalendar("UTC", DEFAULT_HOURS)
    return _Calendar("the engine's", lambda start: calendar.add(start, _SPAN), calendar.between)


def _theirs() -> _Calendar:
    from businesstimedelta import BusinessTimeDelta, Rules, WorkDayRule  # noqa: PLC0415 it may not be installed
    from pytz import utc  # noqa: PLC0415 it comes with the library, which takes no other zones

    workday = WorkDayRule(start_time=time(8), end_time=time(18), working_days=[0, 1, 2, 3, 4], tz=utc)
    rules = Rules([workday])
    span = BusinessTimeDelta(rules, timedelta=_SPAN)
    return _Calendar(_LIBRARY, lambda start: start + span, lambda start, end: rules.difference(start, end).timedelta)


def _cost(calendar: _Calendar, rounds: int) -> _Cost:
    spans = [(start, calendar.add(start)) for start in _STARTS]
    found = [(_best(lambda: _adding(calendar)), _best(lambda: _measuring(calendar, spans))) for _ in range(rounds)]
    return _Cost(*(Spread.of([seconds / len(_STARTS) * 1e6 for seconds in each]) for each in zip(*found, strict=True)))


def _best(work: Callable[[], None]) -> float:
    seconds = []
    for _ in range(_PASSES):
        started = perf_counter()
        work()
        seconds.append(perf_counter() - started)
    return min(seconds)


def _adding(calendar: _Calendar) -> None:
    add = calendar.add
    for start in _STARTS:
        add(start)


def _measuring(calendar: _Calendar, spans: Sequence[tuple[datetime, datetime]]) -> None:
    between = calendar.between
    for start, end in spans:
        between(start, end)
