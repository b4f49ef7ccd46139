"""One ticket as a clerk keeps it, and the people the clerk knows. All calendars run around the clock: time is sums."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

ROLES = {
    "anna": "agent",
    "ben": "agent",
    "nina": "agent",
    "nora": "agent",
    "lea": "team_lead",
    "max": "manager",
    "zoe": "manager",
}
TEAMS = {
    "anna": ["desk"],
    "ben": ["desk"],
    "nina": ["network"],
    "nora": ["network", "desk"],
    "lea": ["desk"],
    "max": ["desk"],
}
INACTIVE = {"zoe"}
KNOWN_TEAMS = {"desk", "network", "legal"}
LEGAL_TEAM = "legal"
HOURS = {"critical": 1, "high": 4, "medium": 8, "low": 24}
VIP_FACTOR = 0.5
OPEN_ENVELOPE = ("pending", "active")
_SPACE = uuid5(NAMESPACE_URL, "https://itilnext.org/event")


class Refused(Exception):
    """The clerk refuses, with this code."""


def refuse_if(wrong: object, code: str) -> None:
    """Refuse where something is wrong."""
    if wrong:
        raise Refused(code)


@dataclass
class Sent:
    """A command as the clerk sees it: its name and fields, and how it came; `full` are agents without a free place."""

    name: str
    fields: Mapping[str, Any]
    ticket_id: str
    source: str
    id: str
    at: datetime
    recorded_at: datetime
    full: frozenset[str]

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 fields are of any type
        return self.fields[name]

    def new_id(self, part: str) -> str:
        """Return the id the engine gives to what this command makes."""
        return str(uuid5(_SPACE, f"{self.ticket_id}\n{self.source}\n{self.id}\n{part}"))


@dataclass
class Book:
    """One ticket; there is none while `opened_at` is None."""

    opened_at: datetime | None = None
    updated_at: datetime | None = None
    activity_at: datetime | None = None
    response_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    paused_since: datetime | None = None
    paused: timedelta = timedelta(0)
    owner: str | None = None
    team: str | None = None
    priority: str = "medium"
    vip: bool = False
    envelopes: dict[str, dict[str, Any]] = field(default_factory=dict)
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)
    resolutions: dict[str, dict[str, Any]] = field(default_factory=dict)
    alerts: dict[str, dict[str, Any]] = field(default_factory=dict)
    rounds: dict[tuple[str, datetime], set[int]] = field(default_factory=dict)
    """The levels of each condition and anchor that were raised or left behind."""
    accepted: set[tuple[str, str]] = field(default_factory=set)

    @property
    def has_open_envelope(self) -> bool:
        return any(one["status"] in OPEN_ENVELOPE for one in self.envelopes.values())

    @property
    def status(self) -> str:
        """Return the first status that fits."""
        fitting = [
            (self.closed_at, "closed"),
            (self.resolved_at, "resolved"),
            (self.paused_since, "waiting_customer"),
            (self.owner is None, "new"),
            (self.has_open_envelope, "waiting_internal"),
        ]
        return next((status for fits, status in fitting if fits), "in_progress")

    @property
    def due_at(self) -> datetime:
        """Return opening + target + pauses, as of the last reckoning: only a running pause moves it on later."""
        assert self.opened_at is not None
        target = timedelta(hours=HOURS[self.priority])
        return self.opened_at + (target * VIP_FACTOR if self.vip else target) + self.paused

    def owner_only(self, agent: str | None) -> None:
        """Refuse everybody else."""
        refuse_if(agent is None or agent != self.owner, "not_owner")

    def pause(self, at: datetime) -> None:
        """Stop the clock, unless it stands already."""
        self.paused_since = self.paused_since or at

    def go_on(self, at: datetime) -> None:
        """Let the clock run again."""
        assert self.paused_since is not None
        self.paused += at - self.paused_since
        self.paused_since = None

    def enter_envelope(
        self, identity: str, by: str, team: str | None, expert: str | None, above: dict[str, Any] | None
    ) -> None:
        """Enter a new envelope, below another one or on level 2."""
        self.envelopes[identity] = {
            "id": identity,
            "by": by,
            "team": team,
            "expert": expert,
            "status": "pending",
            "level": above["level"] + 1 if above else 2,
            "above": above["id"] if above else None,
            "number": len(self.envelopes),
        }
