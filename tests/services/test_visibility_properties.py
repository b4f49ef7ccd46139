"""No viewer ever gets content of an envelope they take no part in, by any view, in any field (SPEC section 8).

Hypothesis makes up tickets with envelopes to any depth. Whatever somebody writes is a word of its own, and a book that
knows nothing of the code under test says who may read which word.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Literal, TypeVar

from hypothesis import event, given, settings
from hypothesis import strategies as st

from contracts import commands as c
from contracts.commands import Command
from contracts.directory import Policy
from contracts.events import EnvelopeAccepted, EnvelopeCreated, Event, OwnershipTransferred, TicketAccepted
from contracts.model import Flag, Visibility
from contracts.ticket import Envelope, Ticket
from services.case_views import expert_view, owner_view
from services.handling import Accepted
from services.history import History
from services.timeline import timeline
from services.visibility import CUSTOMER, SYSTEM, Viewer, known_to
from tests.services.cast import directory
from tests.services.proposals import Pick
from tests.services.spec import Story

T = TypeVar("T")
VISIBILITIES: tuple[Visibility, ...] = ("public", "internal", "envelope_only", "envelope_only")
Room = Literal["public", "internal"] | tuple[str]
"""Where a word was written: for all, for the desk, or into the envelope of this id."""

AGENTS = ("anna", "ben", "nina", "nora", "lea", "max")
WORLD = directory(Policy(legal_team_id="legal"))


@dataclass
class Book:
    """Who takes part in what, kept from the events alone."""

    owner: str | None = None
    requesters: dict[str, str] = field(default_factory=dict)
    experts: dict[str, str | None] = field(default_factory=dict)
    words: dict[str, tuple[Room, str]] = field(default_factory=dict)

    def note(self, happened: Event) -> None:
        match happened:
            case TicketAccepted():
                self.owner = happened.agent_id
            case OwnershipTransferred():
                self.owner = happened.to_owner_id
            case EnvelopeCreated():
                self.requesters[happened.envelope_id] = happened.agent_id
                self.experts[happened.envelope_id] = happened.expert_id
            case EnvelopeAccepted():
                self.experts[happened.envelope_id] = happened.agent_id
            case _:
                pass

    def readable(self, viewer: Viewer) -> set[str]:
        return {word for word, (room, author) in self.words.items() if self._may_read(viewer, room, author)}

    def ever_readable(self, viewer: Viewer) -> set[str]:
        """Words the viewer wrote, or takes part in, whoever owns the ticket: what an older state may show at most."""
        agent = viewer.agent_id
        return self.readable(viewer) | {
            word
            for word, (room, author) in self.words.items()
            if viewer.kind == "agent"
            and isinstance(room, tuple)
            and agent in (author, self.requesters[room[0]], self.experts[room[0]])
        }

    def _may_read(self, viewer: Viewer, room: Room, author: str) -> bool:
        if viewer.kind == "system" or room == "public":
            return True
        if viewer.kind == "customer":
            return False
        if room == "internal":
            return True
        if viewer.agent_id == self.owner:
            return viewer.agent_id in (author, self.experts[room[0]])
        return viewer.agent_id in (self.requesters[room[0]], self.experts[room[0]])


class Case:
    """A ticket on which people write; each `_move` proposes what is mostly allowed."""

    def __init__(self, pick: Pick) -> None:
        self.pick = pick
        self.book = Book()
        self.numbers = count()
        self.story = Story(directory=WORLD)
        self.states: list[Ticket] = []
        self._send(c.OpenTicket(subject="case"))
        self._send(c.AcceptTicket(agent_id="anna"))

    @property
    def ticket(self) -> Ticket:
        assert self.story.ticket is not None
        return self.story.ticket

    def go_on(self) -> None:
        moves = (
            self._ask,
            self._ask,
            self._accept,
            self._accept,
            self._finish,
            self._write,
            self._write,
            self._plan,
            self._plan,
            self._work,
            self._transfer,
            self._speak,
            self._mark,
        )
        self.pick(moves)()

    def _send(self, command: Command, words: tuple[str, ...] = (), room: Room = "internal", author: str = "") -> None:
        outcome = (step := self.story.when(command)).outcome
        event(f"{type(command).__name__}: {type(outcome).__name__}")
        if isinstance(outcome, Accepted):
            self.story = step.story
            self.states.append(self.ticket)
            self.book.words.update(dict.fromkeys(words, (room, author)))
            for recorded in outcome.events:
                self.book.note(recorded.data)

    def _word(self) -> str:
        return f"word{next(self.numbers):04d}"

    def _envelope(self) -> Envelope | None:
        return self.pick((*self.ticket.envelopes, None)) if self.ticket.envelopes else None

    def _somebody_of(self, envelope: Envelope | None) -> str:
        concerned = () if envelope is None else (envelope.expert_id, envelope.expert_id, envelope.requested_by)
        return str(self.pick([one for one in (*concerned, self.book.owner, *AGENTS[:1]) if one is not None]))

    def _ask(self) -> None:
        active = [one.expert_id for one in self.ticket.envelopes if one.status == "active"]
        target = self.pick((*AGENTS, None))
        reason = self._word()
        asked = c.CreateEnvelope.read(
            {
                "agent_id": self.pick([self.book.owner, *active]),
                "reason": reason,
                "expert_id": target,
                "team_id": "network" if target is None else None,
                "envelope_id": f"help{len(self.ticket.envelopes):04d}",
            }
        )
        self._send(asked, (reason,))

    def _accept(self) -> None:
        pending = [one for one in self.ticket.envelopes if one.status == "pending"]
        if pending:
            envelope = self.pick(pending)
            agent = envelope.expert_id or self.pick(("nina", "nora"))
            self._send(c.AcceptEnvelope(envelope_id=envelope.envelope_id, agent_id=agent))

    def _finish(self) -> None:
        if (envelope := self._envelope()) is not None:
            agent, word = self._somebody_of(envelope), self._word()
            if self.pick((True, True, False)):
                done = c.CompleteEnvelope(envelope_id=envelope.envelope_id, agent_id=agent, summary=word)
                self._send(done, (word,))
            else:
                self._send(c.CancelEnvelope(envelope_id=envelope.envelope_id, agent_id=agent, reason=word), (word,))

    def _write(self) -> None:
        envelope, word = self._envelope(), self._word()
        agent = self._somebody_of(envelope)
        envelope_id = None if envelope is None else envelope.envelope_id
        visibility = self.pick(VISIBILITIES)
        room: Room = visibility if visibility != "envelope_only" else (envelope_id or "",)
        note = c.AddNote(agent_id=agent, content=word, visibility=visibility, envelope_id=envelope_id)
        self._send(note, (word,), room, agent)

    def _plan(self) -> None:
        envelope, title, description = self._envelope(), self._word(), self._word()
        agent = self._somebody_of(envelope)
        task = c.CreateTask(
            agent_id=agent,
            title=title,
            description=description,
            envelope_id=None if envelope is None else envelope.envelope_id,
            assigned_to=self.pick((None, *AGENTS)),
            task_id=f"t{len(self.ticket.tasks)}",
        )
        self._send(task, (title, description), "internal" if envelope is None else (envelope.envelope_id,), agent)

    def _work(self) -> None:
        if self.ticket.tasks:
            task = self.pick(self.ticket.tasks)
            agent = self.pick((task.created_by, task.assigned_to or task.created_by, self.book.owner))
            done = {"task_id": task.task_id, "agent_id": agent}
            steps: tuple[Command, ...] = (c.StartTask.read(done), c.CompleteTask.read(done), c.CancelTask.read(done))
            self._send(self.pick(steps))

    def _transfer(self) -> None:
        heir, why = self.pick(AGENTS), self._word()
        transfer = c.TransferTicket(new_owner_id=heir, transfer_type="termination", reason=why, authorized_by="max")
        self._send(transfer, (why,))

    def _speak(self) -> None:
        word = self._word()
        self._send(c.RecordMessage(direction="inbound", content=word), (word,), "public")

    def _mark(self) -> None:
        flags: tuple[Flag, ...] = ("legal", "vip")
        word = self._word()
        self._send(c.AddFlag(agent_id=self.pick(AGENTS), flag=self.pick(flags), reason=word), (word,))


def found(case: Case, *views: object) -> set[str]:
    text = repr(views)
    return {word for word in case.book.words if word in text}


def check(case: Case, viewer: Viewer, older: Ticket) -> None:
    """The timeline holds just what the viewer may read; the views, and states that lag behind, nothing beyond it."""
    ticket, events, may = case.ticket, case.story.events, case.book.readable(viewer)
    assert found(case, timeline(ticket, events, viewer)) == may
    known = known_to(viewer, ticket)
    assert found(case, timeline(known, events, viewer)) <= may
    assert found(case, timeline(older, events, viewer)) <= case.book.ever_readable(viewer)
    if viewer == CUSTOMER:
        assert "help0" not in repr(timeline(ticket, events, viewer)), "a customer hears of no envelope"
    if viewer.kind == "agent":
        assert found(case, owner_view(ticket, viewer)) <= may
        view = expert_view(History.of(ticket, events), viewer, ("network", "legal"))
        assert found(case, view) <= may
        assert found(case, expert_view(History.of(known, events), viewer, ())) <= may
        entries = timeline(ticket, events, viewer)
        for envelope_id, content in view.content.items():
            assert list(content) == [entry for entry in entries if entry.envelope_id == envelope_id]


@settings(max_examples=80)
@given(data=st.data(), length=st.integers(10, 60))
def test_nobody_reads_what_is_not_theirs(data: st.DataObject, length: int) -> None:
    def pick(options: Sequence[T], /) -> T:
        return data.draw(st.sampled_from(options))

    case = Case(pick)
    for _ in range(length):
        case.go_on()
    older = pick(case.states)
    for viewer in (CUSTOMER, SYSTEM, *(Viewer("agent", agent) for agent in (*AGENTS, "stranger"))):
        check(case, viewer, older)
    event(f"deepest level: {max((one.level for one in case.ticket.envelopes), default=1)}")
