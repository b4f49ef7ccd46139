"""How a rule is specified: given what was accepted before, when a command arrives, then what follows.

    given(OpenTicket(subject="Printer")).when(AcceptTicket(agent_id="anna")).then(TicketAccepted(agent_id="anna"))

Every step also checks what always has to hold of an outcome: see `_check`.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise

from contracts.commands import COMMANDS, Command
from contracts.directory import Agent
from contracts.events import Event
from contracts.json_values import read_json, write_json
from contracts.received import Position, ReceivedCommand
from contracts.recorded import RecordedEvent, read_recorded_event
from contracts.rejections import REJECTION_CODES, RejectionCode
from contracts.snapshots import read_snapshot
from contracts.ticket import Ticket
from services.directory_state import DirectoryState
from services.evolve import fold
from services.handling import Accepted, Duplicate, Outcome, Rejected, World, handle
from services.score_facts import may_differ, packed_facts
from services.view_index import index_changes, index_entries
from tests.services.cast import MONDAY, directory

TICKET = "T-1"
SOURCE = "/connectors/spec"
PARTITION = 3
_NAMES = {model: name for name, model in COMMANDS.items()}


@dataclass(frozen=True)
class Places:
    """Capacity that is exhausted for some agents."""

    full: frozenset[str] = frozenset()

    def admits(self, agent: Agent, _ticket_id: str, _position: Position) -> bool:
        return agent.id not in self.full


@dataclass(frozen=True)
class Story:
    """A ticket so far, None before it is opened; each step gives a new story."""

    directory: DirectoryState = field(default_factory=directory)
    full: frozenset[str] = frozenset()
    ticket: Ticket | None = None
    events: tuple[RecordedEvent, ...] = ()
    sent: int = 0

    def given(self, *commands: Command, at: datetime = MONDAY) -> "Story":
        """Go on with commands that must be accepted, all of them at one time."""
        story = self
        for command in commands:
            step = story.when(command, at=at)
            assert isinstance(step.outcome, Accepted), f"given {command!r}: {step.outcome}"
            story = step.story
        return story

    def with_directory(self, changed: DirectoryState) -> "Story":
        """Go on in another world."""
        return replace(self, directory=changed)

    def with_full(self, *agent_ids: str) -> "Story":
        """Go on with agents who have no free place."""
        return replace(self, full=frozenset(agent_ids))

    def when(  # noqa: PLR0913 what may vary about a delivery
        self,
        command: Command,
        *,
        at: datetime = MONDAY,
        recorded_at: datetime | None = None,
        command_id: str | None = None,
        source: str = SOURCE,
        correlation_id: str | None = None,
    ) -> "Step":
        """Send one command; its id is new unless told."""
        received = ReceivedCommand(
            ticket_id=TICKET,
            source=source,
            id=command_id or f"c{self.sent}",
            name=_NAMES[type(command)],
            time=at,
            recorded_at=recorded_at or at,
            correlation_id=correlation_id,
            data=command,
            as_received={},
            position=Position(PARTITION, self.sent),
        )
        outcome = handle(received, self.ticket, World(self.directory, Places(self.full)))
        story = replace(self, sent=self.sent + 1)
        if isinstance(outcome, Accepted):
            story = replace(story, ticket=outcome.ticket, events=self.events + outcome.events)
        _check(self, story, outcome)
        return Step(story, outcome)

    @property
    def now(self) -> Ticket:
        """The ticket, which must exist."""
        assert self.ticket is not None
        return self.ticket


@dataclass(frozen=True)
class Step:
    """What a command led to."""

    story: Story
    outcome: Outcome

    def then(self, *events: Event) -> Ticket:
        """Exactly these events follow, field by field; return the ticket after them."""
        assert isinstance(self.outcome, Accepted), self.outcome
        assert [event.data for event in self.outcome.events] == list(events)
        return self.outcome.ticket

    def then_accepted(self) -> Ticket:
        """Whatever follows, it is accepted; return the ticket after it."""
        assert isinstance(self.outcome, Accepted), self.outcome
        return self.outcome.ticket

    def then_refused(self, code: RejectionCode, **details: object) -> Rejected:
        """It is refused with this code, and with at least these details."""
        assert isinstance(self.outcome, Rejected), self.outcome
        refusal = self.outcome.refusal
        assert refusal.code == code, refusal
        assert {name: refusal.details.get(name) for name in details} == details
        return self.outcome

    def then_nothing(self) -> None:
        """Nothing happens: no event, no refusal."""
        assert isinstance(self.outcome, Duplicate), self.outcome


def given(*commands: Command, at: datetime = MONDAY) -> Story:
    """Begin a story with commands that must be accepted."""
    return Story().given(*commands, at=at)


def _check(before: Story, after: Story, outcome: Outcome) -> None:
    """Events follow one another without a gap, their bytes tell all of them, and folding them gives the ticket."""
    if isinstance(outcome, Rejected):
        assert outcome.refusal.code in REJECTION_CODES
        assert outcome.refusal.message.endswith(".")
        assert isinstance(read_json(write_json(outcome.refusal.details)), dict)
    if not isinstance(outcome, Accepted):
        assert after.ticket is before.ticket
        return
    assert [read_recorded_event(event.value) for event in outcome.events] == list(outcome.events)
    assert [event.version for event in after.events] == list(range(1, len(after.events) + 1))
    assert all(later.prev_hash == earlier.head_hash for earlier, later in pairwise(after.events))
    folded = fold(after.events)
    assert folded is not None
    assert folded.changed(source_offset=after.sent - 1) == outcome.ticket
    assert read_snapshot(write_json(outcome.ticket)) == outcome.ticket
    _check_view(before.ticket, outcome.ticket)


def _check_view(before: Ticket | None, after: Ticket) -> None:
    """What a view does not write has not changed: lists, and the facts of scores."""
    gone, new = index_changes(before, after)
    assert (index_entries(before) - set(gone)) | set(new) == index_entries(after)
    assert may_differ(before, after) or (before is not None and packed_facts(before) == packed_facts(after))
