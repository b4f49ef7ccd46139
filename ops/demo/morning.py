"""The morning after the log: customers of its busiest agent are back, and are made whole within everybody's limits.

What is asked for here, step by step, on incidents of the log; whether it is granted is for the rules. Nothing is sent
here. The amounts stand at the bounds of the tiers: up to 100.00 an agent decides, up to 500.00 a team lead.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from contracts.cloudevents import event_type
from contracts.directory import directory_value
from contracts.instants import format_instant, parse_instant

SOURCE = "/connectors/demo"
LEAD, MANAGER = "demo-team-lead", "demo-manager"
_OPENS = time(9)
_STEP, _LASTS = timedelta(minutes=10), timedelta(hours=1)
_AMOUNTS: Mapping[int, tuple[str | None, ...]] = {
    0: ("15.00",),
    1: ("100.00",),
    2: ("100.01",),
    3: ("500.00",),
    4: ("60.00", "60.00"),
    5: ("500.01",),
    6: ("2400.00",),
    7: (None,),
}
"""What is given on an incident, by its place; the others get `_SMALL`."""
_SMALL = ("10.00",)
_FLAGGED, _APPROVED, _SPLIT, _MANAGERS, _WAITING = 0, (2, 3), 4, 5, 6
_ASKED_BACK = (8, 9)
_UNFINISHED = 10
REFUSED = Counter(self_approval=1, not_authorized=1, resolution_pending=1)
"""What the rules are to refuse: an own approval, one above a lead's tier, resolving while an approval is pending."""

Command = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Morning:
    """Whose customers are back, on which incidents, and when the desk opens that day."""

    agent_id: str
    incidents: tuple[str, ...]
    opens_at: datetime

    @classmethod
    def after(cls, commands: Sequence[Mapping[str, Any]]) -> "Morning":
        """Return the morning after a log's last command, at the agent who took most of its incidents."""
        accepted = [each for each in commands if each["type"] == event_type("ticket.accept")]
        ((agent_id, _),) = Counter(str(each["data"]["agent_id"]) for each in accepted).most_common(1)
        incidents = sorted(str(each["subject"]) for each in accepted if each["data"]["agent_id"] == agent_id)
        last = max(parse_instant(each["time"]) for each in commands)
        opens_at = datetime.combine(last.date() + timedelta(days=1), _OPENS, last.tzinfo)
        return cls(agent_id, tuple(incidents), opens_at)

    @property
    def ends_at(self) -> datetime:
        """When all its steps are done."""
        return self.opens_at + _LASTS

    def people(self) -> Iterator[Command]:
        """Yield directory entries: the log has agents only, so somebody to approve and review has to be added."""
        for agent_id, role in ((LEAD, "team_lead"), (MANAGER, "manager")):
            yield directory_value("agent", agent_id, SOURCE, {"name": agent_id, "role": role})

    def steps(self) -> list[list[Command]]:
        """Return the commands of each step; the first one only brings the customers back."""
        steps = (self._back(), self._given(), self._decided(), self._ended(), self._reviewed())
        return [list(self._timed(step, number)) for number, step in enumerate(steps)]

    def _back(self) -> Iterator[Command]:
        for incident in self.incidents:
            yield _command("ticket.reopen", incident, reason="It is back.", requested_by="customer")
        told = {"agent_id": self.agent_id, "flag": "social_media", "reason": "The customer has posted about it."}
        yield _command("flag.add", self.incidents[_FLAGGED], **told)

    def _given(self) -> Iterator[Command]:
        for place, incident in enumerate(self.incidents):
            for number, amount in enumerate(_AMOUNTS.get(place, _SMALL), 1):
                yield self._resolution(incident, number, amount)

    def _decided(self) -> Iterator[Command]:
        yield self._decision("approve", _APPROVED[0], self.agent_id)
        yield self._decision("approve", _MANAGERS, LEAD)
        for place in _APPROVED:
            yield self._decision("approve", place, LEAD)
        yield self._decision("reject", _SPLIT, LEAD, number=2)
        yield self._decision("approve", _MANAGERS, MANAGER)

    def _ended(self) -> Iterator[Command]:
        for place, incident in enumerate(self.incidents):
            if place in _ASKED_BACK:
                yield _command("ticket.await_customer", incident, agent_id=self.agent_id, reason="Is it still so?")
            elif place != _UNFINISHED:
                yield _command("ticket.resolve", incident, agent_id=self.agent_id, summary="Made good.")

    def _reviewed(self) -> Iterator[Command]:
        for place, reviewer_id, outcome in ((_FLAGGED, LEAD, "upheld"), (_MANAGERS, LEAD, "coaching_needed")):
            incident = self.incidents[place]
            told = {"resolution_id": _resolution_id(incident, 1), "reviewer_id": reviewer_id, "outcome": outcome}
            yield _command("calibration.review", incident, **told)

    def _resolution(self, incident: str, number: int, amount: str | None) -> Command:
        given = {"resolution_type": "workaround"} if amount is None else {"resolution_type": "credit", "amount": amount}
        return _command(
            "resolution.create",
            incident,
            agent_id=self.agent_id,
            resolution_id=_resolution_id(incident, number),
            what_went_wrong="It came back after it was resolved.",
            what_category="recurrence",
            why_eligible="The customer has had to ask twice for one fault.",
            why_category="goodwill",
            **given,
        )

    def _decision(self, verdict: str, place: int, approver_id: str, number: int = 1) -> Command:
        incident = self.incidents[place]
        told = {"resolution_id": _resolution_id(incident, number), "approver_id": approver_id}
        return _command(f"resolution.{verdict}", incident, **told)

    def _timed(self, commands: Iterable[Command], number: int) -> Iterator[Command]:
        at = format_instant(self.opens_at + number * _STEP)
        for index, command in enumerate(commands):
            yield {**command, "id": f"morning:{number}:{index}", "time": at}


def _command(name: str, incident: str, **said: object) -> Command:
    return {
        "specversion": "1.0",
        "source": SOURCE,
        "type": event_type(name),
        "subject": incident,
        "datacontenttype": "application/json",
        "data": said,
    }


def _resolution_id(incident: str, number: int) -> str:
    return f"{incident}-R{number}"
