"""A FastStream broker that logs in as every other client of this engine does."""

from faststream.kafka import KafkaBroker
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from producers.connection import KafkaConnection

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


def _security(connection: KafkaConnection) -> BaseSecurity:
    encrypted = connection.security_protocol.endswith("SSL")
    context = connection.ssl_context() if encrypted else None
    if not connection.security_protocol.startswith("SASL"):
        return BaseSecurity(ssl_context=context, use_ssl=encrypted)
    password = connection.sasl_password.get_secret_value() if connection.sasl_password else ""
    return _BY_MECHANISM[connection.sasl_mechanism](
        username=connection.sasl_username or "", password=password, ssl_context=context, use_ssl=encrypted
    )
