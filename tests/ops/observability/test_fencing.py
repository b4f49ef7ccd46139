"""A worker that somebody else fences tells of it, takes its partition back, and loses no command."""

from collections.abc import Sequence

import pytest
from aiokafka import TopicPartition

from producers.partition_output import PartitionOutput
from tests.fleet import idle_fleet
from tests.ops.observability.probing import observation, read_samples
from tests.stack import Stack

pytestmark = pytest.mark.broker


async def test_a_fencing_is_counted_and_got_over(stack: Stack, prefix: str) -> None:
    async with (
        idle_fleet(stack, prefix, partitions=1) as fleet,
        observation() as (watched, probe),
        fleet.worker(observer=watched.observer),
    ):
        await probe.until("/readyz", lambda answer: answer.status == 200)
        rival = PartitionOutput(stack.kafka, fleet.group_id, 0)
        try:
            await rival.open(nothing)
            await fleet.send("ticket.open", "T-1", subject="printer on fire")
            await fleet.settled()
        finally:
            await rival.close()
        assert [event["ticketversion"] for event in await fleet.events("T-1")] == [1]
        await probe.until("/metrics", lambda answer: read_samples(answer.text).items() >= FENCED_ONCE.items())


async def nothing() -> Sequence[TopicPartition]:
    return ()


FENCED_ONCE = {
    "itilnext_fencings_total{}": 1.0,
    "itilnext_takeovers_total{}": 2.0,
    "itilnext_transactions_total{result=fenced}": 1.0,
    "itilnext_transactions_total{result=committed}": 1.0,
    "itilnext_transactions_total{result=failed}": 0.0,
}
