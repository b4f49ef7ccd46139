"""An observer that keeps what it is told as Prometheus metrics, all of them from the closed list.

What the event loop is told is counted at once; what lies in the last look at the worker is read when somebody asks, so
that a partition that went elsewhere is not told of any longer.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from consumers.batch import Batch, Decided
from consumers.observing import Observer, Reading, Sighting, Stage, TransactionResult, alerts_raised
from contracts.dead_letters import DLQ_CODES
from contracts.rejections import REJECTION_CODES
from ops.observability import metrics
from ops.observability.families import Latencies, counter, gauge, histogram
from ops.observability.health import Health

_BY_READING: Mapping[Reading, metrics.Metric] = {
    Reading.LAG: metrics.LAG,
    Reading.NEXT_OFFSET: metrics.NEXT_OFFSET,
    Reading.STALLED_SECONDS: metrics.STALLED,
    Reading.VIEW_LAG: metrics.VIEW_LAG,
    Reading.VIEW_BUILT: metrics.VIEW_BUILT,
    Reading.OPEN_TICKETS: metrics.OPEN_TICKETS,
    Reading.DUE_TICKETS: metrics.DUE_TICKETS,
}
_ACCEPTED, _MOVED = "accepted", "moved"


class Recording(Observer):
    """The metrics of one process."""

    def __init__(self, registry: CollectorRegistry, health: Health, look_every: float, spans: Observer) -> None:
        self.look_every = look_every
        self._spans = spans
        self._health = health
        self._commands = counter(registry, metrics.COMMANDS)
        self._rejections = counter(registry, metrics.REJECTIONS, REJECTION_CODES)
        self._dead_letters = counter(registry, metrics.DEAD_LETTERS, DLQ_CODES)
        self._duplicates = counter(registry, metrics.DUPLICATES)
        self._moves = counter(registry, metrics.MOVES)
        self._alerts = counter(registry, metrics.ALERTS)
        self._directory_refused = counter(registry, metrics.DIRECTORY_REFUSED, DLQ_CODES)
        self._batch_size = histogram(registry, metrics.BATCH_SIZE)
        self._latencies = Latencies(metrics.LATENCY)
        registry.register(self._latencies)
        stages = histogram(registry, metrics.STAGES)
        self._stages = {stage: stages.labels(stage) for stage in Stage}
        self._transactions = counter(registry, metrics.TRANSACTIONS, TransactionResult)
        self._fencings = counter(registry, metrics.FENCINGS)
        self._takeovers = counter(registry, metrics.TAKEOVERS)
        self._ticks_evaluated = counter(registry, metrics.TICKS_EVALUATED)
        self._ticks_ignored = counter(registry, metrics.TICKS_IGNORED)
        self._ticks_sent = counter(registry, metrics.TICKS_SENT)
        self._tick_interval: dict[tuple[str, ...], float] = {}
        self._last_ticks: dict[int, float] = {}
        registry.register(_LastLook(health, self._last_ticks, self._tick_interval))

    def stage(self, stage: Stage) -> AbstractContextManager[object]:
        """Measure a stage of a batch."""
        return self._stages[stage].time()

    def batch_committed(self, batch: Batch, decided: Decided) -> None:
        """Count a batch's outcomes, its size, and how long its commands waited."""
        self._latencies.add([record.timestamp for record, _ in batch])
        self._batch_size.observe(len(batch))
        self._duplicates.inc(decided.duplicates)
        for (command, code), count in decided.outcomes.items():
            if command == "dlq":
                self._dead_letters.labels(code).inc(count)
                continue
            self._commands.labels(command, code if code in (_ACCEPTED, _MOVED) else "rejected").inc(count)
            if code == _MOVED:
                self._moves.inc(count)
            elif code != _ACCEPTED:
                self._rejections.labels(code).inc(count)
        for (condition, level), count in alerts_raised(decided).items():
            self._alerts.labels(condition, level).inc(count)
        self._spans.batch_committed(batch, decided)

    def transaction_ended(self, result: TransactionResult) -> None:
        """Count a transaction."""
        self._transactions.labels(result).inc()

    def fenced(self) -> None:
        """Count a fencing."""
        self._fencings.inc()

    def taken_over(self) -> None:
        """Count a partition taken over."""
        self._takeovers.inc()

    def tick_evaluated(self, partition: int) -> None:
        """Count a tick, and note when it was."""
        self._ticks_evaluated.labels(partition).inc()
        self._last_ticks[partition] = time.time()

    def tick_ignored(self, reason: str) -> None:
        """Count a tick that did not count."""
        self._ticks_ignored.labels(reason).inc()

    def tick_sent(self, every: float) -> None:
        """Count an instant that ticks were sent for, and note how often that is to be."""
        self._ticks_sent.inc()
        self._tick_interval[()] = every

    def directory_entry_refused(self, code: str) -> None:
        """Count a directory entry that was set aside."""
        self._directory_refused.labels(code).inc()

    def seen(self, sighting: Sighting) -> None:
        """Keep what was found, for the metrics and for whoever asks how the process is."""
        self._health.see(sighting)


class _LastLook(Collector):
    """What was found when the worker was looked at last."""

    def __init__(
        self, health: Health, last_ticks: Mapping[int, float], tick_interval: Mapping[tuple[str, ...], float]
    ) -> None:
        self._health = health
        self._last_ticks = last_ticks
        self._tick_interval = tick_interval

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Tell what was found."""
        sighting = self._health.sighting
        yield gauge(metrics.LIVE, {(): not self._health.not_live})
        yield gauge(metrics.READY, {(): not self._health.not_ready})
        partitions = sighting.readings.get(Reading.NEXT_OFFSET, {})
        yield gauge(metrics.ASSIGNED, {(): len(partitions)})
        for reading, metric in _BY_READING.items():
            readings = sighting.readings.get(reading, {})
            of = (sighting.topic,) if "topic" in metric.labels else ()
            yield gauge(metric, {(*of, str(partition)): value for partition, value in readings.items()})
        ends = {(topic, str(partition)): end for (topic, partition), end in sighting.ends.items()}
        yield gauge(metrics.LOG_END, {labels: end.written for labels, end in ends.items()})
        yield gauge(metrics.STABLE_END, {labels: end.stable for labels, end in ends.items()})
        ticks = {each: self._last_ticks[each] for each in partitions if each in self._last_ticks}
        yield gauge(metrics.LAST_TICK, {(str(partition),): at for partition, at in ticks.items()})
        yield gauge(metrics.TICK_INTERVAL, self._tick_interval)
