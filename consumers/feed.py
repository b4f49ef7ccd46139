"""How records come to a partition's task: the consumer delivers, and is paused while more waits than should."""

import asyncio
from collections.abc import Sequence

from aiokafka import ConsumerRecord

from consumers.backlog import Backlog
from consumers.membership import Intake
from contracts.received import RawRecord

_IDLE_SECONDS = 1.0  # then the task looks whether all else is as it left it


class Feed:
    """Closed until it is opened at an offset; delivery may go on for a moment after it is closed."""

    def __init__(self, intake: Intake, backlog: Backlog) -> None:
        self._intake = intake
        self._backlog = backlog
        self._came = asyncio.Event()
        self._is_paused = True

    @property
    def end(self) -> int:
        """The offset after the last record that ever came."""
        return self._backlog.end

    def open(self, offset: int) -> None:
        """Have records delivered from this offset on."""
        self._backlog.clear()
        self._intake.seek(offset)
        self._resume()

    def close(self) -> None:
        """Have none delivered, and forget what waits."""
        self._backlog.clear()
        self._pause()

    def add(self, records: Sequence[ConsumerRecord]) -> None:
        """Take what the consumer delivers; never blocks."""
        self._backlog.extend(records)
        if self._backlog.is_full:
            self._pause()
        self._came.set()

    async def take(self, records: int, size: int) -> Sequence[RawRecord]:
        """Return so many records of those that wait, or so many bytes; none where none came for a while."""
        if not self._backlog:
            self._came.clear()
            try:
                async with asyncio.timeout(_IDLE_SECONDS):
                    await self._came.wait()
            except TimeoutError:
                return ()
        taken = self._backlog.take(records, size)
        if self._backlog.is_half_empty:
            self._resume()
        return taken

    def _pause(self) -> None:
        if not self._is_paused:
            self._is_paused = True
            self._intake.pause()

    def _resume(self) -> None:
        if self._is_paused:
            self._is_paused = False
            self._intake.resume()
