"""Which fleet a command is about: its Kafka, its Redis and its topics.

They are where the settings say, else where the stack that runs on this machine has them. Nothing here connects to
anything.
"""

from dataclasses import dataclass

from pydantic import SecretStr

from contracts.topics import Topics
from ops.console import CommandFailed, ExitCode
from ops.settings import Settings, load_settings
from ops.stack.data import SETTING_OF, DataFolder, StackRecord
from producers.connection import KafkaConnection, RedisConnection


@dataclass(frozen=True, slots=True)
class Target:
    """Where one fleet is, and what it is called there."""

    settings: Settings

    @property
    def kafka(self) -> KafkaConnection:
        """Its Kafka.

        Raises:
            CommandFailed: the settings name none, and no stack is up here.
        """
        return self.settings.kafka.at(self.settings.kafka.bootstrap_servers or self._stack("kafka").bootstrap_servers)

    @property
    def redis(self) -> RedisConnection:
        """Its Redis.

        Raises:
            CommandFailed: the settings name none, and no stack is up here.
        """
        return self.settings.redis.at(self.settings.redis.url or SecretStr(self._stack("valkey").redis_url))

    @property
    def topics(self) -> Topics:
        """The names of its topics."""
        return Topics(self.settings.topics.prefix)

    @property
    def ticket_group(self) -> str:
        """The consumer group of its ticket workers."""
        return self.topics.ticket_group

    @property
    def alert_group(self) -> str:
        """The consumer group of its alert workers."""
        return self.topics.alert_group

    def _stack(self, server: str) -> StackRecord:
        folder = DataFolder.at(self.settings.stack.data)
        record = folder.read() if folder.is_up else None
        # A stack's record shows a configured server's URL without its password: only its own servers are found there.
        if record is None or not record.ready or server not in record.processes:
            problem = f"{SETTING_OF[server]} is not set, and no stack is up on {folder.path}"
            raise CommandFailed(problem, "Set it, or start a stack with `itilnext up`.", ExitCode.USAGE)
        return record


def load_target() -> Target:
    """Return the fleet that the settings name.

    Raises:
        CommandFailed: a setting is unknown or wrong.
    """
    return Target(load_settings())
