"""A transaction whose end a dying broker marked on some partitions only ends everywhere as it was meant to.

Such a broker is imitated from the writer's side: it sends to partitions that it never told the coordinator of, which
therefore get no mark. Brokers refuse that, unless they are told not to look.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.conn import CloseReason
from aiokafka.errors import ProducerFenced

from consumers.outputs import Output
from consumers.state_log import LogEnds
from contracts.topics import Topics
from ops.log_reader import LogReader
from producers.partition_output import CoordinatorReplaced, PartitionOutput
from producers.topics_admin import create_topics
from producers.transaction_states import Outcome, TransactionState, last_transaction
from producers.transactions import Transactions
from tests.stack import Stack

pytestmark = pytest.mark.broker
_PATIENCE = 120.0
_POLL_SECONDS = 0.02
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


@dataclass
class Desk:
    """One partition's outputs under one transactional id, one after the other, and what readers see of them."""

    stack: Stack
    topics: Topics
    ends: LogEnds
    outputs: list[PartitionOutput] = field(default_factory=list)

    @property
    def group(self) -> str:
        return self.topics.ticket_group

    @property
    def written(self) -> tuple[TopicPartition, ...]:
        return TopicPartition(self.topics.events, 0), TopicPartition(self.topics.state, 0)

    async def open(self) -> PartitionOutput:
        output = PartitionOutput(self.stack.kafka, self.group, 0)
        self.outputs.append(output)
        await output.open(lambda: self.ends.unmarked(self.written))
        return output

    async def commit(self, output: PartitionOutput, number: int, failure: Exception | None = None) -> None:
        async def before_commit() -> None:
            if failure is not None:
                raise failure

        record = Output(b"T-1", str(number).encode(), ())
        records = {target.topic: [record] for target in self.written}
        await output.commit(records, {TopicPartition(self.topics.commands, 0): number}, before_commit)

    async def commit_nothing(self, output: PartitionOutput, consumed: int) -> None:
        """Commit an offset, as of a batch of duplicates."""

        async def before_commit() -> None:
            """Nothing rests on anything."""

        await output.commit({}, {TopicPartition(self.topics.commands, 0): consumed}, before_commit)

    async def state(self) -> TransactionState:
        return await last_transaction(self.stack.kafka, f"{self.group}-0")

    async def completed(self) -> None:
        async with asyncio.timeout(_PATIENCE):
            while not (await self.state()).is_complete:  # noqa: ASYNC110 the coordinator can only be asked
                await asyncio.sleep(_POLL_SECONDS)

    async def seen(self) -> Mapping[str, list[bytes | None]]:
        """Return what readers of committed records find, up to where the log is written, once all of it is marked."""
        async with asyncio.timeout(_PATIENCE):
            while await self.ends.unmarked(self.written):  # noqa: ASYNC110 as above
                await asyncio.sleep(_POLL_SECONDS)
        seen: dict[str, list[bytes | None]] = {}
        for target in self.written:
            async with LogReader(self.stack.kafka, [target]) as reader:
                seen[target.topic] = [record.value async for record in reader.until(await reader.ends())]
        return seen

    async def consumed(self) -> int | None:
        commands = TopicPartition(self.topics.commands, 0)
        async with LogReader(self.stack.kafka, [commands], group_id=self.group) as reader:
            return (await reader.committed())[commands]

    def all_of(self, *numbers: int) -> Mapping[str, list[bytes]]:
        return {target.topic: [str(number).encode() for number in numbers] for target in self.written}


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


def leave_unmarked(output: PartitionOutput, *partitions: TopicPartition, group: str | None = None) -> None:
    """Have the next transaction's end not be marked on these partitions, and for this group's offsets."""
    manager = transactions_of(output)._manager  # noqa: SLF001 the lie has to be told within
    manager._txn_partitions.update(partitions)  # noqa: SLF001
    manager._txn_consumer_group = group  # noqa: SLF001


def break_link(output: PartitionOutput) -> None:
    """Cut the connection to the transaction's coordinator, as its death does."""
    transactions_of(output).link.close(reason=CloseReason.CONNECTION_BROKEN)  # type: ignore[attr-defined] # aiokafka's


def transactions_of(output: PartitionOutput) -> Transactions:
    return output._transactions  # noqa: SLF001 there is no other way to it, nor should there be


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
        await desk.commit(former, 2, _Stop())
    assert desk.written[1] in await desk.ends.unmarked(desk.written)

    owner = await desk.open()

    assert await desk.consumed() == 1
    assert await desk.ends.unmarked(desk.written) == []
    assert await desk.seen() == desk.all_of(1)
    await desk.commit(owner, 3)
    assert await desk.seen() == desk.all_of(1, 3)


async def test_an_owner_whose_coordinator_may_have_died_completes_its_own(desk: Desk) -> None:
    owner = await desk.open()
    leave_unmarked(owner, desk.written[1], group=desk.group)
    await desk.commit(owner, 1)
    break_link(owner)

    with pytest.raises(CoordinatorReplaced):
        await desk.commit(owner, 2, _Stop())

    await desk.completed()
    assert await desk.seen() == desk.all_of(1)
    assert await desk.consumed() == 1


async def test_nor_is_it_forgotten_over_a_batch_without_outcomes(desk: Desk) -> None:
    owner = await desk.open()
    leave_unmarked(owner, desk.written[1], group=desk.group)
    await desk.commit(owner, 1)
    break_link(owner)

    with pytest.raises(CoordinatorReplaced):
        await desk.commit_nothing(owner, 2)

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
            async with asyncio.timeout(_PATIENCE):
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


async def test_states_are_told_by_the_coordinator(desk: Desk) -> None:
    assert await desk.state() is TransactionState.EMPTY
    owner = await desk.open()
    assert await desk.state() is TransactionState.EMPTY
    await desk.commit(owner, 1)
    assert (await desk.state()).outcome is Outcome.COMMITTED
    with pytest.raises(_Stop):
        await desk.commit(owner, 2, _Stop())
    assert await desk.state() is TransactionState.ONGOING


def test_a_state_of_a_later_broker_is_unknown() -> None:
    assert TransactionState("Pondering") is TransactionState.UNKNOWN
    assert TransactionState.UNKNOWN.outcome is None
