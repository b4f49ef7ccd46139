"""The table of docs/visibility.md: every viewer against every kind of entry, made by the code and compared.

Where a rule of sight changes on purpose, the test shows the new table to put into the page.
"""

from dataclasses import dataclass
from pathlib import Path

from contracts import commands as c
from contracts.commands import Command
from contracts.directory import Agent, Policy
from contracts.resolution_commands import CreateResolution
from services.alerts import ALERT_SOURCE
from services.timeline import timeline
from services.visibility import CUSTOMER, SYSTEM, Viewer
from tests.services.cast import MONDAY, directory, later
from tests.services.spec import Story

PAGE = Path(__file__).parents[2] / "docs" / "visibility.md"
EXPERTS = {"top": "tom", "parent": "paul", "middle": "mia", "child": "cleo", "done": "dora", "law": "lara"}
WORLD = directory(
    Policy(legal_team_id="legal"),
    *(Agent(id=name, team_ids=("legal",)) for name in (*EXPERTS.values(), "olga", "fred", "ole")),
)
ENTRIES = {
    "public": "public note",
    "internal": "internal note",
    "status": "envelope status",
    "note": "envelope-only note",
    "work": "task of the envelope",
    "resolution": "resolution",
    "alert": "alert",
    "task": "task of the ticket",
    "flag": "flag",
}


@dataclass(frozen=True)
class Row:
    """Somebody who looks, at the case with one of its envelopes; `late` after it changed hands from olga to mia."""

    title: str
    viewer: Viewer
    envelope: str = "middle"
    late: bool = False


ROWS = (
    Row("customer", CUSTOMER),
    Row("owner", Viewer("agent", "olga")),
    Row("owner who asked for the envelope", Viewer("agent", "olga"), "top"),
    Row("expert of the envelope", Viewer("agent", "mia")),
    Row("expert of its parent, who asked for it", Viewer("agent", "paul")),
    Row("expert of its parent's parent", Viewer("agent", "tom")),
    Row("expert of its child", Viewer("agent", "cleo")),
    Row("requester", Viewer("agent", "fred"), "law"),
    Row("another agent", Viewer("agent", "ole")),
    Row("expert of the completed envelope", Viewer("agent", "dora"), "done"),
    Row("expert of another, completed envelope", Viewer("agent", "dora")),
    Row("former owner, who asked for the envelope", Viewer("agent", "olga"), "top", late=True),
    Row("former owner, of an envelope others asked for", Viewer("agent", "olga"), late=True),
    Row("new owner, who is its expert", Viewer("agent", "mia"), late=True),
    Row("new owner, who asked for it as an expert", Viewer("agent", "mia"), "child", late=True),
    Row("system", SYSTEM),
)


class Case:
    """A ticket with each kind of entry; `versions` says which event is which."""

    def __init__(self) -> None:
        self.story = Story(directory=WORLD)
        self.versions: dict[str, int] = {}
        self._do(c.OpenTicket(subject="case", team_id="desk"), c.AcceptTicket(agent_id="olga"))
        self._entry("public", c.AddNote(agent_id="olga", content="n", visibility="public"))
        self._entry("internal", c.AddNote(agent_id="ole", content="n"))
        self._entry("task", c.CreateTask(agent_id="olga", title="t"))
        self._entry("flag", c.AddFlag(agent_id="ole", flag="vip"))
        repair = CreateResolution(agent_id="olga", what_went_wrong="w", why_eligible="y", resolution_type="repair")
        self._entry("resolution", repair)
        for name, asks in (("top", "olga"), ("parent", "tom"), ("middle", "paul"), ("child", "mia"), ("done", "olga")):
            ask = c.CreateEnvelope(agent_id=asks, reason="r", expert_id=EXPERTS[name], envelope_id=name)
            self._entry(f"status {name}", ask)
            self._fill(name, name)
        self._do(c.CompleteEnvelope(agent_id="dora", envelope_id="done"))
        self._entry("status law", c.AddFlag(agent_id="fred", flag="legal"))
        self._fill("law", self.story.now.envelopes[-1].envelope_id)
        raised = c.RaiseAlert(condition="not_updated", level=1, anchor_at=MONDAY, at=later(hours=4))
        self.story = self.story.when(raised, at=later(hours=4), source=ALERT_SOURCE).story
        self.versions["alert"] = self.story.now.version

    def handed_over(self) -> Story:
        """The case after an exceptional transfer."""
        return self.story.given(
            c.TransferTicket(new_owner_id="mia", transfer_type="termination", reason="left", authorized_by="max")
        )

    def _do(self, *commands: Command) -> None:
        self.story = self.story.given(*commands)

    def _entry(self, name: str, command: Command) -> None:
        self._do(command)
        self.versions[name] = self.story.now.version

    def _fill(self, name: str, envelope_id: str) -> None:
        """Its expert and the owner each write into an envelope."""
        expert = EXPERTS[name]
        self._do(c.AcceptEnvelope(agent_id=expert, envelope_id=envelope_id))
        for whose, agent in (("", expert), ("own ", "olga")):
            note = c.AddNote(agent_id=agent, content="n", visibility="envelope_only", envelope_id=envelope_id)
            self._entry(f"{whose}note {name}", note)
            self._entry(f"{whose}work {name}", c.CreateTask(agent_id=agent, title="t", envelope_id=envelope_id))

    def cell(self, row: Row, entry: str) -> str:
        """Tell whether the viewer of the row gets such an entry."""
        story = self.handed_over() if row.late else self.story
        seen = {one.version for one in timeline(story.now, story.events, row.viewer)}
        name = entry if entry in self.versions else f"{entry} {row.envelope}"
        if self.versions[name] in seen:
            return "yes"
        return "own only" if self.versions.get(f"own {name}") in seen else "-"


def table() -> str:
    """Return the table as the page has it."""
    case = Case()
    lines = [["viewer", *ENTRIES.values()]]
    lines.append(["---"] * len(lines[0]))
    lines += [[row.title, *(case.cell(row, entry) for entry in ENTRIES)] for row in ROWS]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def test_the_page_tells_who_sees_what() -> None:
    assert table() in PAGE.read_text(encoding="utf-8"), f"the table is now\n{table()}"
