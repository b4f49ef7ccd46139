"""A Kafka and a Redis that are locked: logins, encryption both ways, and no right that is not given.

Kafka is the embedded one with further listeners and its own authorizer; the embedded listener without a login stays, as
the superuser's. The embedded Valkey is built without TLS: a proxy in front of it ends the encryption, as stunnel would.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import CreateAclsRequest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from ops.embedded import EmbeddedKafka, RunningServer
from ops.embedded.ports import LOOPBACK, choose
from ops.rights.kafka import Right
from tests.brokers import format_anew, properties_of, set_properties

_RESOURCES = {"topic": 2, "group": 3, "cluster": 4, "transactional-id": 5}
_PATTERNS = {"literal": 3, "prefixed": 4}
_OPERATIONS = {"Read": 3, "Write": 4, "Create": 5, "Delete": 6, "Describe": 8, "DescribeConfigs": 10}
_ALLOW = 3


@dataclass(frozen=True, slots=True)
class Certificates:
    """One authority's certificate, and those it gave to the servers and to a client, as PEM files."""

    folder: Path

    @classmethod
    def made(cls, folder: Path, client: str) -> "Certificates":
        """Make them all; the client's common name is who it is to Kafka."""
        folder.mkdir()
        authority = trustme.CA()
        authority.cert_pem.write_to_path(folder / "ca.pem")
        trustme.CA().cert_pem.write_to_path(folder / "other-ca.pem")
        for name, issued in (
            ("server", authority.issue_cert(LOOPBACK, common_name="kafka")),
            ("client", authority.issue_cert("client@example.org", common_name=client)),
        ):
            key = load_pem_private_key(issued.private_key_pem.bytes(), None)
            pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())  # the only kind Kafka reads
            chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
            (folder / f"{name}.pem").write_bytes(pem + chain)
        return cls(folder)

    @property
    def authority(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def another_authority(self) -> Path:
        return self.folder / "other-ca.pem"

    @property
    def server(self) -> Path:
        return self.folder / "server.pem"

    @property
    def client(self) -> Path:
        return self.folder / "client.pem"


@dataclass(frozen=True, slots=True)
class LockedKafka:
    """Where clients connect: the superuser without a login; by password, encrypted or not; by their own certificate."""

    server: RunningServer
    superuser: str
    sasl_plaintext: str
    sasl_ssl: str
    mutual_tls: str


def start_locked_kafka(data: Path, certificates: Certificates, passwords: Sequence[tuple[str, str]]) -> LockedKafka:
    """Start it, with these SCRAM users and no right given to any."""
    kafka = EmbeddedKafka.prepare(data / "kafka", data / "logs" / "kafka.log")
    ports = choose(3)
    set_properties(kafka, _locking(properties_of(kafka), ports, certificates) | _logins(passwords))
    format_anew(kafka, "bG9ja2VkLWthZmthLTAwMQ", *_users(passwords))
    addresses = (f"{LOOPBACK}:{port}" for port in ports)
    return LockedKafka(RunningServer(kafka), kafka.address, *addresses)


def _locking(own: Mapping[str, str], ports: Iterable[int], certificates: Certificates) -> dict[str, str]:
    """Return the properties that lock a broker with these of its own."""
    names = ("LOGIN", "ENCRYPTED", "MUTUAL")
    added = ",".join(f"{name}://{LOOPBACK}:{port}" for name, port in zip(names, ports, strict=True))
    return {
        "listeners": f"{own['listeners']},{added}",
        "advertised.listeners": f"{own['advertised.listeners']},{added}",
        "listener.security.protocol.map": f"{own['listener.security.protocol.map']},"
        "LOGIN:SASL_PLAINTEXT,ENCRYPTED:SASL_SSL,MUTUAL:SSL",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512,SCRAM-SHA-256,PLAIN",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(certificates.server),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(certificates.authority),
        "listener.name.mutual.ssl.client.auth": "required",
        "ssl.principal.mapping.rules": "RULE:^.*CN=([^,]+).*$/$1/",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
    }


def _logins(passwords: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return the properties that say where each mechanism finds its users: SCRAM in the log, PLAIN right here."""
    package = "org.apache.kafka.common.security"
    users = " ".join(f'user_{name}="{password}"' for name, password in passwords)
    modules = {
        "scram-sha-512": f"{package}.scram.ScramLoginModule required;",
        "scram-sha-256": f"{package}.scram.ScramLoginModule required;",
        "plain": f"{package}.plain.PlainLoginModule required {users};",
    }
    return {
        f"listener.name.{name}.{mechanism}.sasl.jaas.config": module
        for name in ("login", "encrypted")
        for mechanism, module in modules.items()
    }


def _users(passwords: Sequence[tuple[str, str]]) -> Iterator[str]:
    for name, password in passwords:
        for bits in (256, 512):
            yield f"--add-scram=SCRAM-SHA-{bits}=[name={name},password={password}]"


async def give(kafka: LockedKafka, user: str, rights: Iterable[Right]) -> None:
    """Allow a user this much more, as the superuser."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.superuser)
    await admin.start()
    try:
        for right in rights:
            for operation in right.operations:
                request = CreateAclsRequest(
                    _RESOURCES[right.resource],
                    right.name,
                    _PATTERNS[right.pattern],
                    f"User:{user}",
                    "*",
                    _OPERATIONS[operation],
                    _ALLOW,
                )
                response = await admin._send_to_controller(request)  # noqa: SLF001  the client has no public call
                assert [code for code, _ in response.creation_responses] == [0], response
    finally:
        await admin.close()


@asynccontextmanager
async def encrypted_front(port: int, certificates: Certificates) -> AsyncIterator[str]:
    """Run a TLS server that wants a client's certificate, in front of a plain one; yield where it listens."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=certificates.authority)
    context.load_cert_chain(certificates.server)
    context.verify_mode = ssl.CERT_REQUIRED

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection(LOOPBACK, port)
        await asyncio.gather(_pumped(reader, inner_writer), _pumped(inner_reader, writer), return_exceptions=True)

    server = await asyncio.start_server(serve, LOOPBACK, 0, ssl=context)
    async with server:
        host, bound = server.sockets[0].getsockname()[:2]
        yield f"{host}:{bound}"


async def _pumped(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while chunk := await source.read(65_536):
            sink.write(chunk)
            await sink.drain()
    finally:
        sink.close()
