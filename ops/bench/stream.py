"""A steady stream of commands, and the one record each of them leads to, in its partition's order.

The rate does not wait for answers, so that a slow moment shows in the times instead of slowing the stream.
"""

import asyncio
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from contracts.cloudevents import STRUCTURED_HEADERS
from contracts.partitioner import partition_of
from ops.bench.fleet import Advance, BenchFleet
from ops.bench.workload import Sendable

_HEADERS = list(STRUCTURED_HEADERS)  # the client takes nothing but a list
_POLL_MS = 200
_WAIT_SECONDS = 0.002


@dataclass(frozen=True, slots=True)
class Arrival:
    """When a command was sent and when a read_committed reader had its record, on this process's clock, in seconds."""

    partition: int
    sent: float
    received: float

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.received - self.sent


class Answering(Protocol):
    """What is to answer the commands: a process, or several."""

    def require_running(self) -> None:
        """Make sure that it is still there.

        Raises:
            CommandFailed: it has ended.
        """


class Stream:
    """Sends commands and sees their records arrive, while entered; `arrivals` is in the order of arrival."""

    def __init__(self, fleet: BenchFleet, answers: str, commands: Iterator[Sendable], process: Answering) -> None:
        self._fleet = fleet
        self._commands = commands
        self._process = process
        self._waiting: list[deque[float]] = [deque() for _ in range(fleet.partitions)]
        self._acknowledged: list[asyncio.Future[object]] = []
        self._answers = [TopicPartition(answers, number) for number in range(fleet.partitions)]
        options = fleet.servers.kafka.client()
        self._producer = AIOKafkaProducer(enable_idempotence=True, acks="all", linger_ms=0, **options)
        self._consumer = AIOKafkaConsumer(isolation_level="read_committed", auto_offset_reset="earliest", **options)
        self._reading: asyncio.Task[None] | None = None
        self.arrivals: list[Arrival] = []

    async def __aenter__(self) -> Self:
        await self._producer.start()
        await self._consumer.start()
        self._consumer.assign(self._answers)
        await self._consumer.seek_to_beginning(*self._answers)
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])
        await self._consumer.stop()
        await self._producer.stop()

    @property
    def waiting(self) -> int:
        """How many commands have no record yet."""
        return sum(len(each) for each in self._waiting)

    async def run(self, rate: float, seconds: float, advance: Advance) -> None:
        """Send at this rate for so long."""
        start, total = time.perf_counter(), round(rate * seconds)
        for number in range(total):
            ahead = start + number / rate - time.perf_counter()
            if ahead > 0:
                await asyncio.sleep(ahead)
            await self._send(next(self._commands))
            advance(number + 1)

    async def answered(self) -> None:
        """Wait until every command sent has its record.

        Raises:
            ServerFailed: the process that is to answer has ended.
            KafkaError: a command could not be delivered.
        """
        await asyncio.gather(*self._acknowledged)
        self._acknowledged.clear()
        while self.waiting:
            self._process.require_running()
            self._require_reading()
            await asyncio.sleep(_WAIT_SECONDS)

    async def _send(self, command: Sendable) -> None:
        partition = partition_of(command.ticket_id, self._fleet.partitions)
        self._waiting[partition].append(time.perf_counter())
        topic, key = self._fleet.topics.commands, command.ticket_id.encode()
        self._acknowledged.append(
            await self._producer.send(topic, command.value, key, partition, headers=_HEADERS),
        )

    async def _read(self) -> None:
        while True:
            fetched = await self._consumer.getmany(timeout_ms=_POLL_MS)
            received = time.perf_counter()
            for partition, records in fetched.items():
                waiting = self._waiting[partition.partition]
                for _ in records:
                    self.arrivals.append(Arrival(partition.partition, waiting.popleft(), received))

    def _require_reading(self) -> None:
        if self._reading is not None and self._reading.done():
            self._reading.result()
