"""Three ticket workers under load, and what is done to them: what, when and to whom follows from the seed.

Moments are told by what the fleet has put out, not by a clock, so every disturbance hits work that is in hand.
"""

import asyncio
import os
import random
import signal
import subprocess
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import structlog
from redis.asyncio import Redis

from ops.group import Group, Groups, Member
from producers.connection import KafkaConnection
from producers.coordinators import once_coordinated
from tests.acceptance.desk import PATIENCE, Desk
from tests.acceptance.processes import Operator, stopped
from tests.acceptance.wire import COMMANDS, DLQ, EVENTS, REJECTIONS, partition_for
from tests.chaos.cluster import Brokers
from tests.chaos.workload import Sent

WORKERS = 3
SESSION_TIMEOUT_MS = 3_000
_POLL_SECONDS = 0.1
_LAST_LINES = 30
_ACTS = ("kill", "kill", "kill", "kill", "freeze", "freeze", "freeze and empty", "empty", "empty", "broker", "broker")
log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Fire:
    """One run: the servers, the processes and the load.

    `acts` is what was done, for the report of a failure; `exits` are the workers that ended by themselves, with their
    exit codes: like every supervisor, this one starts them again.
    """

    seed: int
    kafka: Brokers
    redis: Redis
    desk: Desk
    operator: Operator
    acts: list[str] = field(default_factory=list)
    exits: list[tuple[str, int]] = field(default_factory=list)
    _workers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    async def burn(self, load: Sequence[Sent]) -> None:
        """Send the load piece by piece, with a disturbance in each piece; return when all of it is decided."""
        chance = random.Random(self.seed)
        acts = [*_ACTS]
        chance.shuffle(acts)
        for number in range(WORKERS):
            self._start(f"worker-{number}")
        size = -(-len(load) // (len(acts) + 1))
        pieces = [load[start : start + size] for start in range(0, len(load), size)]
        async with self._supervised():
            for act, piece in zip((*acts, ""), pieces, strict=True):
                before = self._outputs()
                sending = asyncio.create_task(self._send(piece))
                enough = before + int(len(piece) * chance.uniform(0.02, 0.5))
                await self.desk.until(partial(self._is_at, enough))
                if act:
                    await self._do(act, chance)
                await sending
            await self.decided("after the fire")

    async def decided(self, word: str) -> None:
        """Wait until all sent before is decided: each partition answers a last command, twice because of the moves."""
        for round_ in ("first", "last"):
            marks = [self._mark(number, f"{word} {round_}") for number in range(self.desk.partitions)]
            for ticket, identity in marks:
                await self.desk.command("note.add", ticket, identity, agent_id="nobody", content="mark")
            for ticket, identity in marks:
                await self.desk.answer(ticket, identity)

    async def ended(self) -> dict[str, int]:
        """End all workers in good order; return their exit codes."""
        workers, self._workers = self._workers, {}
        codes = await asyncio.gather(*map(stopped, workers.values()))
        return dict(zip(workers, codes, strict=True))

    def put_out(self) -> None:
        """End what still runs, frozen or not."""
        for process in self._workers.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def story(self) -> str:
        """Tell what was done, and what the workers said last, for who has to find out what went wrong."""
        lines = [f"seed {self.seed}", *self.acts, *(f"{name} ended with {code}" for name, code in self.exits)]
        for number in range(WORKERS):
            name = f"worker-{number}"
            said = self.operator.log_of(name).read_text(errors="replace").splitlines()
            lines += [f"--- {name}", *said[-_LAST_LINES:]]
        return "\n".join(lines)

    @asynccontextmanager
    async def _supervised(self) -> AsyncIterator[None]:
        """Start workers again that end by themselves."""

        async def supervise() -> None:
            while True:
                for name, process in self._workers.items():
                    code = process.poll()
                    if code is not None:
                        self.exits.append((name, code))
                        self._start(name)
                await asyncio.sleep(_POLL_SECONDS)

        supervising = asyncio.create_task(supervise())
        try:
            yield
        finally:
            supervising.cancel()
            await asyncio.wait([supervising])

    def _mark(self, partition: int, word: str) -> tuple[str, str]:
        """Return a ticket of the partition that there is not, and an id for a command to it."""
        tickets = (f"mark-{number}" for number in range(10_000))
        ticket = next(each for each in tickets if partition_for(each, self.desk.partitions) == partition)
        return ticket, f"{word} {partition}"

    def _is_at(self, enough: int) -> bool:
        return self._outputs() >= enough

    def _outputs(self) -> int:
        return sum(len(self.desk.outputs[topic]) for topic in (EVENTS, REJECTIONS, DLQ))

    def _start(self, name: str) -> None:
        environment = {"ITILNEXT_KAFKA__CLIENT_ID": name}
        self._workers[name] = self.operator.start(name, "worker", "ticket", **environment)

    async def _send(self, piece: Sequence[Sent]) -> None:
        for record in piece:
            partition = (partition_for(record.subject, self.desk.partitions) + record.shift) % self.desk.partitions
            await self.desk.publish(COMMANDS, partition, record.key, record.value, headers=record.headers)
        await self.desk.flush()

    async def _do(self, act: str, chance: random.Random) -> None:
        name = chance.choice(sorted(self._workers))
        self.acts.append(f"{act} ({name}) at {self._outputs()}")
        log.info("disturbing", act=act, worker=name, outputs=self._outputs())
        match act:
            case "kill":
                # All in one go, for the supervisor not to see it.
                self._signal(name, signal.SIGKILL)
                self._workers[name].wait()
                self._start(name)
            case "empty":
                await self.redis.flushall()
            case "broker":
                await asyncio.to_thread(self.kafka.kill)
                await asyncio.to_thread(self.kafka.start)
            case _:
                members = await self._members_called(name)
                self._signal(name, signal.SIGSTOP)
                await self._are_given_up(members)
                if act == "freeze and empty":
                    await self.redis.flushall()
                self._signal(name, signal.SIGCONT)

    def _signal(self, name: str, number: signal.Signals) -> None:
        os.killpg(self._workers[name].pid, number)

    async def _are_given_up(self, members: Collection[Member]) -> None:
        """Wait until the group has gone on without them: their session has ended, and they do not know."""
        async with asyncio.timeout(PATIENCE):
            while not (await self._members()).isdisjoint(members):  # noqa: ASYNC110 the group can only be asked
                await asyncio.sleep(_POLL_SECONDS)

    async def _members_called(self, name: str) -> Collection[Member]:
        """Return what the group knows a worker by: who is started in its place is another member."""
        return [member for member in await self._members() if member.client_id == name]

    async def _members(self) -> frozenset[Member]:
        """Return who is in the group; waits while the broker or its coordinator is not ready."""

        async def described() -> Group:
            async with Groups(KafkaConnection(bootstrap_servers=self.desk.bootstrap_servers)) as groups:
                return await groups.known(f"{self.desk.prefix}ticket-worker", within=PATIENCE)

        return (await once_coordinated(described, PATIENCE)).members
