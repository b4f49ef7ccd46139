"""Any commands in any order: the rules and a clerk who knows nothing of their code come to the same (see `oracle`).

Beside that, what may never break: an owner changes by a transfer only, time does not run backwards, versions have no
gap and folding the events gives the ticket (checked by `spec`), the same inputs give the same bytes, nobody approves or
reviews what is their own, and no sum passes a tier without somebody of that tier.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from typing import TypeVar

from hypothesis import event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from contracts import commands as c
from contracts.commands import COMMANDS, Command
from contracts.directory import CurrencyLimits, Policy
from contracts.events import AlertRaised, OwnershipTransferred, TicketAccepted
from services.handling import Accepted, Duplicate, Outcome, Rejected
from tests.services.cast import MONDAY, directory
from tests.services.oracle import Book, Refused, Sent, judge
from tests.services.oracle.agreement import assert_accountable, assert_same
from tests.services.proposals import Pick, propose
from tests.services.spec import SOURCE, TICKET, Story

T = TypeVar("T")
WORLD = directory(
    Policy(
        calendars=dict.fromkeys(("critical", "high", "medium", "low"), "24x7"),
        vip_target_factor=0.5,
        legal_team_id="legal",
        currencies={"USD": CurrencyLimits(agent="10.00", team_lead="20.00")},
        calibration_sample_percent=50,
    )
)
NAMES = {model: name for name, model in COMMANDS.items()}
WAITS = (0, 0, 0, 1, 60, 3_601, 7_200, 90_000, -3_600)
"""Seconds to the next command; senders' clocks differ, so that some come from before."""


class Both:
    """The rules and the clerk, given the same commands."""

    def __init__(self) -> None:
        self.story = Story(directory=WORLD)
        self.book = Book()
        self.now = MONDAY
        self.ids: list[str] = []

    def step(self, pick: Pick) -> str:
        """Let a proposed command arrive, by now or from before; now and then everybody is busy."""
        if pick(range(10)) == 0:
            self.story = self.story.with_full(*pick(((), ("anna", "ben", "nina"))))
        source = SOURCE if pick(range(6)) == 0 else "/itilnext/alerts"
        return self.deliver(propose(pick, self.book), self.now + timedelta(seconds=pick(WAITS)), source=source)

    def resend(self, pick: Pick) -> str:
        """Let an identity arrive once more, whether it was accepted or not."""
        others: tuple[Command, ...] = (c.AddNote(agent_id="anna", content="n"), c.OpenTicket(subject="s"))
        return self.deliver(pick(others), self.now, command_id=pick(self.ids))

    def deliver(
        self,
        command: Command,
        at: datetime,
        *,
        command_id: str | None = None,
        source: str = SOURCE,
        early: timedelta = timedelta(0),
    ) -> str:
        """Give a command to both and compare; `early` is how far the record's own time is behind the command's."""
        command_id = command_id or f"id{len(self.ids)}"
        self.ids.append(command_id)
        step, again = (
            self.story.when(command, command_id=command_id, source=source, at=at, recorded_at=at - early)
            for _ in range(2)
        )
        assert step.outcome == again.outcome  # events with all their bytes, or the refusal
        name = NAMES[type(command)]
        expected = self._judged(Sent(name, command.wire(), TICKET, source, command_id, at, at - early, self.story.full))
        assert _result(step.outcome) == expected, command
        self.story = step.story
        self.now = max(self.now, at - early)
        self._tell_recipients(step.outcome)
        self.check()
        return f"{name}: {expected}"

    def check(self) -> None:
        """Compare the ticket with the book, and see that nothing is wrong that never may be."""
        if self.story.ticket is None:
            assert self.book.opened_at is None
            return
        assert_same(self.book, self.story.ticket)
        assert_accountable(self.story.ticket)
        assert all(earlier.time <= later.time for earlier, later in pairwise(self.story.events))
        assert self._owner_by_the_log() == self.story.ticket.owner_id

    def _judged(self, sent: Sent) -> str | list[str] | None:
        try:
            return judge(self.book, sent)
        except Refused as refused:
            return str(refused)

    def _tell_recipients(self, outcome: Outcome) -> None:
        if isinstance(outcome, Accepted) and isinstance(told := outcome.events[0].data, AlertRaised):
            self.book.alerts[told.alert_id]["told"] = {recipient.agent_id for recipient in told.recipients}

    def _owner_by_the_log(self) -> str | None:
        """Only accepting an unowned ticket and a transfer set an owner."""
        owner: str | None = None
        for recorded in self.story.events:
            match recorded.data:
                case TicketAccepted():
                    assert owner is None
                    owner = recorded.data.agent_id
                case OwnershipTransferred():
                    assert owner == recorded.data.from_owner_id != recorded.data.to_owner_id
                    owner = recorded.data.to_owner_id
        return owner


