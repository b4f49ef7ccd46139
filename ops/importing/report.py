"""The report of an import: what was asked, what came of it, and who owned the tickets (SPEC section 11)."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from contracts.model import Condition
from ops.audit.report import AuditReport


class ImportReport(BaseModel):
    """What an import came to; counts are of this import's commands alone.

    `outcomes` counts events by name, `rejections` and `dead_letters` refused and unreadable commands by code. A
    duplicate is a command that was accepted before, so it has no event now. `seconds` are from the first entry sent to
    the last outcome read.
    """

    model_config = ConfigDict(frozen=True)

    file: str
    incidents: int
    rows: int
    entries: int
    commands: int
    events: int
    duplicates: int
    rejections: Mapping[str, int]
    dead_letters: Mapping[str, int]
    owner_changes_in_source: int
    owner_changes_here: int
    envelopes: int
    outcomes: Mapping[str, int]
    seconds: float
    ticks: int = 0
    """At how many instants of the log's own time alerts were evaluated."""
    alerts: Mapping[Condition, Mapping[int, int]] = Field(default_factory=dict)
    """Alerts on the log's tickets, by condition and level; none where no tick went out."""
    audit: AuditReport | None = None
    """The verdict on the whole log afterwards; None until it was audited."""

    @property
    def was_imported_before(self) -> bool:
        """Whether every command had been accepted before, so that nothing changed."""
        return self.commands > 0 and self.duplicates == self.commands

    @property
    def refused(self) -> int:
        """How many commands came to nothing."""
        return sum(self.rejections.values()) + sum(self.dead_letters.values())

    @property
    def keeps_the_promise(self) -> bool:
        """Whether no ticket has lost its owner, no command came to nothing, and the audit holds."""
        return self.owner_changes_here == 0 and self.refused == 0 and self.audit is not None and self.audit.holds
