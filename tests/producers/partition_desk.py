"""One partition's outputs, one owner after the other, and what there is of them; and the lies their client is told."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from aiokafka import TopicPartition
from aiokafka.conn import CloseReason

from consumers.outputs import Output
from consumers.state_log import LogEnds
from contracts.topics import Topics
from ops.log_reader import LogReader
from producers.partition_output import PartitionOutput
from producers.transaction_states import TransactionState, last_transaction
from producers.transactions import Transactions
from tests.stack import Stack

PATIENCE = 120.0
_POLL_SECONDS = 0.02
BeforeCommit = Callable[[], Awaitable[None]]


async def nothing() -> None:
    """Nothing rests on anything."""


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

    @property
    def commands(self) -> TopicPartition:
        return TopicPartition(self.topics.commands, 0)

    async def open(self) -> PartitionOutput:
        output = PartitionOutput(self.stack.kafka, self.group, 0)
        self.outputs.append(output)
        await output.open(lambda: self.ends.unmarked(self.written))
        return output

    async def commit(self, output: PartitionOutput, number: int, before_commit: BeforeCommit = nothing) -> None:
        record = Output(b"T-1", str(number).encode(), ())
        records = {target.topic: [record] for target in self.written}
        await output.commit(records, {self.commands: number}, before_commit)

    async def commit_nothing(self, output: PartitionOutput, number: int) -> None:
        """Commit an offset alone, as of a batch of duplicates."""
        await output.commit({}, {self.commands: number}, nothing)

    async def state(self) -> TransactionState:
        return await last_transaction(self.stack.kafka, f"{self.group}-0")

    async def completed(self) -> None:
        async with asyncio.timeout(PATIENCE):
            while not (await self.state()).is_complete:  # noqa: ASYNC110 the coordinator can only be asked
                await asyncio.sleep(_POLL_SECONDS)

    async def seen(self) -> Mapping[str, list[bytes | None]]:
        """Return what readers of committed records find, up to where the log is written, once all of it is marked."""
        async with asyncio.timeout(PATIENCE):
            while await self.ends.unmarked(self.written):  # noqa: ASYNC110 as above
                await asyncio.sleep(_POLL_SECONDS)
        seen: dict[str, list[bytes | None]] = {}
        for target in self.written:
            async with LogReader(self.stack.kafka, [target]) as reader:
                seen[target.topic] = [record.value async for record in reader.until(await reader.ends())]
        return seen

    async def consumed(self) -> int | None:
        async with LogReader(self.stack.kafka, [self.commands], group_id=self.group) as reader:
            return (await reader.committed())[self.commands]

    def all_of(self, *numbers: int) -> Mapping[str, list[bytes]]:
        return {target.topic: [str(number).encode() for number in numbers] for target in self.written}


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