def _result(outcome: Outcome) -> str | list[str] | None:
    match outcome:
        case Accepted():
            return [recorded.name for recorded in outcome.events]
        case Rejected():
            return outcome.refusal.code
        case Duplicate():
            return None


class Desk(RuleBasedStateMachine):
    """Hypothesis looks for a day on which the two differ, and cuts it down to the commands that matter."""

    def __init__(self) -> None:
        super().__init__()
        self.both = Both()

    @rule(data=st.data())
    def send(self, data: st.DataObject) -> None:
        event(self.both.step(_drawing(data)))

    @precondition(lambda self: self.both.ids)
    @rule(data=st.data())
    def resend(self, data: st.DataObject) -> None:
        self.both.resend(_drawing(data))

    @rule(early=st.sampled_from((timedelta(minutes=5), timedelta(minutes=5, microseconds=1))))
    def come_early(self, early: timedelta) -> None:
        self.both.deliver(c.AddNote(agent_id="anna", content="n"), self.both.now + early, early=early)

    @invariant()
    def both_agree(self) -> None:
        self.both.check()


def _drawing(data: st.DataObject) -> Pick:
    def pick(choices: Sequence[T], /) -> T:
        return data.draw(st.sampled_from(choices))

    return pick


Desk.TestCase.settings = settings(max_examples=50, stateful_step_count=40)
TestDesk = Desk.TestCase


ROWS = {
    "ticket.open": "ticket_exists team_unknown",
    "ticket.accept": "ticket_already_owned agent_at_capacity",
    "ticket.transfer": "transfer_not_exceptional ticket_unowned not_authorized same_owner agent_at_capacity",
    "ticket.change_priority": "not_owner no_change",
    "ticket.await_customer": "ticket_unowned not_owner no_change",
    "ticket.resume": "not_owner no_change",
    "ticket.resolve": "not_owner envelopes_open resolution_pending",
    "ticket.close": "not_resolved not_owner",
    "ticket.reopen": "not_resolved",
    "note.add": "not_owner envelope_unknown not_envelope_participant",
    "message.record": "not_owner",
    "envelope.create": "ticket_unowned not_owner team_unknown expert_unknown envelope_target_missing "
    "owner_cannot_assist envelope_exists",
    "envelope.accept": "envelope_unknown envelope_not_pending owner_cannot_assist assigned_to_other not_team_member",
    "envelope.complete": "envelope_unknown envelope_not_active not_envelope_participant",
    "envelope.cancel": "envelope_unknown envelope_not_open not_envelope_participant",
    "task.create": "envelope_unknown not_owner not_envelope_participant task_exists",
    "task.start": "task_unknown task_not_open not_task_participant",
    "task.complete": "task_unknown task_not_open not_task_participant",
    "task.cancel": "task_unknown task_not_open not_task_participant",
    "flag.add": "flag_already_set",
    "flag.clear": "flag_not_set",
    "resolution.create": "not_owner documentation_missing amount_invalid currency_unsupported resolution_exists",
    "resolution.approve": "resolution_unknown resolution_not_pending self_approval not_authorized",
    "resolution.reject": "resolution_unknown resolution_not_pending self_approval not_authorized",
    "calibration.review": "resolution_unknown calibration_not_requested already_reviewed self_review not_authorized",
    "alert.raise": "not_authorized alert_already_raised alert_stale",
    "alert.acknowledge": "alert_unknown already_acknowledged not_authorized",
}
"""The codes of each row of SPEC section 5."""


def test_many_days_by_seed_come_to_every_outcome_of_every_row() -> None:
    seen: set[str] = set()
    for seed in range(250):
        by_chance, both = Random(seed), Both()
        for _ in range(100):
            seen.add(both.step(by_chance.choice))
            if by_chance.randrange(20) == 0:
                both.resend(by_chance.choice)
    assert {f"{name}: {code}" for name, codes in ROWS.items() for code in codes.split()} - seen == set()
    accepted = {outcome.partition(":")[0] for outcome in seen if "[" in outcome}
    assert accepted == set(COMMANDS)
