"""A span for every command that says which trace it belongs to, sent to an OpenTelemetry collector.

Only loaded where the settings name a collector, as the packages are optional. What is sent names command, ticket and
position, and nothing of what the command says. A collector that is away costs spans, never commands.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.propagate import extract
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Tracer

from consumers.batch import Batch, Decided
from consumers.observing import Observer
from contracts.received import ReceivedCommand
from contracts.tracing import TRACEPARENT

_EXPORT_SECONDS = 5
_NANOSECONDS = 1_000_000_000


class Spans(Observer):
    """Makes the spans of a worker; from a command's record timestamp to the commit of its outcome."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def batch_committed(self, batch: Batch, decided: Decided) -> None:
        """Make a span for each traced command of the batch."""
        traced = [parsed for _, parsed in batch if isinstance(parsed, ReceivedCommand) and parsed.traceparent]
        if not traced:
            return
        accepted = {
            (event.ticket_id, event.cause_source, event.cause_id)
            for history in decided.histories.values()
            for event in history
        }
        now = time.time_ns()
        for command in traced:
            span = self._tracer.start_span(
                f"decide {command.name}",
                extract({TRACEPARENT: command.traceparent}),
                SpanKind.CONSUMER,
                start_time=min(round(command.recorded_at.timestamp() * _NANOSECONDS), now),
                attributes={
                    "messaging.system": "kafka",
                    "messaging.destination.partition.id": str(command.position.partition),
                    "messaging.kafka.offset": command.position.offset,
                    "itilnext.command": command.name,
                    "itilnext.ticket.id": command.ticket_id,
                    "itilnext.accepted": (command.ticket_id, command.source, command.id) in accepted,
                },
            )
            span.end(now)


@contextmanager
def spans_to(endpoint: str, role: str) -> Iterator[Spans]:
    """Send spans to a collector's OTLP address over HTTP while inside; on leaving, send what is left."""
    resource = Resource.create(
        {
            "service.name": f"itilnext-{role}",
            "service.version": version("itilnext-engine"),
            "service.namespace": "itilnext",
        }
    )
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint, timeout=_EXPORT_SECONDS)))
    try:
        yield Spans(provider.get_tracer("itilnext"))
    finally:
        provider.shutdown()
