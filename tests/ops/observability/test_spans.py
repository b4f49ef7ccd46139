"""A trace goes on from a command to what comes of it, and a collector gets a span for it, and for nothing else."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import orjson
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from contracts.cloudevents import STRUCTURED_HEADERS
from contracts.tracing import with_traceparent
from ops.observability.observation import observed
from ops.settings import HealthSettings, TracingSettings
from tests.fleet import Fleet, idle_fleet
from tests.stack import Stack

TRACE_ID, SPAN_ID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACE = f"00-{TRACE_ID}-{SPAN_ID}-01"


@dataclass(frozen=True, slots=True)
class Collector:
    """What a collector was sent."""

    address: str
    spans: list[Span] = field(default_factory=list)


@contextmanager
def collecting() -> Iterator[Collector]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            request = ExportTraceServiceRequest.FromString(body)
            collector.spans.extend(
                span for resource in request.resource_spans for scope in resource.scope_spans for span in scope.spans
            )
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    collector = Collector(f"http://127.0.0.1:{server.server_port}/v1/traces")
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.broker
async def test_a_trace_goes_on_and_is_told_to_the_collector(stack: Stack, prefix: str) -> None:
    with collecting() as collector:
        tracing = TracingSettings(otlp_endpoint=collector.address)
        with observed("ticket", HealthSettings(), tracing) as watched:
            async with idle_fleet(stack, prefix, partitions=2) as fleet, fleet.worker(observer=watched.observer):
                await send(fleet, "ticket.open", {"subject": "printer on fire"}, traced=True)
                await send(fleet, "note.add", {"agent_id": "nobody", "content": "hot"}, traced=True)
                await send(fleet, "ticket.open", {"subject": "again"}, traced=False)
                await fleet.settled()
                carried = (*STRUCTURED_HEADERS, ("traceparent", TRACE.encode()))
                events = await fleet.records(fleet.topics.events)
                assert [event.headers for event in events] == [carried]
                rejections = await fleet.records(fleet.topics.rejections)
                assert sorted(rejection.headers for rejection in rejections) == [STRUCTURED_HEADERS, carried]
                assert all(TRACE_ID.encode() not in (event.value or b"") for event in events)
    assert [(span.name, span.trace_id.hex(), span.parent_span_id.hex()) for span in collector.spans] == [
        ("decide ticket.open", TRACE_ID, SPAN_ID),
        ("decide note.add", TRACE_ID, SPAN_ID),
    ]
    assert [accepted(span) for span in collector.spans] == [True, False]
    assert all(span.start_time_unix_nano <= span.end_time_unix_nano for span in collector.spans)


async def send(fleet: Fleet, name: str, data: dict[str, object], *, traced: bool) -> None:
    headers = with_traceparent(STRUCTURED_HEADERS, TRACE) if traced else STRUCTURED_HEADERS
    value = orjson.dumps(fleet.command(name, "T-1", data))
    await fleet.publish(fleet.topics.commands, value, b"T-1", fleet.partition_of("T-1"), headers=headers)


def accepted(span: Span) -> bool:
    (found,) = (each.value.bool_value for each in span.attributes if each.key == "itilnext.accepted")
    return bool(found)
