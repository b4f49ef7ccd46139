"""A FastStream broker that logs in as every other client of this engine does."""

from typing import Any

from aiokafka import ConsumerRebalanceListener, ConsumerRecord
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import FAKE_CONSUMER, KafkaMessage
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from producers.connection import KafkaConnection

BATCH_TIMEOUT_MS = 5
"""FastStream waits this long twice when nothing comes, so it is half of what polling adds to a command's latency."""
REBALANCE_TIMEOUT_MS = 30_000
"""Time to finish transactions in hand before partitions change hands."""
_HEARTBEATS = 20
"""In a session's time. It is by a heartbeat that a member learns that another has come or gone, and until the last has
learned it nobody's partitions are served: in a rolling restart that is most of what a command waits."""
FETCH_BYTES = 1_048_576
MAX_FETCHED_RECORDS = 100_000
"""Handed over at once: a compressed batch can hold millions, and each becomes an object; others never come near."""
_BY_MECHANISM = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}


def kafka_broker(connection: KafkaConnection) -> KafkaBroker:
    """Build a broker that is not started; its handlers get records as they are, and no topic is made by it."""
    return KafkaBroker(
        connection.bootstrap_servers.split(","),
        client_id=connection.client_id,
        request_timeout_ms=connection.request_timeout_ms,
        metadata_max_age_ms=connection.metadata_max_age_ms,
        security=_security(connection),
        logger=None,
        apply_types=False,
        allow_auto_create_topics=False,
    )


def batch_subscriber(
    broker: KafkaBroker, topic: str, group_id: str, session_timeout_ms: int, listener: ConsumerRebalanceListener
) -> Any:  # noqa: ANN401 FastStream's batch subscriber has no public name
    """Subscribe to a topic in raw fetches: nothing is parsed, acknowledged or retried behind the handler's back."""
    return broker.subscriber(
        topic,
        group_id=group_id,
        batch=True,
        batch_timeout_ms=BATCH_TIMEOUT_MS,
        ack_policy=AckPolicy.MANUAL,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        session_timeout_ms=session_timeout_ms,
        heartbeat_interval_ms=max(session_timeout_ms // _HEARTBEATS, 1),
        rebalance_timeout_ms=REBALANCE_TIMEOUT_MS,
        max_partition_fetch_bytes=FETCH_BYTES,
        max_records=MAX_FETCHED_RECORDS,
        listener=listener,
        parser=_as_received,
        decoder=_records_of,
    )


async def _as_received(records: tuple[ConsumerRecord, ...]) -> KafkaMessage:
    """Wrap a fetch without looking at it: FastStream's own parser fails on null and non-UTF-8 headers."""
    return KafkaMessage(raw_message=records, body=b"", consumer=FAKE_CONSUMER)


async def _records_of(message: KafkaMessage) -> Any:  # noqa: ANN401 the handler gets what the client delivered
    return message.raw_message


def _security(connection: KafkaConnection) -> BaseSecurity:
    encrypted = connection.security_protocol.endswith("SSL")
    context = connection.ssl_context() if encrypted else None
    if not connection.security_protocol.startswith("SASL"):
        return BaseSecurity(ssl_context=context, use_ssl=encrypted)
    password = connection.sasl_password.get_secret_value() if connection.sasl_password else ""
    return _BY_MECHANISM[connection.sasl_mechanism](
        username=connection.sasl_username or "", password=password, ssl_context=context, use_ssl=encrypted
    )
