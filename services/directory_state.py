"""The directory in memory, as the rules see it: the entries in force, and the calendars they make (SPEC sections 4, 6).

A pure container: whoever reads the directory topic applies its changes here, in order. What can't be put into force is
refused, and the entry before stays. Contacts may be a million, so only what the rules need of them is kept.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from sys import intern
from typing import TypeAlias, assert_never, get_args

from contracts.dead_letters import InvalidData
from contracts.directory import (
    DEFAULT_POLICY_ID,
    Agent,
    BusinessCalendar,
    Company,
    Contact,
    DirectoryChange,
    Entity,
    Policy,
    Team,
)
from contracts.identity import value_hash
from contracts.json_values import write_json
from contracts.model import Priority, Tier
from services.business_calendar import AroundTheClock, BusinessTime, HolidaysOfYear, WeeklyCalendar, no_holidays
from services.decision import Customer
from services.money import CURRENCIES
from services.opening_hours import InvalidCalendar
from services.sla import AROUND_THE_CLOCK, InvalidDuration, default_calendar, parse_target, parse_thresholds

CountryHolidays: TypeAlias = Callable[[str], HolidaysOfYear]
"""The holidays of a country by its code; raises InvalidCalendar where it knows no such country."""

_PRIORITIES: tuple[Priority, ...] = get_args(Priority)
_TIERS: Mapping[str, Tier] = {tier: tier for tier in get_args(Tier)}
_BUSINESS_HOURS = default_calendar("medium")
"""What every priority but critical runs on by default."""


class DirectoryState:
    """The entries in force; implements `services.decision.Directory`.

    Args:
        country_holidays: where the holidays of a calendar's `holiday_country` come from. Without it an entry that names
            a country is refused.
    """

    def __init__(self, country_holidays: CountryHolidays | None = None) -> None:
        self._country_holidays = country_holidays
        self._agents: dict[str, Agent] = {}
        self._teams: dict[str, Team] = {}
        self._members: dict[str, set[str]] = {}
        self._contacts: dict[str, str] = {}
        self._companies: dict[str, Tier] = {}
        self._calendars: dict[str, WeeklyCalendar] = {}
        self._policy = Policy()
        self._clock_entries: dict[str, str] = {}
        self._times = self._times_by_priority()

    def apply(self, change: DirectoryChange) -> None:
        """Put an entry into force, or delete it.

        Raises:
            InvalidData: a calendar without hours one could reckon with, a policy whose durations are zero or out of
                order, or reversed limits. The entry before stays in force.
        """
        if change.entity is None:
            self._delete(change.kind, change.id)
        else:
            self._put(change.entity)
        if change.kind in ("calendar", "policy"):
            self._clock_entries[f"{change.kind}:{change.id}"] = value_hash(write_json(change.entity))

    @property
    def policy(self) -> Policy:
        """The policy in force, all defaults where the directory has none."""
        return self._policy

    @property
    def clock_rules(self) -> str:
        """A digest of all that tells when alerts come due: the policy and the calendars; equal ones, equal digests."""
        return value_hash(write_json(sorted(self._clock_entries.items())))

    def agent(self, agent_id: str) -> Agent | None:
        """Return the agent of this id."""
        return self._agents.get(agent_id)

    def team(self, team_id: str) -> Team | None:
        """Return the team of this id."""
        return self._teams.get(team_id)

    def members_of(self, team_id: str) -> tuple[Agent, ...]:
        """Return the agents of a team, inactive ones too, by id."""
        return tuple(self._agents[agent_id] for agent_id in sorted(self._members.get(team_id, ())))

    def contact(self, contact_id: str) -> Customer | None:
        """Return what counts of the contact of this id."""
        kept = self._contacts.get(contact_id)
        return None if kept is None else _customer(kept)

    def company(self, company_id: str) -> Customer | None:
        """Return what counts of the company of this id."""
        tier = self._companies.get(company_id)
        return None if tier is None else Customer(tier, company_id)

    def business_time(self, priority: Priority) -> BusinessTime:
        """Return the calendar this priority runs on (SPEC section 6).

        A policy may name a calendar the directory does not hold, or no longer: then it is the default one, Monday to
        Friday, 08:00 to 18:00 UTC.
        """
        return self._times[priority]

    def _put(self, entity: Entity) -> None:
        match entity:
            case Agent():
                self._delete_agent(entity.id)
                self._agents[entity.id] = entity
                for team_id in entity.team_ids:
                    self._members.setdefault(team_id, set()).add(entity.id)
            case Team():
                _check_order(f"team {entity.id}: tier1_limit, tier2_limit", entity.tier1_limit, entity.tier2_limit)
                self._teams[entity.id] = entity
            case Contact():
                self._contacts[entity.id] = _kept(entity)
            case Company():
                self._companies[entity.id] = entity.tier
            case BusinessCalendar():
                self._calendars[entity.id] = self._calendar(entity)
                self._times = self._times_by_priority()
            case Policy():
                _check_policy(entity)
                self._policy = entity
                self._times = self._times_by_priority()
            case _:
                assert_never(entity)

    def _delete(self, kind: str, identity: str) -> None:
        match kind:
            case "agent":
                self._delete_agent(identity)
            case "team":
                self._teams.pop(identity, None)
            case "contact":
                self._contacts.pop(identity, None)
            case "company":
                self._companies.pop(identity, None)
            case "calendar":
                self._calendars.pop(identity, None)
                self._times = self._times_by_priority()
            case "policy" if identity == DEFAULT_POLICY_ID:
                self._policy = Policy()
                self._times = self._times_by_priority()

    def _delete_agent(self, agent_id: str) -> None:
        agent = self._agents.pop(agent_id, None)
        for team_id in set(agent.team_ids) if agent else ():
            members = self._members[team_id]
            members.discard(agent_id)
            if not members:
                del self._members[team_id]

    def _calendar(self, entry: BusinessCalendar) -> WeeklyCalendar:
        try:
            holidays = self._holidays_of(entry.holiday_country) if entry.holiday_country else no_holidays
            return WeeklyCalendar(entry.timezone, entry.hours, frozenset(entry.holidays), holidays)
        except InvalidCalendar as error:
            raise InvalidData(f"calendar {entry.id}: {error}") from error

    def _holidays_of(self, country: str) -> HolidaysOfYear:
        if self._country_holidays is None:
            raise InvalidCalendar(f"holiday_country: no source of holidays is at hand for {country!r:.64}")
        return self._country_holidays(country)

    def _times_by_priority(self) -> dict[Priority, BusinessTime]:
        return {priority: self._time_for(priority) for priority in _PRIORITIES}

    def _time_for(self, priority: Priority) -> BusinessTime:
        named = self._policy.calendars.get(priority)
        if named is None:
            return default_calendar(priority)
        return AroundTheClock() if named == AROUND_THE_CLOCK else self._calendars.get(named, _BUSINESS_HOURS)


def _kept(contact: Contact) -> str:
    """Return tier and company as one string; equal ones are one object, which goes with its last contact."""
    return intern(f"{contact.tier}\n{contact.company_id or ''}")


def _customer(kept: str) -> Customer:
    tier, _, company_id = kept.partition("\n")
    return Customer(_TIERS[tier], company_id or None)


def _check_policy(policy: Policy) -> None:
    try:
        for target in policy.targets.values():
            parse_target(target)
        for conditions in policy.thresholds.values():
            for condition, levels in conditions.items():
                parse_thresholds(condition, levels)
    except InvalidDuration as error:
        raise InvalidData(f"policy: {error}") from error
    for currency, limits in policy.currencies.items():
        if currency not in CURRENCIES:
            raise InvalidData(f"policy: currencies: {currency!r:.20} is no code of ISO 4217")
        _check_order(f"policy: currencies.{currency}: agent, team_lead", limits.agent, limits.team_lead)


def _check_order(where: str, lower: str, upper: str) -> None:
    if Decimal(lower) > Decimal(upper):
        raise InvalidData(f"{where}: {lower} is more than {upper}")
