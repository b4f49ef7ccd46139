"""Ticks for every partition: one at a time, or on a clock, aligned so that several tickers send the same instants.

A tick whose instant a partition has had is ignored there, so any number of tickers do the work of one.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aiokafka import AIOKafkaProducer

from contracts.cloudevents import STRUCTURED_HEADERS
from contracts.ticks import write_tick
from contracts.topics import Topics
from producers.connection import KafkaConnection
from producers.stopping import stop_client

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


async def send_ticks(
    producer: AIOKafkaProducer, topics: Topics, partitions: int, *instants: datetime
) -> dict[int, int]:
    """Send a tick of each instant to each partition explicitly, in order; return the offset each was given last."""
    sent = [
        await producer.send(
            topics.ticks,
            key=str(partition).encode(),
            value=write_tick(at, partition),
            partition=partition,
            headers=list(STRUCTURED_HEADERS),
        )
        for at in instants
        for partition in range(partitions)
    ]
    return {metadata.partition: metadata.offset for metadata in await asyncio.gather(*sent)}


async def tick_once(connection: KafkaConnection, topics: Topics, partitions: int, at: datetime) -> dict[int, int]:
    """Send the ticks of one instant with a producer of their own."""
    producer = AIOKafkaProducer(enable_idempotence=True, **connection.client())
    try:
        await producer.start()
        return await send_ticks(producer, topics, partitions, at)
    finally:
        await stop_client(producer)


@dataclass(frozen=True, slots=True)
class Ticker:
    """Sends ticks to so many partitions at every whole multiple of an interval."""

    connection: KafkaConnection
    topics: Topics
    partitions: int
    every: timedelta

    async def run(self, stop: asyncio.Event, sent: Callable[[], None]) -> None:
        """Send until `stop` is set, and tell each time; what was missed is not sent later.

        Raises:
            KafkaError: the broker could not be reached at the start, or stayed away for longer than a request may take.
        """
        producer = AIOKafkaProducer(enable_idempotence=True, **self.connection.client())
        try:
            await producer.start()
            while not stop.is_set():
                due = aligned(datetime.now(UTC), self.every)
                try:
                    async with asyncio.timeout((due - datetime.now(UTC)).total_seconds()):
                        await stop.wait()
                except TimeoutError:
                    await send_ticks(producer, self.topics, self.partitions, due)
                    sent()
        finally:
            await stop_client(producer)


def aligned(now: datetime, every: timedelta) -> datetime:
    """Return the next whole multiple of the interval since 1970, after `now`."""
    return _EPOCH + ((now - _EPOCH) // every + 1) * every
