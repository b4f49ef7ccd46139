"""Where Kafka and Redis are and how to log in there: read once from the settings, used by every process.

Turns that into the arguments of the clients. Secrets are held so that no print of these objects shows them. Nothing
here connects to anything.
"""

import ssl
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit, urlunsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FilePath, SecretStr, model_validator
from redis.asyncio import Redis

import producers.header_names  # noqa: F401 every consumer is made from what is here

_HIGHEST_PORT = 65_535


def _bootstrap_servers(value: str) -> str:
    """Check a comma-separated list of host:port; return it without blanks."""
    servers = [server.strip() for server in value.split(",")]
    for server in servers:
        host, _, port = server.rpartition(":")
        if not host or not (port.isdecimal() and 0 < int(port) <= _HIGHEST_PORT):
            raise ValueError("has to be host:port, or several with commas between")
    return ",".join(servers)


def _redis_url(value: SecretStr) -> SecretStr:
    """Check a URL of a Redis database: redis-py would take a wrong database number for 0."""
    if not _names_a_redis(value.get_secret_value()):
        raise ValueError("has to be redis://[user:password@]host[:port][/database], or the like with rediss or unix")
    return value


def _names_a_redis(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # what it says quotes the URL, password and all
        return False
    match parts.scheme:
        case "unix":
            return parts.path not in ("", "/")
        case "redis" | "rediss":
            database = parts.path.removeprefix("/")
            return bool(parts.hostname) and port != 0 and (database == "" or database.isdecimal())
        case _:
            return False


BootstrapServers = Annotated[str, AfterValidator(_bootstrap_servers)]
RedisUrl = Annotated[SecretStr, AfterValidator(_redis_url)]
Milliseconds = Annotated[int, Field(ge=1, le=86_400_000)]


class TlsOptions(BaseModel):
    """Whom a client of an encrypted server trusts, and who it is itself, under the names Kafka has for it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ssl_cafile: FilePath | None = None
    """The authority that signed the servers' certificates, PEM; None: the system's."""
    ssl_certfile: FilePath | None = None
    """The client's own certificate, PEM, where the servers ask for one."""
    ssl_keyfile: FilePath | None = None
    """The key of that certificate, PEM; None: it is in the same file."""
    ssl_key_password: SecretStr | None = None

    @model_validator(mode="after")
    def _key_has_its_certificate(self) -> Self:
        if self.ssl_keyfile and not self.ssl_certfile:
            raise ValueError("ssl_keyfile is of no use without ssl_certfile")
        return self

    def ssl_context(self) -> ssl.SSLContext:
        """Return the context of encrypted connections.

        Raises:
            ssl.SSLError: a certificate or key file does not hold what it should.
        """
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=self.ssl_cafile)
        if self.ssl_certfile:
            context.load_cert_chain(self.ssl_certfile, self.ssl_keyfile, self.key_password)
        return context

    @property
    def key_password(self) -> str:
        """The key's password, empty where it has none: without one OpenSSL would ask for it on the terminal."""
        return _revealed(self.ssl_key_password) or ""


class KafkaClientOptions(TlsOptions):
    """How clients log in at a Kafka cluster and behave there, under Kafka's own names."""

    client_id: Annotated[str, Field(min_length=1, max_length=128)] = "itilnext"
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "PLAIN"
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    ssl_endpoint_identification_algorithm: Literal["https", ""] = "https"
    """Whether a broker's certificate has to name its host; empty: it need not."""
    request_timeout_ms: Milliseconds = 40_000
    metadata_max_age_ms: Milliseconds = 300_000

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.security_protocol.startswith("SASL") and not (self.sasl_username and self.sasl_password):
            raise ValueError(f"security_protocol {self.security_protocol} needs sasl_username and sasl_password")
        return self

    def ssl_context(self) -> ssl.SSLContext:
        """Return the context of encrypted connections.

        Raises:
            ssl.SSLError: a certificate or key file does not hold what it should.
        """
        context = super().ssl_context()
        context.check_hostname = self.ssl_endpoint_identification_algorithm == "https"
        return context


class KafkaConnection(KafkaClientOptions):
    """A Kafka cluster, and how to be a client there."""

    bootstrap_servers: BootstrapServers

    def tool(self, name: str) -> str:
        """Return how a command begins that runs one of Kafka's own tools on this cluster."""
        return f"{name} --bootstrap-server {self.bootstrap_servers}"

    def client(self) -> dict[str, Any]:
        """Return the arguments every aiokafka client takes: consumer, producer and admin.

        Raises:
            ssl.SSLError: a certificate or key file does not hold what it should.
        """
        arguments: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap_servers.split(","),
            "client_id": self.client_id,
            "security_protocol": self.security_protocol,
            "request_timeout_ms": self.request_timeout_ms,
            "metadata_max_age_ms": self.metadata_max_age_ms,
        }
        if self.security_protocol.endswith("SSL"):
            arguments["ssl_context"] = self.ssl_context()
        if self.security_protocol.startswith("SASL"):
            arguments |= {
                "sasl_mechanism": self.sasl_mechanism,
                "sasl_plain_username": self.sasl_username,
                "sasl_plain_password": _revealed(self.sasl_password),
            }
        return arguments


class RedisClientOptions(TlsOptions):
    """How clients of Redis behave."""

    socket_timeout: Annotated[float, Field(gt=0, le=300)] = 5.0
    """Seconds for an answer, and for connecting."""


class RedisConnection(RedisClientOptions):
    """A Redis and how to log in there."""

    url: RedisUrl

    def client(self) -> Redis:
        """Return a client, not connected yet, that speaks in bytes; who asked for it closes it."""
        return Redis.from_url(
            self.url.get_secret_value(),
            socket_timeout=self.socket_timeout,
            socket_connect_timeout=self.socket_timeout,
            decode_responses=False,
            **self._encryption(),
        )

    def _encryption(self) -> dict[str, Any]:
        """Return what the client wants to know of certificates; where it is not to encrypt, it takes none of it."""
        if urlsplit(self.url.get_secret_value()).scheme != "rediss":
            return {}
        arguments: dict[str, Any] = {}
        if self.ssl_cafile:
            arguments["ssl_ca_certs"] = str(self.ssl_cafile)
        if self.ssl_certfile:
            key = self.ssl_keyfile or self.ssl_certfile
            arguments |= {"ssl_certfile": str(self.ssl_certfile), "ssl_keyfile": str(key)}
            arguments["ssl_password"] = self.key_password
        return arguments

    @property
    def shown_url(self) -> str:
        """The URL as it may be printed: with stars for a password, and without parameters, which can hold one too."""
        parts = urlsplit(self.url.get_secret_value())
        login, at, place = parts.netloc.rpartition("@")
        user = login.partition(":")[0]
        return urlunsplit((parts.scheme, f"{user}:***@{place}" if at else place, parts.path, "", ""))


def _revealed(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
