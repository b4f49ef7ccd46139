"""The engine's processes, observed on a port that their log tells, and what they have logged."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from ops.embedded.process import Command, spawn
from tests.acceptance.processes import stopped
from tests.ops.observability.probing import COMES_TRUE_SECONDS, POLL_SECONDS, Probe

if TYPE_CHECKING:
    from subprocess import Popen

ROLES = {
    "ticket": ("worker", "ticket"),
    "alert": ("worker", "alert"),
    "directory": ("worker", "directory"),
    "ticker": ("ticker", "--every", "1s"),
}
_ENVIRONMENT = {"ITILNEXT_HEALTH__PORT": "0"}


@asynccontextmanager
async def running(
    log: Path, *words: str, environment: Mapping[str, str] | None = None
) -> AsyncIterator[tuple["Popen[bytes]", Probe]]:
    """Run a Python module until the end, and probe the port that its log tells."""
    process = spawn(Command((sys.executable, "-m", *words), log, {**_ENVIRONMENT, **(environment or {})}))
    try:
        yield process, Probe(await _port_told(log, process))
    finally:
        await stopped(process)


def lines(log: Path) -> list[dict[str, str]]:
    """What was logged: without a terminal, one JSON object a line."""
    written = log.read_bytes() if log.exists() else b""
    return [orjson.loads(line) for line in written[: written.rfind(b"\n") + 1].splitlines()]


async def _port_told(log: Path, process: "Popen[bytes]") -> int:
    async with asyncio.timeout(COMES_TRUE_SECONDS):
        while True:
            assert process.poll() is None, lines(log)
            for line in lines(log):
                if line["event"] == "serving health and metrics":
                    assert line["host"] == "127.0.0.1"
                    return int(line["port"])
            await asyncio.sleep(POLL_SECONDS)
