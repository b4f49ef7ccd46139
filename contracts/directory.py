"""The directory: people, teams, customers, calendars and the policy the rules go by (SPEC sections 4 and 6)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from contracts.cloudevents import event_type, read_cloud_event
from contracts.dead_letters import BadKey, Headers, InvalidData, UnknownType
from contracts.identity import event_id, value_hash
from contracts.json_values import write_json
from contracts.model import (
    AgentRole,
    Condition,
    Id,
    Ids,
    Message,
    Name,
    Priority,
    Text,
    Tier,
)

Kind = Literal["agent", "team", "contact", "company", "calendar", "policy"]
DEFAULT_POLICY_ID = "default"
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Money = Annotated[str, Field(pattern=r"^[0-9]{1,12}(\.[0-9]{1,2})?$")]
"""A decimal string below 10^12, as SPEC section 7 writes amounts."""
_N = "[0-9]{1,9}"
Duration = Annotated[str, Field(pattern=rf"^PT({_N}H({_N}M)?({_N}S)?|{_N}M({_N}S)?|{_N}S)$")]
"""ISO 8601, hours, minutes and seconds only."""
Window = Annotated[tuple[str, str], Field(strict=False)]
Windows = Annotated[tuple[Window, ...], Field(strict=False)]


CurrencyCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
"""ISO 4217."""


def _day(value: object) -> object:
    if not isinstance(value, str):
        return value
    day = date.fromisoformat(value)
    if day.isoformat() != value:
        raise ValueError("must be a day such as 2026-12-25")
    return day


Day = Annotated[date, BeforeValidator(_day)]


class Agent(Message):
    """Somebody who works on tickets, and what they may do (SPEC sections 4 to 7)."""

    id: Id
    name: Text | None = None
    email: Text | None = None
    role: AgentRole = "agent"
    team_ids: Ids = ()
    is_active: bool = True
    max_tickets: Annotated[int, Field(ge=0)] = 25
    empowerment_limit: Money = "100.00"
    substitute_id: Id | None = None

    @property
    def leads(self) -> bool:
        """Whether this is a team lead or manager, of any team (SPEC section 5)."""
        return self.role in ("team_lead", "manager")


class Team(Message):
    """Agents under one lead and one manager, and up to which sums they decide (SPEC sections 4, 6 and 7)."""

    id: Id
    name: Text | None = None
    lead_id: Id | None = None
    manager_id: Id | None = None
    tier1_limit: Money = "100.00"
    tier2_limit: Money = "500.00"


class Contact(Message):
    """A person who asks for help (SPEC section 4)."""

    id: Id
    email: Text | None = None
    first_name: Text | None = None
    last_name: Text | None = None
    phone: Text | None = None
    company_id: Id | None = None
    tier: Tier = "standard"


class Company(Message):
    """Where a contact works (SPEC section 4)."""

    id: Id
    name: Text | None = None
    domain: Text | None = None
    tier: Tier = "standard"


class BusinessCalendar(Message):
    """Business hours: local windows [start, end) per weekday, in an IANA zone, without the holidays."""

    id: Id
    timezone: Name
    hours: dict[Weekday, Windows]
    holidays: Annotated[tuple[Day, ...], Field(strict=False)] = ()
    holiday_country: Text | None = None


class CurrencyLimits(Message):
    """Up to which cumulative sum a tier may decide, in a currency other than EUR."""

    agent: Money
    team_lead: Money


Thresholds = Annotated[tuple[Duration, Duration, Duration], Field(strict=False)]


class Policy(Message):
    """What management decides; absent parts take the defaults of SPEC section 6, by priority and condition."""

    id: Literal["default"] = "default"
    targets: dict[Priority, Duration] = Field(default_factory=dict)
    thresholds: dict[Priority, dict[Condition, Thresholds]] = Field(default_factory=dict)
    calendars: dict[Priority, Id] = Field(default_factory=dict)
    vip_target_factor: Annotated[int | float, Field(gt=0, le=1000)] = 1
    legal_team_id: Id | None = None
    currencies: dict[CurrencyCode, CurrencyLimits] = Field(default_factory=dict)
    calibration_sample_percent: Annotated[int, Field(ge=0, le=100)] = 5


Entity = Agent | Team | Contact | Company | BusinessCalendar | Policy
KINDS: Mapping[str, type[Entity]] = {
    "agent": Agent,
    "team": Team,
    "contact": Contact,
    "company": Company,
    "calendar": BusinessCalendar,
    "policy": Policy,
}
_KIND_OF_TYPE = {event_type(f"directory.{kind}"): kind for kind in KINDS}


@dataclass(frozen=True, slots=True)
class DirectoryChange:
    """One record of the directory topic: the entity is None where a tombstone deletes it."""

    kind: str
    id: str
    entity: Entity | None


def read_directory_change(key: bytes | None, value: bytes | None, headers: Headers) -> DirectoryChange:
    """Read a record of the directory topic.

    Raises:
        Unreadable: the key names no kind or id, the value is no CloudEvent of that kind, or the entity is wrong.
    """
    kind, identity = _named_by(key)
    if value is None:
        return DirectoryChange(kind, identity, None)
    event = read_cloud_event(value, headers)
    if _KIND_OF_TYPE.get(event.type) is None:
        raise UnknownType(f"no directory entry of type {event.type[:128]!r}")
    if _KIND_OF_TYPE[event.type] != kind:
        raise BadKey(f"the key says {kind}, the type {event.type}")
    entity = KINDS[kind].read(event.data)
    if entity.id != identity:
        raise InvalidData(f"the key says {identity[:128]!r}, data.id {entity.id!r}")
    return DirectoryChange(kind, identity, entity)


def _named_by(key: bytes | None) -> tuple[str, str]:
    try:
        kind, separator, identity = (key or b"").decode().partition(":")
    except UnicodeDecodeError as error:
        raise BadKey("the key is not UTF-8") from error
    if not separator or kind not in KINDS or not identity:
        raise BadKey("the key must be <kind>:<id>, kind one of " + ", ".join(KINDS))
    return kind, identity


def directory_value(kind: str, entity_id: str, source: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Build the CloudEvent that enters an entity into the directory, ready for JSON; its content gives it its id."""
    subject = f"{kind}:{entity_id}"
    data = {"id": entity_id, **fields}
    return {
        "specversion": "1.0",
        "id": event_id(subject, source, value_hash(write_json(data)), "directory"),
        "source": source,
        "type": event_type(f"directory.{kind}"),
        "subject": subject,
        "datacontenttype": "application/json",
        "data": data,
    }
