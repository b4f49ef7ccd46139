"""What a coordinator knows of a transactional id: the state of its last transaction, asked for by KIP-664's request.

The library has no such request. Nothing here changes a transaction.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum, StrEnum, auto

from aiokafka.client import AIOKafkaClient, ConnectionGroup, CoordinationType
from aiokafka.errors import NoError, for_code
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import CompactArray, CompactString, Int16, Int32, Int64, Schema, TaggedFields

from producers.connection import KafkaConnection
from producers.coordinators import once_coordinated
from producers.stopping import stopped_in_order

_TRANSACTIONAL_ID_NOT_FOUND = 105
_DESCRIBE_TRANSACTIONS = 65


class Outcome(Enum):
    """How a transaction ended."""

    COMMITTED = auto()
    ABORTED = auto()


class TransactionState(StrEnum):
    """The states of a transactional id, by the broker's names; one that is not among them is unknown, as in Kafka."""

    EMPTY = "Empty"
    ONGOING = "Ongoing"
    PREPARE_COMMIT = "PrepareCommit"
    PREPARE_ABORT = "PrepareAbort"
    PREPARE_EPOCH_FENCE = "PrepareEpochFence"
    COMPLETE_COMMIT = "CompleteCommit"
    COMPLETE_ABORT = "CompleteAbort"
    DEAD = "Dead"
    UNKNOWN = "Unknown"

    @classmethod
    def _missing_(cls, value: object) -> "TransactionState":  # noqa: ARG003 the enum's signature
        return cls.UNKNOWN

    @property
    def is_complete(self) -> bool:
        """Whether the coordinator is done with it."""
        return self in (self.COMPLETE_COMMIT, self.COMPLETE_ABORT)

    @property
    def outcome(self) -> Outcome | None:
        """How the last transaction ends once its id is fenced; None where there is none, or its end is forgotten."""
        match self:
            case self.PREPARE_COMMIT | self.COMPLETE_COMMIT:
                return Outcome.COMMITTED
            case self.ONGOING | self.PREPARE_ABORT | self.PREPARE_EPOCH_FENCE | self.COMPLETE_ABORT:
                return Outcome.ABORTED
            case _:
                return None


class _DescribeTransactionsResponse(Response):  # type: ignore[misc]  # aiokafka is not typed
    API_KEY = _DESCRIBE_TRANSACTIONS
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "transaction_states",
            CompactArray(
                ("error_code", Int16),
                ("transactional_id", CompactString("utf-8")),
                ("transaction_state", CompactString("utf-8")),
                ("transaction_timeout_ms", Int32),
                ("transaction_start_time_ms", Int64),
                ("producer_id", Int64),
                ("producer_epoch", Int16),
                (
                    "topics",
                    CompactArray(
                        ("topic", CompactString("utf-8")), ("partitions", CompactArray(Int32)), ("tags", TaggedFields)
                    ),
                ),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _DescribeTransactionsStruct(RequestStruct):  # type: ignore[misc]  # aiokafka is not typed
    API_KEY = _DESCRIBE_TRANSACTIONS
    API_VERSION = 0
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _DescribeTransactionsResponse
    SCHEMA = Schema(("transactional_ids", CompactArray(CompactString("utf-8"))), ("tags", TaggedFields))


class _DescribeTransactions(Request[_DescribeTransactionsStruct]):  # type: ignore[misc]  # aiokafka is not typed
    API_KEY = _DESCRIBE_TRANSACTIONS

    def __init__(self, transactional_id: str) -> None:
        self._transactional_id = transactional_id

    def build(self, request_struct_class: type[_DescribeTransactionsStruct]) -> _DescribeTransactionsStruct:
        return request_struct_class([self._transactional_id], {})


async def describe_transaction(client: AIOKafkaClient, coordinator: int, transactional_id: str) -> TransactionState:
    """Ask a coordinator for the state of a transactional id; one it has never heard of is empty.

    Raises:
        KafkaError: it is not the coordinator, not ready, out of reach, or does not allow it.
    """
    answer = await client.send(coordinator, _DescribeTransactions(transactional_id), group=ConnectionGroup.COORDINATION)
    ((error_code, _, state, *_),) = answer.transaction_states
    if error_code == _TRANSACTIONAL_ID_NOT_FOUND:
        return TransactionState.EMPTY
    error = for_code(error_code)
    if error is not NoError:
        raise error(transactional_id)
    return TransactionState(state)


async def last_transaction(connection: KafkaConnection, transactional_id: str) -> TransactionState:
    """Return the state of a transactional id, as soon as it has a coordinator that is ready.

    Raises:
        KafkaError: there is none for long, it is out of reach, or does not allow it.
    """
    async with _client(connection) as client:

        async def described() -> TransactionState:
            coordinator = await client.coordinator_lookup(CoordinationType.TRANSACTION, transactional_id)
            return await describe_transaction(client, coordinator, transactional_id)

        return await once_coordinated(described)


@asynccontextmanager
async def _client(connection: KafkaConnection) -> AsyncIterator[AIOKafkaClient]:
    client = AIOKafkaClient(**connection.client())
    try:
        await client.bootstrap()
        yield client
    finally:
        await stopped_in_order(client.close)
