"""A transaction whose end a dying broker marked on some partitions only ends everywhere as it was meant to.

Such a broker is imitated from the writer's side: it sends to partitions that it never told the coordinator of, which
therefore get no mark. Brokers refuse that, unless they are told not to look.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.client import ConnectionGroup, CoordinationType
from aiokafka.errors import InvalidProducerEpoch, ProducerFenced, for_code
from aiokafka.protocol.transaction import EndTxnRequest

from consumers.state_log import LogEnds
from contracts.topics import Topics
from producers.partition_output import CoordinatorReplaced, PartitionOutput
from producers.topics_admin import create_topics
from producers.transaction_states import Outcome, TransactionState
from tests.producers.partition_desk import PATIENCE, Desk, break_link, leave_unmarked, transactions_of
from tests.stack import Stack

pytestmark = pytest.mark.broker
_CHECK = "transaction.partition.verification.enable"


@pytest.fixture
async def _unchecked(stack: Stack) -> AsyncIterator[None]:
    """Have the broker take records of partitions that were not made known to a transaction's coordinator."""
    admin = AIOKafkaAdminClient(**stack.kafka.client())
    await admin.start()

    async def check(value: str) -> None:
        for broker in admin._client.cluster.brokers():  # noqa: SLF001 the admin has no public name for it
            resource = ConfigResource(ConfigResourceType.BROKER, str(broker.nodeId), {_CHECK: value})
            await admin.alter_configs([resource])

    try:
        await check("false")
        yield
        await check("true")
    finally:
        await admin.close()


class _Stop(Exception):
    """What a batch fails of just before its commit."""


async def _stop() -> None:
    raise _Stop


@pytest.fixture
async def desk(stack: Stack, prefix: str, _unchecked: None) -> AsyncIterator[Desk]:
    topics = Topics(prefix)
    await create_topics(stack.kafka, topics, 1, 1)
    async with LogEnds(stack.kafka, topics.state, 1) as ends:
        desk = Desk(stack, topics, ends)
        try:
            yield desk
        finally:
            for output in desk.outputs:
                await output.close()


async def test_a_new_owner_completes_what_was_committed(desk: Desk) -> None:
    former = await desk.open()
    await desk.commit(former, 1)
    leave_unmarked(former, desk.written[1], group=desk.group)
    await desk.commit(former, 2)
    await desk.completed()
    assert await desk.ends.unmarked(desk.written) == [desk.written[1]]
    assert await desk.consumed() == 1

    owner = await desk.open()

    assert await desk.consumed() == 2
    assert await desk.ends.unmarked(desk.written) == []
    assert await desk.seen() == desk.all_of(1, 2)
    await desk.commit(owner, 3)
    assert await desk.seen() == desk.all_of(1, 2, 3)


async def test_a_new_owner_aborts_what_was_not(desk: Desk) -> None:
    former = await desk.open()
    await desk.commit(former, 1)
    leave_unmarked(former, desk.written[1], group=desk.group)
    with pytest.raises(_Stop):
        await desk.commit(former, 2, _stop)
    assert desk.written[1] in await desk.ends.unmarked(desk.written)

    owner = await desk.open()

    assert await desk.consumed() == 1
    assert await desk.ends.unmarked(desk.written) == []
    assert await desk.seen() == desk.all_of(1)
    await desk.commit(owner, 3)
    assert await desk.seen() == desk.all_of(1, 3)


@pytest.mark.parametrize("goes_on", [partial(Desk.commit, before_commit=_stop), Desk.commit_nothing])
async def test_an_owner_whose_coordinator_may_have_died_completes_its_own(
    desk: Desk, goes_on: Callable[[Desk, PartitionOutput, int], Awaitable[None]]
) -> None:
    owner = await desk.open()
    leave_unmarked(owner, desk.written[1], group=desk.group)
    await desk.commit(owner, 1)
    break_link(owner)

    with pytest.raises(CoordinatorReplaced):
        await goes_on(desk, owner, 2)

    await desk.completed()
    assert await desk.seen() == desk.all_of(1)
    assert await desk.consumed() == 1


async def test_a_batch_without_outcomes_commits_its_offset(desk: Desk) -> None:
    owner = await desk.open()
    await desk.commit(owner, 1)

    await desk.commit_nothing(owner, 2)

    await desk.completed()
    assert await desk.consumed() == 2


async def test_who_waits_for_marks_hears_of_a_newer_owner(desk: Desk) -> None:
    owner = await desk.open()
    await desk.commit(owner, 1)
    await desk.completed()
    newer = AIOKafkaProducer(transactional_id=f"{desk.group}-0", **desk.stack.kafka.client())
    async with newer:
        with pytest.raises(ProducerFenced):
            async with asyncio.timeout(PATIENCE):
                await transactions_of(owner).completed()


async def test_what_is_known_to_be_complete_is_not_ended_again(desk: Desk) -> None:
    owner = await desk.open()
    await desk.commit(owner, 1)
    await desk.completed()
    await owner.relax()
    break_link(owner)

    await desk.commit(owner, 2)

    assert await desk.seen() == desk.all_of(1, 2)


async def test_a_look_after_the_connection_broke_tells_nothing(desk: Desk) -> None:
    owner = await desk.open()
    await desk.commit(owner, 1)
    break_link(owner)
    await owner.relax()

    with pytest.raises(CoordinatorReplaced):
        await desk.commit(owner, 2)

    assert await desk.seen() == desk.all_of(1)


async def test_a_copy_of_a_request_to_end_that_comes_late_ends_nothing(desk: Desk) -> None:
    former = await desk.open()
    await desk.commit(former, 1)
    break_link(former)
    with pytest.raises(CoordinatorReplaced):
        await desk.commit(former, 2)
    owner = await desk.open()

    async def comes_late() -> None:
        request = EndTxnRequest(f"{desk.group}-0", *transactions_of(former).producer, True)  # noqa: FBT003 its signature
        client = owner._producer.client  # noqa: SLF001 any client's will do
        coordinator = await client.coordinator_lookup(CoordinationType.TRANSACTION, f"{desk.group}-0")
        answer = await client.send(coordinator, request, group=ConnectionGroup.COORDINATION)
        assert for_code(answer.error_code) is InvalidProducerEpoch
        raise _Stop

    with pytest.raises(_Stop):
        await desk.commit(owner, 2, comes_late)

    await desk.open()
    assert await desk.seen() == desk.all_of(1)
    assert await desk.consumed() == 1


async def test_states_are_told_by_the_coordinator(desk: Desk) -> None:
    assert await desk.state() is TransactionState.EMPTY
    owner = await desk.open()
    assert await desk.state() is TransactionState.EMPTY
    await desk.commit(owner, 1)
    assert (await desk.state()).outcome is Outcome.COMMITTED
    with pytest.raises(_Stop):
        await desk.commit(owner, 2, _stop)
    assert await desk.state() is TransactionState.ONGOING


def test_a_state_of_a_later_broker_is_unknown() -> None:
    assert TransactionState("Pondering") is TransactionState.UNKNOWN
    assert TransactionState.UNKNOWN.outcome is None
