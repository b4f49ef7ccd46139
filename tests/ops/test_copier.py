"""What is copied arrives as it was, in the order of each partition, however little may be held in memory."""

import pytest
from aiokafka import TopicPartition

from consumers.outputs import Output
from ops.repartition.copier import Copier
from tests.fleet import idle_fleet
from tests.stack import Stack

pytestmark = pytest.mark.broker
PARTITIONS = 8


@pytest.mark.parametrize("most_open_bytes", [1, 1_000, 32_000_000])
async def test_all_arrive_in_their_order(stack: Stack, prefix: str, most_open_bytes: int) -> None:
    async with idle_fleet(stack, prefix, PARTITIONS) as fleet:
        async with Copier(stack.kafka, most_open_bytes) as copier:
            for number in range(200):
                place = TopicPartition(fleet.topics.commands, number % PARTITIONS)
                await copier.copy(place, Output(b"T-1", f"{number:0100}".encode(), (), number + 1))
        records = await fleet.records(fleet.topics.commands)
    assert len(records) == 200
    for partition in range(PARTITIONS):
        values = [int(record.value or b"") for record in records if record.partition == partition]
        assert values == list(range(partition, 200, PARTITIONS))
    assert all(record.timestamp == int(record.value or b"") + 1 for record in records)
