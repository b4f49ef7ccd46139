"""The Kafka and the Redis all of one bench runs on: those the settings name, or embedded ones that go when it ends."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
from pydantic import SecretStr

from ops.embedded import start_kafka, start_valkey
from ops.environment import variable
from ops.settings import Settings
from producers.connection import KafkaConnection, RedisConnection

KAFKA, REDIS = "kafka", "redis"


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the servers are; `folder` is for what the measured processes write, and goes when the bench ends.

    `embedded` are the processes of those that are the bench's own, by name.
    """

    settings: Settings
    kafka: KafkaConnection
    redis: RedisConnection
    folder: Path
    embedded: Mapping[str, psutil.Process]

    def cpu_seconds(self) -> dict[str, float]:
        """Return the CPU time that each of the bench's own servers has used so far, in user mode and in the kernel."""
        times = {name: process.cpu_times() for name, process in self.embedded.items()}
        return {name: used.user + used.system for name, used in times.items()}

    @property
    def kafka_is_embedded(self) -> bool:
        """Whether the Kafka is the bench's own."""
        return KAFKA in self.embedded

    @property
    def redis_is_embedded(self) -> bool:
        """Whether the Redis is the bench's own."""
        return REDIS in self.embedded

    def environment(self, prefix: str) -> dict[str, str]:
        """Return what a process needs beside our own environment to find them, and to work under this prefix."""
        names = {variable("topics", "prefix"): prefix, variable("log", "level"): "WARNING"}
        # What is named is in the environment already, maybe as a file: named twice, it would be refused.
        if self.kafka_is_embedded:
            names[variable("kafka", "bootstrap_servers")] = self.kafka.bootstrap_servers
        if self.redis_is_embedded:
            names[variable("redis", "url")] = self.redis.url.get_secret_value()
        return names


@contextmanager
def bench_servers(settings: Settings) -> Iterator[Servers]:
    """Start what the settings do not name, and stop it on leaving.

    Raises:
        MissingTool: a program that has to be installed is not there.
        ServerFailed: a server was started and did not come up.
    """
    with ExitStack() as cleanup:
        folder = Path(cleanup.enter_context(TemporaryDirectory(prefix="itilnext-bench-", ignore_cleanup_errors=True)))
        embedded: dict[str, psutil.Process] = {}
        address, url = settings.kafka.bootstrap_servers, settings.redis.url
        if url is None:
            valkey = start_valkey(folder)
            cleanup.callback(valkey.stop)
            embedded[REDIS], url = psutil.Process(valkey.pid), SecretStr(valkey.address)
        if address is None:
            kafka = start_kafka(folder)
            cleanup.callback(kafka.stop)
            embedded[KAFKA], address = psutil.Process(kafka.pid), kafka.address
        yield Servers(settings, settings.kafka.at(address), settings.redis.at(url), folder, embedded)
