"""How FastStream logs in at Kafka: the settings of a connection in FastStream's terms. Nothing here connects."""

from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from producers.connection import KafkaConnection


def broker_security(connection: KafkaConnection) -> BaseSecurity:
    """Return what `KafkaBroker(security=...)` takes.

    Raises:
        ssl.SSLError: a certificate or key file does not hold what it should.
    """
    encrypted = connection.security_protocol.endswith("SSL")
    context = connection.ssl_context() if encrypted else None
    if not connection.security_protocol.startswith("SASL"):
        return BaseSecurity(ssl_context=context, use_ssl=encrypted)
    user, password = connection.sasl_username, connection.sasl_password
    assert user is not None, "a connection with SASL has a user"
    assert password is not None, "a connection with SASL has a password"
    mechanisms = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}
    login = mechanisms[connection.sasl_mechanism]
    return login(username=user, password=password.get_secret_value(), ssl_context=context, use_ssl=encrypted)
