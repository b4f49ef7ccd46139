"""Real Apache Kafka and Valkey on this machine, for who has none configured: one node each, on loopback only.

`start_kafka` and `start_valkey` are the whole face for a program or a test; `itilnext up` builds on the same parts.
Nothing here knows about tickets, topics or workers.
"""

from pathlib import Path

from ops.embedded.errors import EmbeddedServerError, MissingTool, ServerFailed
from ops.embedded.kafka import EmbeddedKafka
from ops.embedded.running import RunningServer
from ops.embedded.valkey import EmbeddedValkey

__all__ = [
    "EmbeddedKafka",
    "EmbeddedServerError",
    "EmbeddedValkey",
    "MissingTool",
    "RunningServer",
    "ServerFailed",
    "start_kafka",
    "start_valkey",
]


def start_kafka(data: Path) -> RunningServer:
    """Start an Apache Kafka of one node with its data and log in this folder; returns when it answers.

    Raises:
        MissingTool: Java or, the first time on this machine, Maven has to be installed.
        ServerFailed: it was started and did not come up.
    """
    return RunningServer(EmbeddedKafka.prepare(data / "kafka", data / "logs" / "kafka.log"))


def start_valkey(data: Path) -> RunningServer:
    """Start a Valkey with its log in this folder; returns when it answers.

    Raises:
        MissingTool: there is no server program for this machine.
        ServerFailed: it was started and did not come up.
    """
    return RunningServer(EmbeddedValkey.prepare(data / "valkey", data / "logs" / "valkey.log"))
