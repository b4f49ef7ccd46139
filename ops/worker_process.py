"""Running one worker as a process: signals, logs, exit codes. What the worker does is in `consumers`."""

import asyncio
import logging
import signal
import sys
from collections.abc import Awaitable, Callable

import structlog

from consumers.observing import Observer
from ops.observability.observation import Observation, observed
from ops.settings import LogSettings, Settings

Work = Callable[[asyncio.Event, Observer], Awaitable[None]]


def run_process(work: Work, role: str, settings: Settings) -> None:
    """Run until SIGTERM or SIGINT, then let the worker drain; raise what it ends with.

    Its health is served from before the start until after the end.
    """
    configure_logging(settings.log)
    with observed(settings.health, role) as observation:
        asyncio.run(_until_signal(work, observation))


async def _until_signal(work: Work, observation: Observation) -> None:
    stop = asyncio.Event()

    def asked_to_stop() -> None:
        observation.health.drain()
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked_to_stop)
    async with observation.beating():
        await work(stop, observation.observer)


def _is_not_told_anyway(record: logging.LogRecord) -> bool:
    """Leave out a failed bootstrap: it ends the worker, with an error that says the same and what to do."""
    return not (record.name == "aiokafka" and str(record.msg).startswith('Unable connect to "'))


def configure_logging(log: LogSettings) -> None:
    """Write to standard error: one line per thing an operator acts on, as JSON where asked for or nobody watches."""
    level = logging.getLevelNamesMapping()[log.level]
    # The clients' own warnings are of use; their lines per request are not.
    logging.basicConfig(
        stream=sys.stderr, level=max(level, logging.WARNING), format="%(name)s %(levelname)s %(message)s"
    )
    for handler in logging.getLogger().handlers:
        handler.addFilter(_is_not_told_anyway)
    as_json = log.format == "json"
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer()
            if as_json
            else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
