"""Stands in for a worker: joins the group it is told to, and leaves it when asked to stop.

`python -m tests.ops.stack.stand_in_worker GROUP`; without a group it only waits; `broken` leaves at once.
"""

import asyncio
import os
import signal
import sys

from aiokafka import AIOKafkaConsumer

from contracts.topics import Topics
from ops.settings import load_settings


async def work(group: str | None) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    consumer = None
    if group is not None:
        topics = Topics(load_settings().topics.prefix)
        consumer = AIOKafkaConsumer(
            topics.commands,
            group_id=f"{topics.prefix}{group}",
            client_id=f"stand-in-{os.getpid()}",
            bootstrap_servers=os.environ["ITILNEXT_KAFKA__BOOTSTRAP_SERVERS"],
            session_timeout_ms=1_000,
            heartbeat_interval_ms=300,
        )
        await consumer.start()
    await stop.wait()
    if consumer is not None:
        await consumer.stop()


if __name__ == "__main__":
    if sys.argv[1:] == ["broken"]:
        sys.exit("I can't")
    asyncio.run(work(sys.argv[1] if sys.argv[1:] else None))
