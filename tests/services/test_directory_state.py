"""The directory in memory: look-ups, calendars by priority, and what is not put into force (SPEC section 4)."""

from datetime import date, timedelta

import pytest

from contracts.dead_letters import InvalidData
from contracts.directory import (
    Agent,
    BusinessCalendar,
    Company,
    Contact,
    CurrencyLimits,
    DirectoryChange,
    Entity,
    Kind,
    Policy,
    Team,
)
from contracts.model import Priority
from services.business_calendar import HolidaysOfYear
from services.decision import Customer
from services.directory_state import DirectoryState
from services.opening_hours import InvalidCalendar
from tests.services.cast import MONDAY, directory, later

HOUR = timedelta(hours=1)
NIGHTS = BusinessCalendar(id="nights", timezone="UTC", hours={"mon": (("22:00", "24:00"),)})
ON_NIGHTS = Policy(calendars={"high": "nights", "critical": "nights"})


def put(state: DirectoryState, kind: Kind, entity: Entity) -> None:
    state.apply(DirectoryChange(kind, entity.id, entity))


def delete(state: DirectoryState, kind: Kind, identity: str) -> None:
    state.apply(DirectoryChange(kind, identity, None))


def hour_from_monday(state: DirectoryState, priority: Priority) -> object:
    return state.business_time(priority).add(MONDAY, HOUR)


def test_an_empty_directory_knows_nobody_and_has_the_default_policy() -> None:
    state = DirectoryState()
    assert state.policy == Policy()
    assert (state.agent("anna"), state.team("desk"), state.contact("carl"), state.company("acme")) == (None,) * 4
    assert state.members_of("desk") == ()


def test_an_entry_is_found_replaced_and_deleted() -> None:
    state = directory()
    assert state.agent("anna") == Agent(id="anna", team_ids=("desk",))
    assert state.team("legal") == Team(id="legal")
    put(state, "agent", Agent(id="anna", is_active=False))
    assert state.agent("anna") == Agent(id="anna", is_active=False)
    for kind, identity in (("agent", "anna"), ("team", "legal"), ("contact", "carl"), ("company", "acme")):
        state.apply(DirectoryChange(kind, identity, None))
        state.apply(DirectoryChange(kind, identity, None))  # a tombstone of nothing is no error
    assert (state.agent("anna"), state.team("legal"), state.contact("carl"), state.company("acme")) == (None,) * 4


def test_what_counts_of_customers_is_kept() -> None:
    state = directory(Contact(id="lone", tier="vip", email="l@example.org"), Company(id="zeta"))
    assert state.contact("carl") == Customer("standard", "acme")
    assert state.contact("lone") == Customer("vip", None)
    assert state.company("acme") == Customer("premium", "acme")
    assert state.company("zeta") == Customer("standard", "zeta")


def test_members_are_listed_by_id_inactive_ones_too_and_follow_the_agents_teams() -> None:
    state = directory()

    def members(team_id: str) -> list[str]:
        return [agent.id for agent in state.members_of(team_id)]

    assert members("network") == ["nina", "nora", "zoe"]
    put(state, "agent", Agent(id="nina", team_ids=("desk", "desk")))
    assert members("network") == ["nora", "zoe"]
    assert members("desk") == ["anna", "ben", "lea", "max", "nina", "nora", "zoe"]
    delete(state, "agent", "nina")
    assert "nina" not in members("desk")
    for agent_id in ("nora", "zoe"):
        delete(state, "agent", agent_id)
    assert members("network") == []


def test_critical_runs_around_the_clock_and_the_others_on_the_business_calendar() -> None:
    state = DirectoryState()
    evening = later(hours=9)  # closing time
    assert state.business_time("critical").add(evening, HOUR) == evening + HOUR
    for priority in ("high", "medium", "low"):
        assert state.business_time(priority).add(evening, HOUR) == later(days=1)


def test_the_policy_gives_a_priority_a_calendar_whichever_comes_first() -> None:
    calendar_first, policy_first = DirectoryState(), DirectoryState()
    put(calendar_first, "calendar", NIGHTS)
    put(calendar_first, "policy", ON_NIGHTS)
    put(policy_first, "policy", ON_NIGHTS)
    put(policy_first, "calendar", NIGHTS)
    for state in (calendar_first, policy_first):
        assert hour_from_monday(state, "high") == later(hours=14)
        assert hour_from_monday(state, "critical") == later(hours=14)
        assert hour_from_monday(state, "low") == later(hours=1)


