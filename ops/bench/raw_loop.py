"""The program to compare with: the fastest exactly-once loop on the same client that does nothing with what it reads.

One consumer; per partition a transactional producer and a loop of its own. Each transaction takes a whole fetch, writes
one record to each output per record read, and commits the consumed offset. `python -m ops.bench.raw_loop '<RawLoop as
JSON>'` runs until it is asked to stop.
"""

import asyncio
import gc
import signal
import sys

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.producer import sender
from pydantic import BaseModel, ConfigDict

from ops.target import load_target

_FETCH_BYTES = 1_048_576
_BATCH_BYTES = 1_000_000
_POLL_MS = 1_000
_TRANSACTION_TIMEOUT_MS = 15_000


class RawLoop(BaseModel):
    """What the loop reads and writes: the size of the values it writes, by output topic."""

    model_config = ConfigDict(frozen=True)

    source: str
    partitions: int
    group_id: str
    outputs: dict[str, int]


async def run(loop: RawLoop) -> None:
    """Work until cancelled."""
    connection = load_target().kafka
    # As the worker's output has it: waiting 20 ms at each transaction is the library's habit, not the protocol's.
    sender.BACKOFF_OVERRIDE = 0.005
    consumer = AIOKafkaConsumer(
        group_id=loop.group_id,
        enable_auto_commit=False,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=_FETCH_BYTES,
        **connection.client(),
    )
    await consumer.start()
    sources = [TopicPartition(loop.source, partition) for partition in range(loop.partitions)]
    consumer.assign(sources)
    producers = [
        AIOKafkaProducer(
            transactional_id=f"{loop.group_id}-{source.partition}",
            transaction_timeout_ms=_TRANSACTION_TIMEOUT_MS,
            linger_ms=0,
            max_batch_size=_BATCH_BYTES,
            **connection.client(),
        )
        for source in sources
    ]
    await asyncio.gather(*(producer.start() for producer in producers))
    gc.collect()
    gc.freeze()
    outputs = {topic: b"x" * size for topic, size in loop.outputs.items()}
    try:
        async with asyncio.TaskGroup() as group:
            for source, producer in zip(sources, producers, strict=True):
                group.create_task(_pump(consumer, source, producer, loop.group_id, outputs))
    finally:
        await asyncio.gather(*(producer.stop() for producer in producers), consumer.stop())


async def _pump(
    consumer: AIOKafkaConsumer,
    source: TopicPartition,
    producer: AIOKafkaProducer,
    group_id: str,
    outputs: dict[str, bytes],
) -> None:
    while True:
        records = (await consumer.getmany(source, timeout_ms=_POLL_MS)).get(source)
        if not records:
            continue
        await producer.begin_transaction()
        keys = [record.key for record in records]
        sent = []
        for topic, value in outputs.items():
            batch = producer.create_batch()
            for key in keys:
                if batch.append(key=key, value=value, timestamp=None) is None:
                    sent.append(await producer.send_batch(batch, topic, partition=source.partition))
                    batch = producer.create_batch()
                    batch.append(key=key, value=value, timestamp=None)
            sent.append(await producer.send_batch(batch, topic, partition=source.partition))
        await asyncio.gather(*sent)
        await producer.send_offsets_to_transaction({source: records[-1].offset + 1}, group_id)
        await producer.commit_transaction()


async def _until_asked(loop: RawLoop) -> None:
    working = asyncio.create_task(run(loop))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, working.cancel)
    await asyncio.wait([working])
    if not working.cancelled():
        working.result()


if __name__ == "__main__":
    asyncio.run(_until_asked(RawLoop.model_validate_json(sys.argv[1])))
