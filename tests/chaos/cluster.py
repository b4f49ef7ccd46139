"""Three brokers, each a copy of all topics: what a fleet in production has. One after the other is killed."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from ops.embedded import EmbeddedKafka, RunningServer
from tests.brokers import format_anew, properties_of, set_properties

COPIES = 3
_REPLICATED = {
    **{f"{topic}.replication.factor": str(COPIES) for topic in ("offsets.topic", "transaction.state.log")},
    "transaction.state.log.min.isr": "2",
}


class Brokers(Protocol):
    """The log of a fleet under fire."""

    @property
    def address(self) -> str:
        """Where clients connect."""

    def kill(self) -> None:
        """End a broker as a power cut does."""

    def start(self) -> None:
        """Start it again; returns when it answers."""

    def stop(self) -> None:
        """End all in good order."""


class Cluster:
    """Brokers that run together."""

    def __init__(self, servers: Sequence[RunningServer]) -> None:
        self._servers = servers
        self._turns = cycle(servers)
        self._killed = servers[0]

    @property
    def address(self) -> str:
        return ",".join(server.address for server in self._servers)

    def kill(self) -> None:
        """End the next one; the others go on."""
        self._killed = next(self._turns)
        self._killed.kill()

    def start(self) -> None:
        self._killed.start()

    def stop(self) -> None:
        # All at once: the last one would wait for others to hand its part over to.
        with ThreadPoolExecutor(len(self._servers)) as stopping:
            list(stopping.map(RunningServer.stop, self._servers))


def start_cluster(data: Path) -> Cluster:
    """Start three brokers with their data and logs in this folder; returns when all answer."""
    nodes = range(1, COPIES + 1)
    brokers = [EmbeddedKafka.prepare(data / f"kafka-{node}", data / "logs" / f"kafka-{node}.log") for node in nodes]
    controllers = [properties_of(broker)["controller.quorum.voters"].partition("@")[2] for broker in brokers]
    voters = ",".join(f"{node}@{controller}" for node, controller in zip(nodes, controllers, strict=True))
    cluster_id = str(uuid4())
    for node, broker in zip(nodes, brokers, strict=True):
        set_properties(broker, {**_REPLICATED, "node.id": str(node), "controller.quorum.voters": voters})
        format_anew(broker, cluster_id)
    # None answers before most of them are there.
    with ThreadPoolExecutor(COPIES) as starting:
        return Cluster(list(starting.map(RunningServer, brokers)))
