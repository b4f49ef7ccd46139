"""What a process writes to standard error: one line for each thing an operator acts on, none for each command.

JSON where no terminal reads along, the clients' warnings too. No line holds what a message says, nor a secret.
"""

import logging
import sys

import structlog
from structlog.typing import Processor

from ops.settings import LogSettings


def configure_logging(log: LogSettings) -> None:
    """Set up the log of this process."""
    level = logging.getLevelNamesMapping()[log.level]
    is_watched = sys.stderr.isatty()
    render: Processor
    if log.format == "json" or (log.format == "auto" and not is_watched):
        render = structlog.processors.JSONRenderer()
    else:
        render = structlog.dev.ConsoleRenderer(colors=is_watched)
    facts: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*facts, render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    # The clients' own warnings are of use; their lines per request are not.
    logging.basicConfig(handlers=[_clients(facts, render)], level=max(level, logging.WARNING), force=True)


def _clients(facts: list[Processor], render: Processor) -> logging.Handler:
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_is_not_told_anyway)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *facts],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    return handler


def _is_not_told_anyway(record: logging.LogRecord) -> bool:
    """Leave out a failed bootstrap: it ends the worker, with an error that says the same and what to do."""
    return not (record.name == "aiokafka" and str(record.msg).startswith('Unable connect to "'))
