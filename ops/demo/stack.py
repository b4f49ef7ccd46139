"""A whole stack for the time of a demo: brought up under a prefix of its own, and taken away with all it has written.

It is an `itilnext up` on a temporary folder, as a child that does not outlive this process however that ends. Servers
that the settings name are used too; of the demo's topics and keys nothing stays there either.
"""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from uuid import uuid4

import orjson
from aiokafka.admin import AIOKafkaAdminClient
from pydantic import SecretStr

from ops.embedded.process import Command, stop
from ops.environment import variable
from ops.settings import Settings
from ops.stack.down import STOPPED_WITHIN
from ops.stack.interruption import interruptible
from ops.stack.roles import PROGRAM
from ops.target import Target

_NAME = "itilnext-demo-"
WORKERS = 3
_FORGOTTEN_WITHIN = 30.0
"""Seconds a broker may take to delete topics."""
_POLL_SECONDS = 0.1


class StackDidNotStart(Exception):
    """The stack ended before it was ready; it has told why on standard error, and left with `exit_code`."""

    def __init__(self, exit_code: int) -> None:
        super().__init__(f"the demo's stack ended with code {exit_code} before it was ready")
        self.exit_code = exit_code


@contextmanager
def demo_stack(settings: Settings, *, quiet: bool) -> Iterator[Target]:
    """Give a fleet that runs, and take it away at the end, also when interrupted.

    Raises:
        StackDidNotStart: it ended before it was ready; its folder stays, as what it told may name the logs in it.
    """
    topics = settings.topics.model_copy(update={"prefix": f"{_NAME}{uuid4().hex[:8]}."})
    settings = settings.model_copy(update={"topics": topics})
    folder = Path(mkdtemp(prefix=_NAME))
    with interruptible(), _start(settings, folder, quiet=quiet) as process:
        try:
            yield Target(_with_servers(settings, _ready_line(process)))
        except StackDidNotStart:
            raise
        except BaseException:
            _take_away(process, settings, folder)
            raise
        _take_away(process, settings, folder)


def _start(settings: Settings, folder: Path, *, quiet: bool) -> "subprocess.Popen[bytes]":
    argv = (*PROGRAM, "up", "--data", str(folder), "--workers", str(WORKERS), "--no-ticker")
    command = Command(argv if not quiet else (*argv, "--json"), folder / "up.log")
    environment = {**os.environ, variable("topics", "prefix"): settings.topics.prefix}
    # In a group of its own, as all children: Ctrl-C reaches this process alone, which then stops it in order.
    return subprocess.Popen(
        command.launched, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environment, process_group=0
    )


def _ready_line(process: "subprocess.Popen[bytes]") -> dict[str, Any]:
    assert process.stdout is not None, "its output was asked for"
    line = process.stdout.readline()
    if not line:
        raise StackDidNotStart(process.wait())
    ready: dict[str, Any] = orjson.loads(line)
    return ready


def _with_servers(settings: Settings, ready: dict[str, Any]) -> Settings:
    """Return the settings with the embedded servers in them, where none are named."""
    kafka, redis = settings.kafka, settings.redis
    if kafka.bootstrap_servers is None:
        kafka = kafka.model_copy(update={"bootstrap_servers": ready["bootstrap_servers"]})
    if redis.url is None:
        redis = redis.model_copy(update={"url": SecretStr(ready["redis_url"])})
    return settings.model_copy(update={"kafka": kafka, "redis": redis})


def _take_away(process: "subprocess.Popen[bytes]", settings: Settings, folder: Path) -> None:
    stop(process, STOPPED_WITHIN)
    asyncio.run(_remove_traces(settings))
    shutil.rmtree(folder, ignore_errors=True)


async def _remove_traces(settings: Settings) -> None:
    """Delete what the demo has made on servers that are not its own: topics, and the view in Redis."""
    target = Target(settings)
    if settings.kafka.bootstrap_servers is not None:
        await _delete_topics(target)
    if settings.redis.url is not None:
        async with target.redis.client() as redis:
            # Every key of a fleet begins with its prefix, in the braces of a hash tag.
            async for key in redis.scan_iter(match=f"{{{target.topics.prefix}*", count=1000):
                await redis.unlink(key)


async def _delete_topics(target: Target) -> None:
    """Delete the topics, and wait until the broker does not know them any more.

    Raises:
        TimeoutError: it still does.
    """
    named = {topic.name for topic in target.topics.plan(1)}
    admin = AIOKafkaAdminClient(**target.kafka.client())
    await admin.start()
    try:
        async with asyncio.timeout(_FORGOTTEN_WITHIN):
            while there := named & set(await admin.list_topics()):
                await admin.delete_topics(sorted(there))
                await asyncio.sleep(_POLL_SECONDS)
    finally:
        await admin.close()
