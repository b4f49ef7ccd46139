"""Follows a fleet's answers until every command that was sent has its outcome.

Theory of operation: a duplicate has no record, so answers can't be counted down. Instead the group's committed offsets
tell what is decided: a worker commits them in one transaction with the answers. Once they have passed the last command
sent, all answers lie before the ends of the output topics; those ends are taken without regard to transactions, for the
marks that make the answers readable may be written a moment after the offsets are. Then the answers are read up to
there, read_committed.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from ops.importing.tally import Tally
from ops.log_reader import Ends, LogReader, LogRecord, all_partitions
from ops.target import Target

_PAUSE_SECONDS = 0.1
"""Between two looks at offsets: a broker answers hundreds a second, and a person sees ten."""


@dataclass(slots=True)
class Sent:
    """How far the sending is: the offset of the latest command in each partition, and whether that was all."""

    latest: dict[int, int] = field(default_factory=dict)
    complete: bool = False


class Following:
    """Reads what a fleet answers from the moment it is entered, as an async context; counts into `tally`."""

    def __init__(self, target: Target, partitions: int, tally: Tally) -> None:
        topics = target.topics
        self._tally = tally
        self._commands = all_partitions([topics.commands], partitions)
        outputs = all_partitions([topics.events, topics.rejections, topics.dlq], partitions)
        self._answers = LogReader(target.kafka, outputs)
        self._written = LogReader(target.kafka, outputs, isolation_level="read_uncommitted")
        self._group = LogReader(target.kafka, self._commands, group_id=target.ticket_group)
        self._count: Mapping[str, Callable[[LogRecord], None]] = {
            topics.events: lambda record: tally.event(record.value),
            topics.rejections: lambda record: tally.rejection(record.value),
            topics.dlq: lambda record: tally.dead_letter(record.value, record.headers),
        }
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Connect, and stand at the ends of the output topics as of now.

        Raises:
            KafkaError: the broker can't be reached.
        """
        async with AsyncExitStack() as opening:
            for reader in (self._answers, self._written, self._group):
                await opening.enter_async_context(reader)
            self._answers.seek(await self._answers.ends())
            self._open = opening.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Disconnect."""
        await self._open.aclose()

    async def until_answered(self, sent: Sent, lagging: Callable[[int], None]) -> None:
        """Count answers until all commands are sent and there is one to each.

        `lagging` is told after each look how many commands wait for a decision.

        Raises:
            KafkaError: the broker can't be reached.
        """
        all_sent, waiting = False, 0
        while not all_sent or waiting:
            await asyncio.sleep(_PAUSE_SECONDS)
            await self._read_to(await self._answers.ends())
            all_sent = sent.complete
            waiting = await self._waiting(sent.latest)
            lagging(waiting)
        await self._read_to(await self._written.ends())

    async def _waiting(self, latest: Mapping[int, int]) -> int:
        committed = await self._group.committed()
        next_offsets = {each.partition: offset or 0 for each, offset in committed.items()}
        return sum(max(offset + 1 - next_offsets[partition], 0) for partition, offset in latest.items())

    async def _read_to(self, ends: Ends) -> None:
        async for record in self._answers.until(ends):
            self._count[record.topic](record)
