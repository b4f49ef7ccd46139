"""`itilnext up`: starts what the settings do not name, makes the topics, starts the fleet, and keeps all of it running.

In order: the lock; the servers' files and ports; the servers; the topics; the workers; then the ready line. On the way
out, however it comes to that, workers first and servers last. What kills the supervisor itself takes its children with
it: see `ops.embedded.launcher`.
"""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import psutil
from pydantic import SecretStr

from ops.console import CommandFailed, ExitCode, counted
from ops.embedded import EmbeddedKafka, EmbeddedServerError, EmbeddedValkey
from ops.embedded.errors import last_words
from ops.embedded.ports import LOOPBACK
from ops.embedded.process import Command, ProcessIdentity
from ops.embedded.running import EmbeddedServer, wait_until_answering
from ops.environment import variable
from ops.settings import HealthSettings, Settings
from ops.stack.data import SETTING_OF, DataFolder, StackRecord
from ops.stack.down import end_leftovers
from ops.stack.interruption import heeded, interruptible
from ops.stack.readiness import FleetGroups
from ops.stack.roles import Fleet
from ops.stack.supervisor import Service, Supervisor
from producers.connection import RedisConnection
from producers.topics_admin import TopicsUnfit, create_topics, require_topics

READY_WITHIN = 180.0
"""Seconds a fleet may take: a few to start, tens when it rebuilds a view or a killed fleet's sessions have to end."""
WORKER_GRACE = 30.0
"""Seconds a worker gets to finish its transactions, which the broker gives up after half of that."""
EXIT_AFTER = 20.0
"""Seconds in which a worker that is not live may become so again, and as many to drain, before it ends."""
HOPELESS_AFTER = 5
"""Deaths of a process, before the fleet was ever ready, that it will not recover from by itself."""
_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class UpOptions:
    """What to bring up, and whom to tell: `told` gets lines for people, `ready` the one line for programs."""

    folder: DataFolder
    settings: Settings
    fleet: Fleet
    told: Callable[[str], None]
    ready: Callable[[Mapping[str, object]], None]


def run_stack(options: UpOptions) -> None:
    """Bring the stack up and keep it up until this process is asked to stop; nothing is left running after that.

    Raises:
        CommandFailed: a stack is up on this folder already, something is not installed, or it did not get ready.
        KafkaError, RedisError: a configured server can't be reached.
    """
    folder = options.folder
    with folder.held() as ours, interruptible():
        if not ours:
            raise already_up(folder)
        end_leftovers(folder)
        folder.write(StackRecord(supervisor=ProcessIdentity.of(os.getpid())))
        try:
            asyncio.run(_run(options, _prepared(options)))
        except EmbeddedServerError as error:
            raise CommandFailed(str(error)) from error
        except TopicsUnfit as error:
            raise CommandFailed(str(error), error.remedy) from error
        except KeyboardInterrupt:
            raise CommandFailed("Stopped before it was ready.") from None
        finally:
            folder.record_file.unlink()


def already_up(folder: DataFolder) -> CommandFailed:
    """Return the refusal to bring up a second stack on this folder."""
    return CommandFailed(
        f"A stack is up on {folder.path} already.",
        "See `itilnext status`, stop it with `itilnext down`, or give another folder with --data.",
    )


def _prepared(options: UpOptions) -> tuple[EmbeddedServer, ...]:
    """Make ready to run what the settings do not name."""
    folder, settings = options.folder, options.settings
    servers: list[EmbeddedServer] = []
    if settings.kafka.bootstrap_servers is None:
        options.told("Preparing Apache Kafka; the first time, Maven fetches it.")
        servers.append(EmbeddedKafka.prepare(folder.path / "kafka", folder.log("kafka")))
    if settings.redis.url is None:
        servers.append(EmbeddedValkey.prepare(folder.path / "valkey", folder.log("valkey")))
    return tuple(servers)


async def _run(options: UpOptions, servers: Sequence[EmbeddedServer]) -> None:
    await _Stack(options, servers).run()


