"""A transactional producer's dealings with its coordinator, step by step where the library takes them unseen.

What is used of the library's transactions beyond its public names is in this module.
"""

import asyncio
from collections.abc import Collection
from typing import cast

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.client import ConnectionGroup, CoordinationType
from aiokafka.errors import KafkaError, ProducerFenced
from aiokafka.producer import sender
from aiokafka.producer.transaction_manager import TransactionManager
from aiokafka.util import create_future

from producers.transaction_states import TransactionState, describe_transaction

# After a commit the coordinator answers the next transaction CONCURRENT_TRANSACTIONS while it still writes markers; the
# library then waits this constant, 20 ms by default, which would be most of a command's latency.
sender.BACKOFF_OVERRIDE = 0.005

_POLL_SECONDS = 0.005


class _Joining(TransactionManager):  # type: ignore[misc]  # aiokafka is not typed
    """The library's own, that also tells when the coordinator has taken in all partitions it was asked to."""

    joined: "asyncio.Future[None] | None" = None

    def partition_added(self, tp: TopicPartition) -> None:
        super().partition_added(tp)
        if self.joined is not None and not self.joined.done() and not self.partitions_to_add():
            self.joined.set_result(None)


class Transactions:
    """The transactions of one producer, from when it is made until it is stopped."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._client = producer.client
        self._sender = producer._sender  # noqa: SLF001 see the module
        self._manager = cast("_Joining", producer._txn_manager)  # noqa: SLF001 see the module
        # The producer has handed its own to all its parts, and takes no other.
        self._manager.__class__ = _Joining

    @property
    def producer(self) -> tuple[int, int]:
        """The producer's id and epoch, once it is started."""
        return self._manager.producer_id, self._manager.producer_epoch

    @property
    def link(self) -> object:
        """The connection to the coordinator, None where there is none; another one is another object."""
        return self._client._conns.get((self._coordinator, ConnectionGroup.COORDINATION))  # noqa: SLF001 see the module

    def is_linked_by(self, link: object) -> bool:
        """Whether the connection to the coordinator is still this one."""
        return link is not None and self.link is link

    async def join(self, partitions: Collection[TopicPartition]) -> None:
        """Have the coordinator take partitions into the transaction begun, and wait until it has.

        It refuses to, and is asked again, until it has ended the transaction before.

        Raises:
            ProducerFenced: a newer producer exists.
            KafkaError: it won't take them.
        """
        manager = self._manager
        manager.joined = create_future()
        for partition in partitions:
            manager.maybe_add_partition_to_txn(partition)
        if manager.partitions_to_add():
            ended = manager.wait_for_transaction_end()
            await asyncio.wait((manager.joined, ended), return_when=asyncio.FIRST_COMPLETED)
            self._raise_if_ended()

    async def join_group(self, group_id: str) -> None:
        """Have the coordinator take a group's offsets into the transaction begun, without committing one.

        Raises:
            ProducerFenced: a newer producer exists.
            KafkaError: it won't take them.
        """
        has_joined = False
        while not has_joined:
            # Waits by itself before it says no.
            has_joined = await self._sender._do_add_offsets_to_txn(group_id)  # noqa: SLF001 see the module
        self._raise_if_ended()

    async def completed(self) -> None:
        """Wait until the coordinator is done with the last transaction: it answers before it has marked it anywhere.

        Raises:
            ProducerFenced: a newer producer exists.
            KafkaError: the coordinator does not answer.
        """
        identity = self._manager.transactional_id
        while True:
            coordinator = await self._sender._find_coordinator(CoordinationType.TRANSACTION, identity)  # noqa: SLF001 see the module
            state = await describe_transaction(self._client, coordinator, identity)
            if state.is_complete:
                return
            if state is TransactionState.EMPTY:  # as only a newer producer's start leaves it
                raise ProducerFenced
            await asyncio.sleep(_POLL_SECONDS)

    async def are_complete_over(self, link: object) -> bool:
        """Ask whether the last transaction is complete, and has been led by one coordinator over this connection."""
        if self._coordinator is None or not self.is_linked_by(link):
            return False
        try:
            state = await describe_transaction(self._client, self._coordinator, self._manager.transactional_id)
        except KafkaError:  # then nothing is known, which is as good an answer
            return False
        return state.is_complete and self.is_linked_by(link)

    def _raise_if_ended(self) -> None:
        """Raise what the transaction has failed of, where it has."""
        ended = self._manager.wait_for_transaction_end()
        if ended.done():
            ended.result()

    @property
    def _coordinator(self) -> int | None:
        found: int | None = self._sender._coordinators.get(CoordinationType.TRANSACTION)  # noqa: SLF001 see the module
        return found
