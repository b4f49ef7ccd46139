"""Ends a process that is not live, where whoever started it starts again what has ended, and asks nobody how it is.

Compose, systemd and `itilnext up` are such; Kubernetes asks /livez. A thread looks, as the event loop may be what is
sick. Nothing is lost by an end of this kind: what was in hand is settled by the next owner, as after a `kill -9`.
"""

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread

import structlog

from ops.console import CommandFailed, ExitCode
from ops.observability.health import Health

_LOOK_SECONDS = 1.0
log = structlog.get_logger(__name__)


@contextmanager
def ended_when_sick(health: Health, after: float | None) -> Iterator[None]:
    """End this process when it has not been live for `after` seconds on end; never where that is None.

    It is asked to drain, as by SIGTERM; where it has not ended after as long again, it is ended as it is.

    Raises:
        CommandFailed: it was not live, and has drained.
    """
    if after is None:
        yield
        return
    watchdog = _Watchdog(health, after)
    with watchdog.watching():
        yield
    if watchdog.reasons:
        raise CommandFailed(f"Ended, as it was not live: {'; '.join(watchdog.reasons)}", "It is to be started again.")


class _Watchdog:
    def __init__(self, health: Health, after: float) -> None:
        self._health = health
        self._after = after
        self._ended = Event()
        self.reasons: Sequence[str] = ()
        """Why it had the process ended; empty where it hasn't."""

    @contextmanager
    def watching(self) -> Iterator[None]:
        thread = Thread(target=self._watch, name="watchdog", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

    def _watch(self) -> None:
        # Looks are counted, not seconds: a process that was frozen is not sick for the time it was.
        sick_looks = 0
        while not self._ended.wait(_LOOK_SECONDS):
            reasons = self._health.not_live
            sick_looks = sick_looks + 1 if reasons else 0
            if sick_looks * _LOOK_SECONDS >= self._after:
                self._end(reasons)
                return

    def _end(self, reasons: Sequence[str]) -> None:
        self.reasons = reasons
        log.error("not live for too long; ending", reasons=list(reasons))
        os.kill(os.getpid(), signal.SIGTERM)
        if not self._ended.wait(self._after):
            os._exit(ExitCode.FOUND_WRONG)
