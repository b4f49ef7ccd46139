"""Whether a process is alive and ready, by what its loop and its worker tell; asked from any thread.

Alive: its event loop turns, what delivers records runs, and no partition stalls. Only what a restart cures counts: a
worker whose broker or Redis is away is alive, and not ready. Ready: it knows what it has from its group, all of that is
caught up, broker and Redis answer, and it is not about to stop.
"""

import time
from collections.abc import Sequence

import structlog

from consumers.observing import Reading, Sighting

BEAT_SECONDS = 1.0
_LONGEST_LOOK = 20.0
"""What looking at a worker takes at most, when nothing answers."""
log = structlog.get_logger(__name__)


class Health:
    """What is known of a process' health. Each method sets or reads whole values, so that no lock is needed."""

    def __init__(self, stalled_after: float) -> None:
        self._stalled_after = stalled_after
        self._beat = time.monotonic()
        self._seen = self._beat
        self._sighting: Sighting | None = None
        self._is_draining = False
        self._told: tuple[bool, bool] = (True, False)

    def beat(self) -> None:
        """Note that the event loop turns; called by it every `BEAT_SECONDS`."""
        self._beat = time.monotonic()
        self._tell_changes()

    def see(self, sighting: Sighting) -> None:
        """Note what was found when the worker was looked at."""
        self._sighting, self._seen = sighting, time.monotonic()

    def drain(self) -> None:
        """Note that the process was asked to stop."""
        self._is_draining = True

    @property
    def sighting(self) -> Sighting:
        """What was found last; nothing before the first look."""
        return self._sighting or Sighting()

    @property
    def not_live(self) -> Sequence[str]:
        """Why the process is to be started again; empty where it is alive."""
        now, sighting = time.monotonic(), self.sighting
        reasons = list(sighting.broken)
        if now - self._beat > self._stalled_after:
            reasons.append(f"the event loop has not turned for {now - self._beat:.0f} s")
        elif self._sighting and not self._is_draining and now - self._seen > self._stalled_after + _LONGEST_LOOK:
            reasons.append(f"the worker has not been looked at for {now - self._seen:.0f} s")
        for partition, seconds in sighting.readings.get(Reading.STALLED_SECONDS, {}).items():
            if seconds > self._stalled_after:
                reasons.append(f"partition {partition} has had something to do and not moved for {seconds:.0f} s")
        return reasons

    @property
    def not_ready(self) -> Sequence[str]:
        """Why the process is not fit for its work; empty where it is."""
        if self._is_draining:
            return ("stopping",)
        if self._sighting is None:
            return ("starting",)
        return (*self.not_live, *self._sighting.unready)

    def _tell_changes(self) -> None:
        """Log when the process becomes sick or well: that is what an operator acts on."""
        not_live, not_ready = self.not_live, self.not_ready
        was_live, was_ready = self._told
        self._told = not not_live, not not_ready
        if not_live and was_live:
            log.error("not live; to be started again", reasons=list(not_live))
        elif not_ready and was_ready and not self._is_draining:
            log.warning("not ready", reasons=list(not_ready))
        elif not not_ready and not was_ready:
            log.info("ready")
