"""A client that is stopped leaves nothing behind, and takes nothing of its caller's, whatever becomes of its broker."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.client import AIOKafkaClient

from contracts.topics import Topics
from ops.embedded import RunningServer, start_kafka
from producers.connection import KafkaConnection
from producers.stopping import stop_client, stopped_in_order
from producers.topics_admin import create_topics
from tests.stack import Stack

pytestmark = pytest.mark.broker


async def test_who_is_cancelled_while_a_client_closes_is_cancelled(stack: Stack) -> None:
    client = AIOKafkaClient(**stack.kafka.client())
    await client.bootstrap()
    went_on: list[bool] = []

    async def closing() -> None:
        went_on.append(await stopped_in_order(client.close))

    task = asyncio.create_task(closing())
    await asyncio.sleep(0)
    task.cancel()  # while it waits for a task of its own that it has cancelled
    await asyncio.wait([task])

    assert task.cancelled()
    assert went_on == []


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[RunningServer]:
    """A broker of this test alone: one that was frozen is fenced by its controller for a while, once it goes on."""
    kafka = start_kafka(tmp_path)
    yield kafka
    kafka.stop()


@pytest.mark.chaos
async def test_nothing_of_a_producer_goes_on_whose_broker_is_frozen(own_broker: RunningServer, prefix: str) -> None:
    connection, topics = KafkaConnection(bootstrap_servers=own_broker.address), Topics(prefix)
    await create_topics(connection, topics, 1, 1)
    producer = AIOKafkaProducer(transactional_id=f"{prefix}frozen", **connection.client())
    await producer.start()
    await producer.partitions_for(topics.dlq)
    await producer.begin_transaction()
    os.kill(own_broker.pid, signal.SIGSTOP)
    try:
        sent = await producer.send(topics.dlq, b"never acknowledged", partition=0)
        await stop_client(producer)
    finally:
        os.kill(own_broker.pid, signal.SIGCONT)

    assert producer._sender.sender_task.done()  # noqa: SLF001 it has no public name, and outlived `stop` once
    assert not sent.done() or sent.exception() is not None
