"""Where no broker answers, whoever starts a client closes it again: a worker tries for as long as an outage lasts."""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError

from consumers.directory_follower import DirectoryFollower
from consumers.state_log import LogEnds, read_partition
from contracts.topics import Topics
from ops.embedded.ports import LOOPBACK, choose
from ops.repartition.copier import Copier
from producers.connection import KafkaConnection
from producers.ticker import Ticker, tick_once

TOPICS = Topics()
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


async def entered(context: AbstractAsyncContextManager[object]) -> None:
    async with context:
        pass


async def read(connection: KafkaConnection) -> None:
    async for _ in read_partition(connection, TopicPartition(TOPICS.state, 0), 0, 1):
        pass


def ticking(connection: KafkaConnection) -> Awaitable[None]:
    return Ticker(connection, TOPICS, 1, timedelta(seconds=1)).run(asyncio.Event(), lambda: None)


@pytest.mark.parametrize(
    "start",
    [
        lambda connection: entered(LogEnds(connection, TOPICS.state, 1)),
        lambda connection: entered(DirectoryFollower(connection, TOPICS.directory)),
        lambda connection: entered(Copier(connection)),
        lambda connection: tick_once(connection, TOPICS, 1, NOON),
        read,
        ticking,
    ],
)
async def test_no_client_is_left_open(
    start: Callable[[KafkaConnection], Awaitable[object]], caplog: pytest.LogCaptureFixture
) -> None:
    (closed,) = choose(1)
    with pytest.raises(KafkaConnectionError):
        await start(KafkaConnection(bootstrap_servers=f"{LOOPBACK}:{closed}"))
    gc.collect()  # a client that is forgotten while it is open says so when it is collected
    assert "Unclosed" not in caplog.text