def test_a_calendar_that_is_not_there_stands_for_the_default_business_calendar() -> None:
    state = directory(NIGHTS, ON_NIGHTS)
    delete(state, "calendar", "nights")
    saturday = later(days=5)
    assert state.business_time("critical").add(saturday, HOUR) == later(days=7)
    put(state, "policy", Policy(calendars={"low": "24x7"}))
    assert state.business_time("low").add(saturday, HOUR) == saturday + HOUR


def test_a_replaced_calendar_and_a_deleted_policy_count_at_once() -> None:
    state = directory(NIGHTS, ON_NIGHTS)
    put(state, "calendar", BusinessCalendar(id="nights", timezone="UTC", hours={"mon": (("20:00", "24:00"),)}))
    assert hour_from_monday(state, "high") == later(hours=12)
    delete(state, "policy", "other")
    assert state.policy == ON_NIGHTS
    delete(state, "policy", "default")
    assert (state.policy, hour_from_monday(state, "high")) == (Policy(), later(hours=1))


def test_holidays_come_from_the_calendar_and_from_its_country() -> None:
    def of_country(country: str) -> HolidaysOfYear:
        if country != "XK":
            raise InvalidCalendar(f"no country {country}")
        return lambda year: frozenset({date(year, 1, 6)})

    hours = NIGHTS.hours | {"tue": (("08:00", "18:00"),)}
    entry = {"id": "nights", "timezone": "UTC", "hours": hours, "holidays": (date(2026, 1, 5),)}
    state = DirectoryState(of_country)
    put(state, "policy", ON_NIGHTS)
    put(state, "calendar", BusinessCalendar.model_validate(entry))
    assert hour_from_monday(state, "high") == later(days=1)
    put(state, "calendar", BusinessCalendar.model_validate({**entry, "holiday_country": "XK"}))
    assert hour_from_monday(state, "high") == later(days=7, hours=14)
    with pytest.raises(InvalidData, match="no country XX"):
        put(state, "calendar", BusinessCalendar.model_validate({**entry, "holiday_country": "XX"}))
    with pytest.raises(InvalidData, match="holiday_country"):
        put(DirectoryState(), "calendar", BusinessCalendar.model_validate({**entry, "holiday_country": "XK"}))


@pytest.mark.parametrize(
    "entry",
    [
        {"timezone": "Mars/Olympus", "hours": {"mon": [["08:00", "18:00"]]}},
        {"timezone": "UTC", "hours": {}},
        {"timezone": "UTC", "hours": {"mon": []}},
        {"timezone": "UTC", "hours": {"mon": [["18:00", "08:00"]]}},
        {"timezone": "UTC", "hours": {"mon": [["08:00", "12:00"], ["11:00", "13:00"]]}},
        {"timezone": "UTC", "hours": {"mon": [["8", "18"]]}},
    ],
)
def test_a_calendar_one_can_t_reckon_with_leaves_the_one_before_in_force(entry: dict[str, object]) -> None:
    state = directory(NIGHTS, ON_NIGHTS)
    with pytest.raises(InvalidData, match="calendar nights"):
        put(state, "calendar", BusinessCalendar.read({"id": "nights", **entry}))
    assert hour_from_monday(state, "high") == later(hours=14)


@pytest.mark.parametrize(
    "wrong",
    [
        Policy(targets={"low": "PT0S"}),
        Policy(thresholds={"low": {"not_assigned": ("PT0S", "PT1H", "PT2H")}}),
        Policy(thresholds={"low": {"not_updated": ("PT2H", "PT1H", "PT3H")}}),
        Policy(thresholds={"low": {"not_completed": ("PT1H", "PT2H", "PT3H")}}),
        Policy(currencies={"USD": CurrencyLimits(agent="2.00", team_lead="1.99")}),
        Policy(currencies={"BTC": CurrencyLimits(agent="1.00", team_lead="2.00")}),
    ],
)
def test_a_policy_one_can_t_go_by_leaves_the_one_before_in_force(wrong: Policy) -> None:
    state = directory(NIGHTS, ON_NIGHTS)
    with pytest.raises(InvalidData, match="policy"):
        put(state, "policy", wrong)
    assert state.policy == ON_NIGHTS


def test_nothing_may_be_left_where_completion_is_due_and_levels_may_be_equal() -> None:
    due_now = Policy(thresholds={"low": {"not_completed": ("PT1H", "PT0S", "PT0S")}})
    assert directory(due_now).policy == due_now


def test_a_team_with_reversed_limits_leaves_the_one_before_in_force() -> None:
    state = directory()
    with pytest.raises(InvalidData, match=r"600 is more than 500\.00"):
        put(state, "team", Team(id="desk", tier1_limit="600"))
    assert state.team("desk") == Team(id="desk", lead_id="lea", manager_id="max")
    put(state, "team", Team(id="desk", tier1_limit="500", tier2_limit="500.00"))
