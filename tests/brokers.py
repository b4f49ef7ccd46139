"""Embedded brokers with other settings than those of one open node: made ready anew before they are started."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from ops.embedded import EmbeddedKafka
from ops.embedded.process import Command, run_to_end


def properties_of(kafka: EmbeddedKafka) -> Mapping[str, str]:
    """Return the settings a broker was made ready with."""
    return dict(line.split("=", 1) for line in _properties(kafka).read_text(encoding="utf-8").splitlines())


def set_properties(kafka: EmbeddedKafka, properties: Mapping[str, str]) -> None:
    """Add settings, or replace them: of two with one name the last counts."""
    with _properties(kafka).open("a", encoding="utf-8") as file:
        file.writelines(f"{name}={value}\n" for name, value in properties.items())


def format_anew(kafka: EmbeddedKafka, cluster_id: str, *options: str) -> None:
    """Format its data folder again, as a node of this cluster."""
    shutil.rmtree(kafka.folder / "log")
    java = kafka.command.argv[:-2]  # without the broker's main class and its argument
    arguments = ("-t", cluster_id, "-c", str(_properties(kafka)), *options)
    log = kafka.folder.with_name(f"{kafka.folder.name}-format.log")
    run_to_end(Command((*java, "kafka.tools.StorageTool", "format", *arguments), log), purpose="Formatting a broker")


def _properties(kafka: EmbeddedKafka) -> Path:
    return kafka.folder / "server.properties"