class _Stack:
    """One run of a stack, from its servers' start to their end."""

    def __init__(self, options: UpOptions, servers: Sequence[EmbeddedServer]) -> None:
        self._options = options
        self._settings = options.settings
        self._servers = servers
        addresses = {server.name: server.address for server in servers}
        self._kafka = self._settings.kafka.at(self._settings.kafka.bootstrap_servers or addresses["kafka"])
        self._redis = self._settings.redis.at(self._settings.redis.url or SecretStr(addresses["valkey"]))
        # What is configured reaches the workers as it reached us; they are told of what is not.
        of_servers = {SETTING_OF[name]: address for name, address in addresses.items()}
        self._environment = {**of_servers, **_observed(self._settings.health)}
        self._supervisor = Supervisor(changed=self._record, log=self._log)
        self._ready = False

    async def run(self) -> None:
        """Start everything, tell when it is ready, keep it running until asked to stop, and stop everything."""
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        for number in heeded():
            loop.add_signal_handler(number, stop.set)
        stopping = asyncio.create_task(stop.wait())
        starting = asyncio.create_task(self._start())
        failure = self._supervisor.failure
        try:
            await _any_of(starting, stopping, failure)
            if failure.done():
                failure.result()
            if not starting.done():
                raise CommandFailed("Stopped before it was ready.")
            starting.result()
            self._tell_ready()
            await _any_of(stopping, failure)
        finally:
            await _cancelled(starting, stopping)
            await self._stop()
        if failure.done():
            failure.result()

    def _tell_ready(self) -> None:
        try:
            self._options.ready(self._current().ready_line)
        except BrokenPipeError as error:
            raise CommandFailed("Who waited for the stack to be ready has gone away; stopped.") from error

    async def _start(self) -> None:
        told, fleet = self._options.told, self._options.fleet
        for server in self._servers:
            self._supervisor.keep(Service(server.name, server.command, server.stop_grace))
        for server in self._servers:
            await wait_until_answering(server, partial(self._supervisor.exit_code, server.name))
            told(f"{server.name} answers at {server.address}.")
        partitions = await self._topics()
        await _ping(self._redis)
        expected = fleet.groups(self._settings.topics.names, partitions)
        session_seconds = self._settings.kafka.session_timeout_ms / 1000
        try:
            async with asyncio.timeout(READY_WITHIN), FleetGroups(self._kafka, expected, session_seconds) as groups:
                for name, argv in fleet.members:
                    command = Command(argv, self._options.folder.log(name), self._environment)
                    self._supervisor.keep(Service(name, command, WORKER_GRACE))
                told(f"Started {counted(len(fleet.members), 'worker')}; waiting until they have their partitions.")
                await self._wait_until_ready(groups)
        except TimeoutError as error:
            problem = f"The workers have not taken over all partitions in {READY_WITHIN:.0f} s."
            raise CommandFailed(problem, f"See {self._options.folder.log('*')}.") from error
        self._ready = True
        self._record()

    async def _topics(self) -> int:
        """Make the topics that are missing; return how many partitions the fleet's have."""
        topics = self._settings.topics
        created = await create_topics(self._kafka, topics.names, topics.partitions, topics.replication_factor)
        partitions = await require_topics(self._kafka, topics.names)
        for finding in created.findings:
            self._options.told(f"Topic {finding.topic}: {finding.problem}. {finding.remedy}")
        return partitions

    async def _wait_until_ready(self, groups: FleetGroups) -> None:
        while not (await groups.all_assigned() and all(self._supervisor.pids.values())):
            for name, _ in self._options.fleet.members:
                self._check_hope(name)
            await asyncio.sleep(_POLL_SECONDS)

    def _check_hope(self, name: str) -> None:
        """Give up on a worker that can't run: a wrong setting does not mend itself, nor does what keeps killing it.

        Raises:
            CommandFailed: there is no hope for it.
        """
        code, deaths = self._supervisor.exit_code(name), self._supervisor.deaths(name)
        if code != ExitCode.USAGE and deaths < HOPELESS_AFTER:
            return
        log = self._options.folder.log(name)
        said = last_words(log).splitlines()[-1:] or ["it says nothing"]
        exit_code = ExitCode(code) if code in (ExitCode.USAGE, ExitCode.UNREACHABLE) else ExitCode.FOUND_WRONG
        raise CommandFailed(f"{name} can't run (exit code {code}): {said[0].strip()}", f"See {log}.", exit_code)

    async def _stop(self) -> None:
        """Workers first, so that they can finish what they do; then the servers."""
        servers = {server.name for server in self._servers}
        names = self._supervisor.pids.keys()
        await self._supervisor.stop(names - servers)
        await self._supervisor.stop(names & servers)

    def _current(self) -> StackRecord:
        return StackRecord(
            supervisor=ProcessIdentity.of(os.getpid()),
            ready=self._ready,
            bootstrap_servers=self._kafka.bootstrap_servers,
            redis_url=self._redis.shown_url,
            processes={name: _identity(pid) for name, pid in self._supervisor.pids.items()},
        )

    def _record(self) -> None:
        self._options.folder.write(self._current())

    def _log(self, line: str) -> None:
        with self._options.folder.log("supervisor").open("a", encoding="utf-8") as log:
            log.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {line}\n")


def _observed(health: HealthSettings) -> Mapping[str, str]:
    """Return the settings a worker is observed by: on a port of its own, as several can't share the configured one.

    One that is not live ends, and is then started again like any other.
    """
    return {
        variable("health", "host"): LOOPBACK,
        variable("health", "port"): "0",
        variable("health", "exit_after"): str(health.exit_after or EXIT_AFTER),
    }


async def _ping(redis: RedisConnection) -> None:
    """See that Redis answers, and that it lets us in.

    Raises:
        RedisError: it doesn't.
    """
    async with redis.client() as client:
        await client.ping()


async def _any_of(*futures: asyncio.Future[Any]) -> None:
    await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)


async def _cancelled(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


def _identity(pid: int | None) -> ProcessIdentity | None:
    try:
        return ProcessIdentity.of(pid) if pid else None
    except psutil.NoSuchProcess:  # it has just ended; the supervisor will know in a moment
        return None
