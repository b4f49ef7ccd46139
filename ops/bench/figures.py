"""What a measurement comes to: spreads over the rounds, sections of a report. Nothing is measured or printed here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import median


class Part(StrEnum):
    """What can be measured; the command line offers these."""

    THROUGHPUT = "throughput"
    SCALING = "scaling"
    LATENCY = "latency"
    TAKEOVER = "takeover"
    ROLLING = "rolling"
    MEMORY = "memory"
    REBUILD = "rebuild"
    ALERTS = "alerts"
    VIEWS = "views"
    AUDIT = "audit"
    QUEUE = "queue"
    METRICS = "metrics"


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured."""

    commands: int = 120_000
    """Commands in the log of each throughput, scaling and audit run, and of the notes that follow in the memory run."""
    rounds: int = 3
    """How often each measurement is repeated."""
    tickets: int = 200_000
    """Tickets in the view of the memory, rebuild and queue runs."""
    seconds: int = 15
    """How long commands are sent in each latency run."""
    workers: int = 4
    """The most workers of the scaling runs."""


@dataclass(frozen=True, slots=True)
class Spread:
    """What the rounds gave: the one in the middle, the lowest and the highest."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Return the spread of these; there is at least one."""
        return cls(median(values), min(values), max(values))

    def told(self, digits: int = 0) -> str:
        """Write it for people: the median, and in brackets from where to where; the median alone where they are one."""
        middle, low, high = (f"{value:,.{digits}f}" for value in (self.median, self.low, self.high))
        return middle if low == high else f"{middle} ({low} - {high})"

    def plain(self) -> dict[str, float]:
        """Return it for programs."""
        return {"median": self.median, "min": self.low, "max": self.high}


@dataclass(frozen=True, slots=True)
class Section:
    """One table of the report: `name` is its key in JSON, `figures` what JSON has instead of the rows."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    figures: Mapping[str, object]
    notes: tuple[str, ...] = field(default=())
