"""From the closed list's metrics to the client library's families: what is counted, and what is read when asked for."""

import time
from bisect import bisect_right
from collections import Counter as Tally
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from ops.observability.metrics import Metric


def counter(registry: CollectorRegistry, metric: Metric, known: Iterable[str] = ()) -> Counter:
    """Return a counter; the known values of its one label are counted from 0 on, so that a first one is a rise."""
    made = Counter(metric.name, metric.meaning, metric.labels, registry=registry)
    for value in known:
        made.labels(value)
    return made


def histogram(registry: CollectorRegistry, metric: Metric) -> Histogram:
    """Return a histogram."""
    return Histogram(metric.name, metric.meaning, metric.labels, buckets=metric.buckets, registry=registry)


def gauge(metric: Metric, samples: Mapping[tuple[str, ...], float]) -> GaugeMetricFamily:
    """Return a gauge with these samples, by its labels' values."""
    family = GaugeMetricFamily(metric.name, metric.meaning, labels=metric.labels)
    for labels, value in samples.items():
        family.add_metric(labels, value)
    return family


class Latencies(Collector):
    """A histogram of how long ago records were written, told by whole batches: one search a bucket."""

    def __init__(self, metric: Metric) -> None:
        self._metric = metric
        self._bounds = tuple(metric.buckets)
        self._counts: Tally[int] = Tally()
        self._sum = 0.0

    def add(self, timestamps: Sequence[int]) -> None:
        """Count records by their timestamps, milliseconds since 1970; one ahead of this clock counts as just written.

        Records without a timestamp say nothing.
        """
        now = time.time() * 1000
        ages = sorted((now - stamp) / 1000 if stamp < now else 0.0 for stamp in timestamps if stamp >= 0)
        before = 0
        for index, bound in enumerate(self._bounds):
            up_to = bisect_right(ages, bound, lo=before)
            self._counts[index] += up_to - before
            before = up_to
        self._counts[len(self._bounds)] += len(ages) - before
        self._sum += sum(ages)

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """Tell what was counted."""
        family = HistogramMetricFamily(self._metric.name, self._metric.meaning)
        names = (*map(str, self._bounds), "+Inf")
        totals = accumulate(self._counts[index] for index in range(len(names)))
        family.add_metric((), list(zip(names, totals, strict=True)), self._sum)
        yield family
