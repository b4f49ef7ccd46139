"""A client that is stopped leaves nothing behind, and takes nothing of its caller's, whatever becomes of its broker."""

import asyncio
import os
import signal

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.client import AIOKafkaClient

from contracts.topics import Topics
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


async def test_nothing_of_a_producer_goes_on_whose_broker_is_frozen(stack: Stack, prefix: str) -> None:
    if stack.kafka_server is None:
        pytest.skip("only a broker of our own can be frozen")
    topics = Topics(prefix)
    await create_topics(stack.kafka, topics, 1, 1)
    producer = AIOKafkaProducer(transactional_id=f"{prefix}frozen", **stack.kafka.client())
    await producer.start()
    await producer.partitions_for(topics.dlq)
    await producer.begin_transaction()
    os.kill(stack.kafka_server.pid, signal.SIGSTOP)
    try:
        sent = await producer.send(topics.dlq, b"never acknowledged", partition=0)
        await stop_client(producer)
    finally:
        os.kill(stack.kafka_server.pid, signal.SIGCONT)

    assert producer._sender.sender_task.done()  # noqa: SLF001 it has no public name, and outlived `stop` once
    assert not sent.done() or sent.exception() is not None
