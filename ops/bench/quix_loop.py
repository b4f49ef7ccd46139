"""The program to compare with: an exactly-once counter per key, as a user of Quix Streams writes it.

It counts the commands of each ticket in a state store, writes the count to one output, and parses nothing. `python -m
ops.bench.quix_loop '<QuixLoop as JSON>'` ends when the whole log is counted. Needs the dependency group `bench`.
"""

import sys
from importlib.util import find_spec
from typing import Any

from pydantic import BaseModel, ConfigDict

from ops.target import load_target
from producers.connection import KafkaConnection

_COMMIT_EVERY_SECONDS = 1.0
"""Seldom enough to cost it nothing, often enough to measure by; its default is five seconds."""


class QuixLoop(BaseModel):
    """What the loop reads and writes, where it keeps its state, and after how many records it is done."""

    model_config = ConfigDict(frozen=True)

    source: str
    output: str
    group_id: str
    state_folder: str
    records: int


def is_installed() -> bool:
    """Whether the dependency group `bench` is there."""
    return find_spec("quixstreams") is not None


def run(loop: QuixLoop) -> None:
    """Count the whole log."""
    from quixstreams import Application  # noqa: PLC0415 an optional dependency

    application = Application(
        _connection(load_target().kafka),
        consumer_group=loop.group_id,
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once",
        commit_interval=_COMMIT_EVERY_SECONDS,
        state_dir=loop.state_folder,
        loglevel="WARNING",
    )
    source = application.topic(loop.source, key_deserializer="str", value_deserializer="bytes")
    output = application.topic(loop.output, key_serializer="str", value_serializer="json")
    application.dataframe(source).apply(_counted, stateful=True).to_topic(output)
    application.run(count=loop.records, collect=False)


def _counted(_value: bytes, state: Any) -> int:  # noqa: ANN401 its State is not typed here
    count: int = state.get("count", 0) + 1
    state.set("count", count)
    return count


def _connection(kafka: KafkaConnection) -> Any:  # noqa: ANN401 as above
    from quixstreams.kafka import ConnectionConfig  # noqa: PLC0415 an optional dependency

    options = {
        "bootstrap.servers": kafka.bootstrap_servers,
        "security.protocol": kafka.security_protocol.lower(),
        "sasl.username": kafka.sasl_username,
        "sasl.password": kafka.sasl_password and kafka.sasl_password.get_secret_value(),
        "sasl.mechanism": kafka.sasl_mechanism if kafka.security_protocol.startswith("SASL") else None,
        "ssl.ca.location": kafka.ssl_cafile and str(kafka.ssl_cafile),
        "ssl.certificate.location": kafka.ssl_certfile and str(kafka.ssl_certfile),
        "ssl.key.location": kafka.ssl_keyfile and str(kafka.ssl_keyfile),
        "ssl.key.password": kafka.ssl_key_password and kafka.ssl_key_password.get_secret_value(),
        "ssl.endpoint.identification.algorithm": kafka.ssl_endpoint_identification_algorithm or "none",
    }
    return ConnectionConfig.from_librdkafka_dict({name: value for name, value in options.items() if value})


if __name__ == "__main__":
    run(QuixLoop.model_validate_json(sys.argv[1]))
