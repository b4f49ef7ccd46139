"""The directory in a worker's memory, followed from its compacted topic (SPEC section 4).

`caught_up()` is the promise of section 4: what was acknowledged before the call is applied when it returns. A bad
entry is logged, counted and set aside; the one before stays in force.
"""

import asyncio
from types import TracebackType
from typing import Self

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from consumers.country_holidays import holidays_of
from consumers.shared_lookup import SharedLookup
from contracts.dead_letters import Unreadable
from contracts.directory import read_directory_change
from producers.connection import KafkaConnection
from producers.stopping import stop_client
from services.directory_state import DirectoryState

_POLL_MS = 200
_RETRY_SECONDS = 1.0
_SHOWN_KEY = 140
log = structlog.get_logger(__name__)


class DirectoryFollower:
    """Keeps `directory` up to date while entered; `refused` counts the bad entries seen."""

    def __init__(self, connection: KafkaConnection, topic: str) -> None:
        self.directory = DirectoryState(holidays_of)
        self.refused = 0
        self._partition = TopicPartition(topic, 0)
        self._consumer = AIOKafkaConsumer(
            isolation_level="read_committed", auto_offset_reset="earliest", **connection.client()
        )
        # One of its own, for a broker answers a connection in order: behind a fetch that waits for records, this would
        # wait as long.
        self._asking = AIOKafkaConsumer(isolation_level="read_committed", **connection.client())
        self._position = 0
        self._moved = asyncio.Condition()
        self._end: SharedLookup[int] = SharedLookup(self._look_up_end)
        self._following: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        try:
            await self._consumer.start()
            await self._asking.start()
            self._consumer.assign([self._partition])
            await self._consumer.seek_to_beginning(self._partition)
        except BaseException:
            await self._stop()
            raise
        self._following = asyncio.create_task(self._follow(), name="directory")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
        await self._stop()

    async def _stop(self) -> None:
        await stop_client(self._consumer)
        await stop_client(self._asking)

    async def caught_up(self) -> None:
        """Wait until the directory is applied to its end as of now.

        Raises:
            Exception: the one that ended the following, which nothing an entry holds may do.
        """
        assert self._following is not None, "a follower is used while it is entered"
        end = await self._end()
        if self._position >= end:
            return
        reached = asyncio.ensure_future(self._reached(end))
        try:
            await asyncio.wait((reached, self._following), return_when=asyncio.FIRST_COMPLETED)
            if not reached.done():
                self._following.result()
        finally:
            reached.cancel()

    async def _reached(self, end: int) -> None:
        async with self._moved:
            await self._moved.wait_for(lambda: self._position >= end)

    async def _look_up_end(self) -> int:
        ends = await self._asking.end_offsets([self._partition])
        return int(ends[self._partition])

    async def _follow(self) -> None:
        while True:
            try:
                fetched = await self._consumer.getmany(self._partition, timeout_ms=_POLL_MS)
                position = await self._consumer.position(self._partition)
            except KafkaError as error:
                # An outage: decisions wait in caught_up() until the broker answers again.
                log.warning("directory topic out of reach", error=repr(error))
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            for record in fetched.get(self._partition, ()):
                self._apply(record)
            async with self._moved:
                self._position = position
                self._moved.notify_all()

    def _apply(self, record: ConsumerRecord) -> None:
        try:
            self.directory.apply(read_directory_change(record.key, record.value, tuple(record.headers)))
        except Unreadable as error:
            self.refused += 1
            tell_refused_entry(record.offset, record.key, error)


def tell_refused_entry(offset: int, key: bytes | None, error: Unreadable) -> None:
    """Log that an entry was set aside; what it said, and why it won't do, is in the DLQ."""
    log.warning(
        "directory entry set aside; the one before stays in force",
        offset=offset,
        key=repr(key)[:_SHOWN_KEY],
        code=error.code,
    )
