"""How a process is observed while it runs: its health kept, and served with its metrics where a port is set."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from importlib.metadata import version

import prometheus_client
import structlog
from prometheus_client import CollectorRegistry, Info, ProcessCollector

from consumers.observing import UNOBSERVED, Observer
from ops.console import CommandFailed, ExitCode
from ops.environment import variable
from ops.observability import metrics
from ops.observability.health import BEAT_SECONDS, Health
from ops.observability.recording import Recording
from ops.observability.server import probe_app, served
from ops.observability.watchdog import ended_when_sick
from ops.settings import HealthSettings, TracingSettings

_LOOKS = 10
"""A stall is noticed after its bound and a tenth of it."""
_LONGEST_BETWEEN_LOOKS = 5.0
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Observation:
    """A process' health, the observer its worker tells of its work, and the port both are served on, where one is."""

    health: Health
    observer: Observer
    port: int | None = None

    @asynccontextmanager
    async def beating(self) -> AsyncIterator[None]:
        """Show that the loop turns, for as long as it does."""
        task = asyncio.create_task(self._beat(), name="heartbeat")
        try:
            yield
        finally:
            task.cancel()

    async def _beat(self) -> None:
        while True:
            self.health.beat()
            await asyncio.sleep(BEAT_SECONDS)


@contextmanager
def observed(role: str, settings: HealthSettings, tracing: TracingSettings) -> Iterator[Observation]:
    """Observe a process that works in this role; serve what is seen, and send spans, where the settings say to whom.

    Raises:
        CommandFailed: nothing can listen on that port, what sends spans is not installed, or the process was not live
            for longer than the settings allow.
    """
    health = Health(settings.stalled_after)
    with _spans(role, tracing) as spans, ended_when_sick(health, settings.exit_after):
        if settings.port is None and settings.exit_after is None:
            yield Observation(health, spans)
            return
        registry = _registry(role)
        look_every = min(settings.stalled_after / _LOOKS, _LONGEST_BETWEEN_LOOKS)
        recording = Recording(registry, health, look_every, spans)
        if settings.port is None:
            yield Observation(health, recording)
            return
        with served(settings.host, settings.port, probe_app(health, registry)) as port:
            log.info("serving health and metrics", host=settings.host, port=port)
            yield Observation(health, recording, port)


def _registry(role: str) -> CollectorRegistry:
    """Return a registry that tells of the process itself."""
    registry = CollectorRegistry()
    # A family of its own with the time each counter began would double their number.
    prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call] # its annotation is missing
    ProcessCollector(registry=registry)
    Info(metrics.INFO.name.removesuffix("_info"), metrics.INFO.meaning, registry=registry).info(
        {"role": role, "version": version("itilnext-engine")}
    )
    return registry


@contextmanager
def _spans(role: str, tracing: TracingSettings) -> Iterator[Observer]:
    if tracing.otlp_endpoint is None:
        yield UNOBSERVED
        return
    try:
        from ops.observability.spans import spans_to  # noqa: PLC0415 an optional part
    except ImportError as error:
        raise CommandFailed(
            f"{variable('tracing', 'otlp_endpoint')} is set, and OpenTelemetry is not installed",
            "Install itilnext-engine with its extra: itilnext-engine[otel].",
            ExitCode.USAGE,
        ) from error
    with spans_to(tracing.otlp_endpoint, role) as spans:
        yield spans
