"""Reads what the fleet is deployed with, and knows the engine it is held against: its commands and its settings."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from ops.cli import build_app
from ops.environment import PREFIX
from ops.settings import Settings, load_settings
from tests.test_house_rules import ROOT

DRAIN_SECONDS = 20
"""How long a worker takes to drain at most (consumers/partition.py)."""
PINNED = re.compile(r":v?\d+\.\d+\.\d+[\w.-]*$")


def read(path: str) -> Any:  # noqa: ANN401 whatever the file holds
    """Return the one document of a file of the project."""
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def read_all(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the documents of a file."""
    yield from yaml.safe_load_all(path.read_text(encoding="utf-8"))


def is_understood(arguments: Sequence[str]) -> bool:
    """Whether the command line has this command with these options; it is not run."""
    return CliRunner().invoke(build_app(), [*arguments, "--help"]).exit_code == 0


def settings_from(environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Return the settings that a process has with these variables; fails where one is unknown or wrong."""
    for name, value in environment.items():
        assert name.startswith(PREFIX), f"{name} is none of the engine's"
        monkeypatch.setenv(name, value)
    return load_settings()
