"""The closed list of the metrics a process serves, named by Prometheus' conventions. docs/metrics.md tells them.

Every process serves every family; one that its role has nothing to say about has no samples. Nothing is served that is
not in this list but what the client library tells of the process itself (`process_*`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Prometheus' types of metrics."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """A family of metrics; `buckets` are the upper bounds of a histogram's, without infinity."""

    name: str
    kind: Kind
    meaning: str
    labels: tuple[str, ...] = ()
    buckets: Sequence[float] = ()


_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_LATENCIES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000)

INFO = Metric(
    "itilnext_process_info", Kind.GAUGE, "Always 1: which role this process has, and its version", ("role", "version")
)
LIVE = Metric("itilnext_live", Kind.GAUGE, "1 while the process answers that it is live")
READY = Metric("itilnext_ready", Kind.GAUGE, "1 while the process answers that it is ready")

COMMANDS = Metric(
    "itilnext_commands_total",
    Kind.COUNTER,
    "Commands with an outcome, by command: accepted, rejected, moved to their own partition",
    ("command", "outcome"),
)
REJECTIONS = Metric("itilnext_rejections_total", Kind.COUNTER, "Commands rejected, by code", ("code",))
DEAD_LETTERS = Metric(
    "itilnext_dead_letters_total", Kind.COUNTER, "Records of the commands topic put into the DLQ, by code", ("code",)
)
DUPLICATES = Metric("itilnext_duplicates_total", Kind.COUNTER, "Commands without an outcome: accepted before")
MOVES = Metric("itilnext_moves_total", Kind.COUNTER, "Commands moved to the partition they belong to")
ALERTS = Metric("itilnext_alerts_raised_total", Kind.COUNTER, "Alerts raised", ("condition", "level"))
DIRECTORY_REFUSED = Metric(
    "itilnext_directory_dead_letters_total", Kind.COUNTER, "Directory entries put into the DLQ, by code", ("code",)
)

BATCH_SIZE = Metric("itilnext_batch_commands", Kind.HISTOGRAM, "Records in one transaction", (), _SIZES)
LATENCY = Metric(
    "itilnext_command_latency_seconds",
    Kind.HISTOGRAM,
    "From a command's record timestamp to the commit of its outcome",
    (),
    _LATENCIES,
)
STAGES = Metric(
    "itilnext_batch_stage_seconds",
    Kind.HISTOGRAM,
    "Time a batch takes in each stage, waiting included: parse, load, decide, encode, commit, apply",
    ("stage",),
    _SECONDS,
)
TRANSACTIONS = Metric(
    "itilnext_transactions_total",
    Kind.COUNTER,
    "Transactions by result: committed, fenced, failed (the committed offset tells what came of one that failed)",
    ("result",),
)
FENCINGS = Metric("itilnext_fencings_total", Kind.COUNTER, "Times a partition turned out to have a newer owner")
TAKEOVERS = Metric(
    "itilnext_takeovers_total", Kind.COUNTER, "Partitions taken over, at start, rebalances and after errors"
)

ASSIGNED = Metric("itilnext_partitions_assigned", Kind.GAUGE, "Partitions this process has")
LAG = Metric(
    "itilnext_lag_records", Kind.GAUGE, "Offsets that can be read and are not settled yet", ("topic", "partition")
)
NEXT_OFFSET = Metric("itilnext_next_offset", Kind.GAUGE, "The first offset that is not settled", ("topic", "partition"))
STALLED = Metric(
    "itilnext_stalled_seconds",
    Kind.GAUGE,
    "Seconds a partition has had something to do and not moved, while broker and Redis answer",
    ("topic", "partition"),
)
VIEW_LAG = Metric(
    "itilnext_view_lag_records", Kind.GAUGE, "Offsets of the state topic that the view does not have", ("partition",)
)
VIEW_BUILT = Metric(
    "itilnext_view_built_ratio",
    Kind.GAUGE,
    "Share of the state log that the view has: below 1 while it is rebuilt",
    ("partition",),
)
OPEN_TICKETS = Metric(
    "itilnext_open_tickets", Kind.GAUGE, "Tickets neither resolved nor closed, in the view", ("partition",)
)
LOG_END = Metric("itilnext_log_end_offset", Kind.GAUGE, "Where the log ends", ("topic", "partition"))
STABLE_END = Metric(
    "itilnext_last_stable_offset",
    Kind.GAUGE,
    "Where read_committed readers end: before an open transaction",
    ("topic", "partition"),
)

TICKS_EVALUATED = Metric("itilnext_ticks_evaluated_total", Kind.COUNTER, "Ticks evaluated", ("partition",))
TICKS_IGNORED = Metric("itilnext_ticks_ignored_total", Kind.COUNTER, "Ticks that did not count, by reason", ("reason",))
LAST_TICK = Metric(
    "itilnext_last_tick_timestamp_seconds",
    Kind.GAUGE,
    "When the last tick was evaluated, in seconds since 1970",
    ("partition",),
)
DUE_TICKETS = Metric(
    "itilnext_due_tickets", Kind.GAUGE, "Tickets with an alert that is due by now and not asked for yet", ("partition",)
)
TICKS_SENT = Metric("itilnext_ticks_sent_total", Kind.COUNTER, "Instants that ticks were sent for, to all partitions")
TICK_INTERVAL = Metric("itilnext_tick_interval_seconds", Kind.GAUGE, "Seconds between the ticks of this ticker")

METRICS = (
    *(INFO, LIVE, READY),
    *(COMMANDS, REJECTIONS, DEAD_LETTERS, DUPLICATES, MOVES, ALERTS, DIRECTORY_REFUSED),
    *(BATCH_SIZE, LATENCY, STAGES, TRANSACTIONS, FENCINGS, TAKEOVERS),
    *(ASSIGNED, LAG, NEXT_OFFSET, STALLED, VIEW_LAG, VIEW_BUILT, OPEN_TICKETS, LOG_END, STABLE_END),
    *(TICKS_EVALUATED, TICKS_IGNORED, LAST_TICK, DUE_TICKETS, TICKS_SENT, TICK_INTERVAL),
)
