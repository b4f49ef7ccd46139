"""A server that was started and answers: the handle a test or a program holds on it."""

import asyncio
import signal
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from ops.embedded.errors import ServerFailed
from ops.embedded.process import Command, signal_group, spawn, stop

READY_WITHIN = 300.0
"""Seconds a server may take to answer: a broker needs four, and minutes where many others want the CPU at the same time
or a long log has to be recovered. One that ends is told of at once, so that this is a net only."""
PROBE_EVERY = 0.05


class EmbeddedServer(Protocol):
    """A kind of server: how it is run and how to tell that it answers."""

    @property
    def name(self) -> str:
        """What it is called in logs and in the list of processes."""

    @property
    def address(self) -> str:
        """Where clients connect."""

    @property
    def command(self) -> Command:
        """How it is run."""

    @property
    def stop_grace(self) -> float:
        """Seconds it gets to end by itself."""

    async def answers(self) -> bool:
        """Whether a client is served now."""


class RunningServer:
    """One server process, that keeps its address and its data when it is restarted."""

    def __init__(self, server: EmbeddedServer) -> None:
        """Start it and wait until it answers.

        Raises:
            ServerFailed: when it ends, or does not answer in time.
        """
        self._server = server
        self._process = self._started()

    @property
    def address(self) -> str:
        """Where clients connect: Kafka's bootstrap servers, Valkey's URL."""
        return self._server.address

    @property
    def pid(self) -> int:
        """Its process id; another one after a restart."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether its process is there."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End it in good order; nothing happens when it is not running."""
        stop(self._process, self._server.stop_grace)

    def kill(self) -> None:
        """End it as a power cut does."""
        signal_group(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def start(self) -> None:
        """Start it again after a stop or a kill, at the same address, and wait until it answers.

        Raises:
            ServerFailed: when it ends, or does not answer in time.
        """
        if not self.is_running:
            self._process = self._started()

    def restart(self) -> None:
        """Stop it in good order and start it again; returns when it answers.

        Raises:
            ServerFailed: when it ends, or does not answer in time.
        """
        self.stop()
        self.start()

    def _started(self) -> subprocess.Popen[bytes]:
        process = spawn(self._server.command)
        try:
            # In a thread of its own: the caller's may have an event loop running already.
            with ThreadPoolExecutor(max_workers=1) as waiting:
                waiting.submit(asyncio.run, wait_until_answering(self._server, process.poll)).result()
        except BaseException:
            stop(process, grace=0.0)
            raise
        return process


async def wait_until_answering(server: EmbeddedServer, exit_code: Callable[[], int | None]) -> None:
    """Return when the server answers.

    Raises:
        ServerFailed: when its process has ended (`exit_code` gives a number) or the time is up.
    """
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline:
        answered = await server.answers()
        # Looked at after the answer: it may be somebody else's, who has the port that our server could not get.
        code = exit_code()
        if code is not None:
            raise ServerFailed(f"{server.name} ended with code {code}", server.command.log)
        if answered:
            return
        await asyncio.sleep(PROBE_EVERY)
    raise ServerFailed(f"{server.name} did not answer within {READY_WITHIN:.0f} s", server.command.log)
