"""What a worker tells of itself while it works, to whoever wants to know: counts, times, and where its partitions are.

The workers know nothing of metrics, probes or servers; they call an `Observer`. It is called once per batch, stage or
tick, never per command, from the event loop; it neither waits nor raises.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from enum import StrEnum

from consumers.batch import Batch, Decided
from contracts.events import AlertRaised
from producers.partition_output import OutputFenced


class Stage(StrEnum):
    """The stages of a batch, in their order."""

    PARSE = "parse"
    LOAD = "load"
    DECIDE = "decide"
    ENCODE = "encode"
    COMMIT = "commit"
    APPLY = "apply"


class TransactionResult(StrEnum):
    """How a transaction ended: of one that failed, only the committed offset tells whether it became visible."""

    COMMITTED = "committed"
    FENCED = "fenced"
    FAILED = "failed"


class Reading(StrEnum):
    """What is read of each partition now and then: offsets, counts, a share from 0 to 1 (`VIEW_BUILT`), seconds."""

    LAG = "lag"
    NEXT_OFFSET = "next_offset"
    VIEW_POSITION = "view_position"
    VIEW_LAG = "view_lag"
    VIEW_BUILT = "view_built"
    OPEN_TICKETS = "open_tickets"
    DUE_TICKETS = "due_tickets"
    STALLED_SECONDS = "stalled_seconds"


@dataclass(frozen=True, slots=True)
class LogEnd:
    """Where a partition's log ends, and where its readers do: before an open transaction."""

    written: int
    stable: int


Ends = Mapping[tuple[str, int], LogEnd]
"""By topic and partition."""
Readings = Mapping[Reading, Mapping[int, float]]
"""By what was read, and partition."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A worker as it was seen at one moment: `topic` is what it reads.

    `unready` says why it isn't fit for its work, in words; it is fit where there is nothing to say. `broken` says
    what has come to a stop that never should: only a new process goes on.
    """

    topic: str = ""
    unready: Sequence[str] = ()
    broken: Sequence[str] = ()
    readings: Readings = field(default_factory=dict)
    ends: Ends = field(default_factory=dict)


class Observer:
    """Who is told. This one makes nothing of it; one that wants to know overrides what it wants to know."""

    look_every: float | None = None
    """Seconds between sightings; None where none are wanted."""

    def stage(self, stage: Stage) -> AbstractContextManager[object]:  # noqa: ARG002 for those who override it
        """Measure a stage of a batch."""
        return nullcontext()

    def batch_committed(self, batch: Batch, decided: Decided) -> None:
        """Hear of a batch whose transaction was committed just now, and what it led to."""

    def transaction_ended(self, result: TransactionResult) -> None:
        """Hear how a transaction ended."""

    def fenced(self) -> None:
        """Hear that a partition turned out to have a newer owner."""

    def taken_over(self) -> None:
        """Hear that a partition was taken over."""

    def tick_evaluated(self, partition: int) -> None:
        """Hear that all that was due at a tick's instant was asked for."""

    def tick_ignored(self, reason: str) -> None:
        """Hear that a tick did not count."""

    def tick_sent(self, every: float) -> None:
        """Hear that ticks were sent for an instant, by a ticker that does so every so many seconds."""

    def directory_entry_refused(self, code: str) -> None:
        """Hear that a directory entry was set aside."""

    def seen(self, sighting: Sighting) -> None:
        """Hear what was found when the worker was looked at."""


UNOBSERVED = Observer()


@contextmanager
def observed_transaction(observer: Observer) -> Iterator[None]:
    """Tell how the transaction inside ended, and let its error through."""
    try:
        yield
    except OutputFenced:
        observer.transaction_ended(TransactionResult.FENCED)
        raise
    except BaseException:
        observer.transaction_ended(TransactionResult.FAILED)
        raise
    observer.transaction_ended(TransactionResult.COMMITTED)


def alerts_raised(decided: Decided) -> Mapping[tuple[str, int], int]:
    """Count the alerts a batch has raised by condition and level."""
    if ("alert.raise", "accepted") not in decided.outcomes:
        return {}
    events = (event.data for history in decided.histories.values() for event in history)
    return Counter((each.condition, each.level) for each in events if isinstance(each, AlertRaised))
