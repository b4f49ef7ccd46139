"""One partition's alerts: ticks in, `alert.raise` commands out; the ticket worker judges them.

Theory of operation.

1. Of the ticks that wait, only the one with the highest `at` counts; one that is not after the last, is too far ahead
   of its record, or can't be read, is ignored and counted.
2. The partition's view is brought to the committed end of the state topic as of now: a ticket whose event could be
   read before the tick was sent is seen. So is the directory.
3. Marks are taken, and what is due at `at` is read from the due index; of each condition the highest level reached is
   asked for, by a command whose id names ticket, condition, level and anchor. Asking twice is harmless.
4. When all asks are acknowledged their tickets get a lease: what was asked is not asked again in a storm, what comes
   due later is. When nothing is due any more, the tick's offset is committed.

Whatever dies in between, the tick is read again, or the lease ends and the next tick asks again. Where Redis is lost,
so are the rules the index was made by; a tick whose end does not find them is evaluated again.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from aiokafka import ConsumerRecord
from aiokafka.errors import KafkaError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from consumers.directory_follower import DirectoryFollower
from consumers.due_index import DueIndex
from consumers.errors import Retryable
from consumers.evaluation import Evaluation
from consumers.membership import Intake, Standing
from consumers.observing import UNOBSERVED, Observer
from consumers.state_log import LogEnds
from consumers.tasks import WatchedTask, heed_cancellation
from consumers.view import PartitionView
from consumers.waiting_ticks import SAME_AS_LAST, WaitingTicks
from contracts.topics import Topics
from producers.publisher import CommandPublisher

_POLL_SECONDS = 0.02
_IDLE_SECONDS = 1.0
_RETRY_SECONDS = 1.0
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AlertDuty:
    """What the partitions of one alert worker share."""

    redis: Redis
    topics: Topics
    directory: DirectoryFollower
    ends: LogEnds
    publisher: CommandPublisher
    fail: Callable[[BaseException], None]
    future_tolerance: timedelta = timedelta(minutes=5)
    observer: Observer = UNOBSERVED


class AlertPartition:
    """The alerts of one partition, from its assignment until `stop`."""

    def __init__(self, duty: AlertDuty, number: int, intake: Intake) -> None:
        self._duty = duty
        self._number = number
        self._intake = intake
        self._log = log.bind(partition=number)
        self._view = PartitionView(duty.redis, duty.topics.prefix, number)
        self._index = DueIndex(duty.redis, duty.topics.prefix, number)
        self._evaluation = Evaluation(self._index, duty.directory.directory, duty.publisher)
        self._waiting = WaitingTicks(duty.future_tolerance, self._ignore)
        self._fed = asyncio.Event()
        self._standing = Standing(next_offset=0, fed_up_to=0, is_serving=False)
        self._task = WatchedTask(self._run(), f"alerts-{number}", duty.fail)

    def feed(self, records: Sequence[ConsumerRecord]) -> None:
        """Take ticks from the consumer; never blocks."""
        for record in records:
            self._waiting.add(record)
        self._standing = replace(self._standing, fed_up_to=records[-1].offset + 1)
        self._fed.set()

    @property
    def standing(self) -> Standing:
        """Where this partition is."""
        return self._standing

    async def stop(self) -> None:
        """Let the partition go; a tick in hand is evaluated again by the next owner."""
        await self._task.end()

    async def _run(self) -> None:
        while True:
            try:
                last = await self._index.last_tick()
                start = await self._intake.committed()
                self._waiting.begin_after(last)
                self._intake.seek(start)
                self._intake.resume()
                self._standing = Standing(start, start, is_serving=True)
                await self._serve()
            except (Retryable, KafkaError, RedisError, OSError) as error:
                self._log.warning("starting over", reason=repr(error))
                self._intake.pause()
                self._standing = replace(self._standing, is_serving=False, waits_for_others=False)
                await asyncio.sleep(_RETRY_SECONDS)

    async def _serve(self) -> None:
        while True:
            heed_cancellation()
            try:
                async with asyncio.timeout(_IDLE_SECONDS):
                    await self._fed.wait()
            except TimeoutError:
                # Between ticks the marks are taken too, so that a tick finds little left to do.
                await self._evaluation.keep_index()
                continue
            self._fed.clear()
            taken = self._waiting.take()
            if taken is None:
                continue
            at, done = taken
            if at is not None:
                await self._evaluate(at)
                await self._index.ticked(at)
                self._duty.observer.tick_evaluated(self._number)
            await self._intake.commit(done)
            self._standing = replace(self._standing, next_offset=done)

    def _ignore(self, reason: str, record: ConsumerRecord) -> None:
        self._duty.observer.tick_ignored(reason)
        if reason != SAME_AS_LAST:
            self._log.warning("tick ignored", reason=reason, offset=record.offset)

    async def _evaluate(self, at: datetime) -> None:
        """Ask for all that is due (steps 2 to 4), again where Redis was lost or the view rebuilt meanwhile."""
        is_whole = False
        while not is_whole:
            await self._view_reaches((await self._duty.ends.committed())[self._number])
            await self._duty.directory.caught_up()
            is_whole = await self._evaluation.evaluate(at)

    async def _view_reaches(self, end: int) -> None:
        """Wait until the partition's ticket worker has brought the view there."""
        self._standing = replace(self._standing, waits_for_others=True)
        while (await self._view.marker()).state < end:  # noqa: ASYNC110 another process brings it there
            await asyncio.sleep(_POLL_SECONDS)
        self._standing = replace(self._standing, waits_for_others=False)
