"""Ticks at a log's own times, each evaluated before anything later goes out (SPEC section 11, `--ticks`).

Theory of operation. A tick is evaluated over what could be read when it was sent. So before each tick, all commands
sent so far are decided and their outcomes can be read; after it, the alert workers have passed it, and what they asked
for is decided before the next. Nothing then depends on how fast the fleet is: the same log gives the same alerts, with
the same ids, on every run.

Ticks at which nothing comes due are not waited for one by one, but together with the first one after them at which
something may: the due index tells, once no ticket is marked in it and no answer is awaited. Whichever of them an alert
worker evaluates, it finds nothing, so the alerts are those of one tick after another.

A ticker, or a tick of a later time, would mix its own time with the log's; either is refused.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from consumers.due_index import DueIndex
from consumers.state_log import LogEnds
from contracts.dead_letters import Unreadable
from contracts.instants import EARLIEST, format_instant, parse_instant
from contracts.ticks import read_tick
from ops.console import CommandFailed
from ops.fleet_view import open_view
from ops.log_reader import LogReader, all_partitions
from ops.target import Target
from producers.stopping import stop_client
from producers.ticker import aligned, send_ticks

_POLL_SECONDS = 0.005
"""Short: most of what is waited for takes some milliseconds, thousands of times."""
AT_ONCE = 500
"""Ticks that are sent together: some days of them, well below what may be in flight."""
_SILENCE_SECONDS = 120.0
"""Without a step ahead for this long, nobody works; far more than a rebalance or a rebuilt view takes."""
_ONE = timedelta(microseconds=1)

Placed = tuple[dict[str, Any], datetime]
"""A command, and the time by which it goes out."""


class TimeLapse:
    """Lets time pass for a fleet, as an async context; `ticks` counts the instants that were evaluated."""

    def __init__(self, target: Target, partitions: int, every: timedelta) -> None:
        self._target = target
        self._partitions = partitions
        self._every = every
        self._producer = AIOKafkaProducer(enable_idempotence=True, **target.kafka.client())
        self._admin = AIOKafkaAdminClient(**target.kafka.client())
        self._ends = LogEnds(target.kafka, target.topics.state, partitions)
        # Ends are asked for by clients that fetch nothing: a broker answers a connection in order, and a fetch waits.
        self._command_ends = LogEnds(target.kafka, target.topics.commands, partitions)
        self._read_to: Mapping[int, int] = {}
        self._asked = LogReader(target.kafka, all_partitions([target.topics.commands], partitions))
        self._redis = target.redis.client()
        self._indexes = [DueIndex(self._redis, target.topics.prefix, number) for number in range(partitions)]
        self._latest: dict[TopicPartition, int] = {}
        self._ticked: dict[int, int] = {}
        self._next: datetime | None = None
        self._open = AsyncExitStack()
        self.ticks = 0

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            KafkaError: the broker can't be reached.
        """
        async with AsyncExitStack() as opening:
            await opening.enter_async_context(self._ends)
            await opening.enter_async_context(self._command_ends)
            await opening.enter_async_context(self._asked)
            self._read_to = await self._command_ends.committed()
            self._asked.seek(self._on_commands(self._read_to))
            opening.push_async_callback(self._redis.aclose)
            opening.push_async_callback(stop_client, self._producer)
            await self._producer.start()
            opening.push_async_callback(self._admin.close)
            await self._admin.start()
            self._open = opening.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Disconnect."""
        await self._open.aclose()

    async def begin(self, first: datetime) -> None:
        """Stand before the first instant of a log.

        Raises:
            CommandFailed: the fleet has seen a tick of that instant or a later one.
        """
        self._next = aligned(first - _ONE, self._every)
        latest, self._ticked = await latest_tick(self._target, self._partitions)
        if latest is not None and latest >= self._next:
            raise CommandFailed(
                f"the fleet has had a tick for {format_instant(latest)}, which is after the log's first",
                "--ticks wants a fleet of its own without a ticker: `itilnext up --no-ticker` on a new prefix.",
            )

    def is_before(self, at: datetime) -> bool:
        """Whether a tick comes before an instant."""
        assert self._next is not None, "begin() comes first"
        return self._next < at

    async def pass_to(self, at: datetime) -> None:
        """Tick for every instant before `at`.

        Raises:
            CommandFailed: somebody else sends ticks too, or nobody works.
            KafkaError: the broker can't be reached.
        """
        assert self._next is not None, "begin() comes first"
        while self.is_before(at):
            await self._decided()
            quiet_until = await self._quiet_until()
            instants = [self._next]
            while instants[-1] < quiet_until and instants[-1] + self._every < at and len(instants) < AT_ONCE:
                instants.append(instants[-1] + self._every)
            await self._tick(instants)
            self._next = instants[-1] + self._every

    async def finish(self, last: datetime) -> None:
        """Tick up to the first instant at or after the last command, and wait until what that asked for is decided.

        Raises:
            CommandFailed, KafkaError: as `pass_to`.
        """
        await self.pass_to(aligned(last - _ONE, self._every) + _ONE)
        await self._decided()

    async def _quiet_until(self) -> datetime:
        """Return up to when no ticket of any partition comes due, the beginning of time where that is not settled."""
        found = await asyncio.gather(*(index.quiet_until() for index in self._indexes))
        return min((each if each is not None else EARLIEST for each in found), default=EARLIEST)

    async def _tick(self, instants: Sequence[datetime]) -> None:
        """Tick at instants of which only the last may make something due, and wait until all are passed."""
        sent = await send_ticks(self._producer, self._target.topics, self._partitions, *instants)
        for partition, offset in sent.items():
            if offset != self._ticked[partition] + len(instants):
                raise CommandFailed(
                    f"somebody else has sent a tick to partition {partition} meanwhile",
                    "Stop the ticker: --ticks wants to be the only one. Begin again on a new prefix.",
                )
        self._ticked = sent
        wanted = {TopicPartition(self._target.topics.ticks, number): offset for number, offset in sent.items()}
        await _until(lambda: self._passed(self._target.alert_group, wanted), "alert")
        self.ticks += len(instants)

    async def _decided(self) -> None:
        """Wait until all commands there are now are decided, and the tickets after them can be read."""
        ends = await self._command_ends.committed()
        if ends != self._read_to:
            async for record in self._asked.until(self._on_commands(ends)):
                self._latest[TopicPartition(record.topic, record.partition)] = record.offset
            self._read_to = ends
        if self._latest:
            await _until(lambda: self._passed(self._target.ticket_group, self._latest), "ticket")
            self._latest.clear()
            written = await self._ends.written()
            await _until(lambda: self._readable(written), "ticket")

    def _on_commands(self, offsets: Mapping[int, int]) -> dict[TopicPartition, int]:
        return {TopicPartition(self._target.topics.commands, number): offset for number, offset in offsets.items()}

    async def _passed(self, group: str, offsets: Mapping[TopicPartition, int]) -> bool:
        committed = await self._admin.list_consumer_group_offsets(group, partitions=list(offsets))
        return all(each in committed and committed[each].offset > offset for each, offset in offsets.items())

    async def _readable(self, ends: Mapping[int, int]) -> bool:
        committed = await self._ends.committed()
        return all(committed[partition] >= end for partition, end in ends.items())


def placed(commands: Iterable[dict[str, Any]]) -> Iterator[Placed]:
    """Yield each command with the time it goes out by: its own, but never before the one ahead of it."""
    latest = datetime.min.replace(tzinfo=UTC)
    for command in commands:
        latest = max(latest, parse_instant(command["time"]))
        yield command, latest


async def latest_tick(target: Target, partitions: int) -> tuple[datetime | None, dict[int, int]]:
    """Return the latest instant a fleet was sent a tick for, or has evaluated, and each partition's last offset.

    None where there was no tick.
    """
    known: list[datetime] = []
    ticks = all_partitions([target.topics.ticks], partitions)
    async with LogReader(target.kafka, ticks) as reader:
        ends = await reader.ends()
        async for record in reader.until(ends):
            try:
                known.append(read_tick(record.value, record.headers).at)
            except Unreadable:
                continue  # no alert worker takes it for a tick either
    # Ticks are kept for a day; what was evaluated before is only in Redis.
    async with open_view(target) as view:
        for number in range(view.partitions):
            evaluated = await DueIndex(view.redis, view.prefix, number).last_tick()
            known += () if evaluated is None else (evaluated,)
    return max(known, default=None), {each.partition: end - 1 for each, end in ends.items()}


async def _until(condition: Callable[[], Awaitable[bool]], worker: str) -> None:
    try:
        async with asyncio.timeout(_SILENCE_SECONDS):
            while not await condition():  # noqa: ASYNC110 another process makes it so
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError:
        raise CommandFailed(
            f"nothing was decided for {_SILENCE_SECONDS:.0f} s",
            f"Is the {worker} worker running? See `itilnext doctor`.",
        ) from None
