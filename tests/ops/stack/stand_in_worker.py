"""Stands in for a worker: joins the group it is told to, and leaves it when asked to stop.

`python -m tests.ops.stack.stand_in_worker GROUP`; without a group it only waits; `broken` leaves at once. It is run and
observed as every worker is, and told by SIGUSR1 to get stuck.
"""

import asyncio
import os
import signal
import sys
import time

from aiokafka import AIOKafkaConsumer

from consumers.observing import Observer
from contracts.topics import Topics
from ops.settings import load_settings
from ops.worker_process import run_process


def get_stuck() -> None:
    """Keep the event loop from turning, for ever."""
    while True:
        time.sleep(1)


async def work(stop: asyncio.Event, _: Observer) -> None:
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, get_stuck)
    consumer = None
    if sys.argv[1:]:
        topics = Topics(load_settings().topics.prefix)
        consumer = AIOKafkaConsumer(
            topics.commands,
            group_id=f"{topics.prefix}{sys.argv[1]}",
            client_id=f"stand-in-{os.getpid()}",
            bootstrap_servers=os.environ["ITILNEXT_KAFKA__BOOTSTRAP_SERVERS"],
            session_timeout_ms=6_000,
            heartbeat_interval_ms=300,
            max_poll_interval_ms=3_600_000,  # it never polls
        )
        await consumer.start()
    await stop.wait()
    if consumer is not None:
        await consumer.stop()


if __name__ == "__main__":
    if sys.argv[1:] == ["broken"]:
        sys.exit("I can't")
    run_process(work, "ticket", load_settings())
