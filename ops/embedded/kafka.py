"""Apache Kafka as one process: broker and KRaft controller of a cluster of one node, on loopback, data in a folder."""

import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from uuid import uuid4

from aiokafka.conn import create_conn
from aiokafka.errors import KafkaError
from aiokafka.protocol.metadata import MetadataRequest

from ops.embedded.jars import java, kafka_jars
from ops.embedded.ports import LOOPBACK, keep_or_choose
from ops.embedded.process import Command, run_to_end

_JVM = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")  # starts in 3 to 4 s and leaves memory to the fleet
_PORTS_FILE = "ports.json"
_FORMATTED = "formatted"
_PROBE_TIMEOUT_MS = 2_000
_ASCII_END = 0x7F

_FOR_ONE_NODE = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "auto.create.topics.enable": "false",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # One node has nobody to spread these over, and each partition costs files and start-up time.
    "offsets.topic.num.partitions": "5",
    "transaction.state.log.num.partitions": "5",
    "share.coordinator.state.topic.num.partitions": "1",
    # Workers of one machine come together: waiting for more of them only delays the first.
    "group.initial.rebalance.delay.ms": "0",
    # A broker killed and started again is let in when its former life's session is over: 6 s, not 9; on a busy
    # machine a shorter one loses partitions their leader.
    "broker.session.timeout.ms": "6000",
    "broker.heartbeat.interval.ms": "500",
    # Lets a fleet choose to notice a dead worker in a second; the default forbids less than six.
    "group.min.session.timeout.ms": "1000",
}


@dataclass(frozen=True, slots=True)
class EmbeddedKafka:
    """A broker whose data folder is formatted and whose ports are chosen: ready to be run, and run again."""

    folder: Path
    log: Path
    port: int
    java: str
    jars: Path

    @classmethod
    def prepare(cls, folder: Path, log: Path) -> "EmbeddedKafka":
        """Make a broker ready to run on this data folder: the one of the last time when there was one.

        Raises:
            MissingTool: Java or, when the jars are not cached yet, Maven is not there.
            ServerFailed: fetching the jars or formatting the folder went wrong.
        """
        folder.mkdir(parents=True, exist_ok=True)
        port, controller_port = _ports(folder)
        kafka = cls(folder=folder, log=log, port=port, java=java(), jars=kafka_jars())
        kafka._write_properties(controller_port)
        kafka._format()
        return kafka

    @property
    def name(self) -> str:
        """What it is called in logs and in the list of processes."""
        return "kafka"

    @property
    def address(self) -> str:
        """Where clients connect: its bootstrap servers."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def stop_grace(self) -> float:
        """Seconds it gets to end by itself."""
        return 20.0  # it writes its logs out and closes them within two; a busy disk takes longer

    @property
    def command(self) -> Command:
        """How it is run."""
        return Command(self._java("kafka.Kafka", str(self._properties)), self.log)

    async def answers(self) -> bool:
        """Whether the broker has joined its cluster, so that a client finds it in the metadata."""
        try:
            connection = await create_conn(LOOPBACK, self.port, request_timeout_ms=_PROBE_TIMEOUT_MS)
        except (OSError, KafkaError):
            return False
        try:
            metadata = await connection.send(MetadataRequest([]))
        except KafkaError:
            return False
        finally:
            connection.close()
        return bool(metadata.brokers)

    @property
    def _properties(self) -> Path:
        return self.folder / "server.properties"

    def _java(self, main: str, *arguments: str) -> tuple[str, ...]:
        logging_config = files("ops.embedded").joinpath("log4j2.properties")
        options = (f"-Dlog4j2.configurationFile={logging_config}", "-cp", f"{self.jars}/*")
        return (self.java, *_JVM, *options, main, *arguments)

    def _write_properties(self, controller_port: int) -> None:
        properties = _FOR_ONE_NODE | {
            "log.dirs": str(self.folder / "log"),
            "listeners": f"PLAINTEXT://{self.address},CONTROLLER://{LOOPBACK}:{controller_port}",
            "advertised.listeners": f"PLAINTEXT://{self.address}",
            "controller.quorum.voters": f"1@{LOOPBACK}:{controller_port}",
        }
        text = "".join(f"{name}={_escaped(value)}\n" for name, value in properties.items())
        self._properties.write_text(text, encoding="utf-8")

    def _format(self) -> None:
        """Give the data folder its cluster id, once; a try that was interrupted is done again."""
        done = self.folder / _FORMATTED
        if done.exists():
            return
        storage_tool = self._java("kafka.tools.StorageTool", "format", "--ignore-formatted")
        arguments = ("-t", str(uuid4()), "-c", str(self._properties))
        run_to_end(Command((*storage_tool, *arguments), self.log), purpose="Formatting Kafka's data folder")
        done.touch()


def _ports(folder: Path) -> tuple[int, int]:
    """The broker's and the controller's port, remembered in the folder."""
    remembered = folder / _PORTS_FILE
    kept = tuple(json.loads(remembered.read_text())) if remembered.exists() else ()
    broker, controller = keep_or_choose(kept, 2)
    remembered.write_text(json.dumps([broker, controller]))
    return broker, controller


def _escaped(value: str) -> str:
    """A value as Java's property files want it: in ASCII, with UTF-16 escapes for the rest."""
    units = value.replace("\\", "\\\\").encode("utf-16-be")
    codes = (int.from_bytes(units[at : at + 2]) for at in range(0, len(units), 2))
    return "".join(chr(code) if code < _ASCII_END else f"\\u{code:04x}" for code in codes)
