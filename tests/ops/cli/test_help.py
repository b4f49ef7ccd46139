"""`--help` teaches: it reads well at any width, and ends with commands to copy."""

from collections.abc import Iterator, Mapping

import pytest
import typer
from typer.main import get_command

from ops.cli import build_app
from tests.ops.cli.conftest import Itilnext


def commands(app: typer.Typer, *before: str) -> Iterator[tuple[tuple[str, ...], typer.models.CommandInfo]]:
    """Yield each command with the words that call it."""
    for command in app.registered_commands:
        yield (*before, str(command.name)), command
    for group in app.registered_groups:
        assert group.typer_instance is not None
        yield from commands(group.typer_instance, *before, str(group.name or group.typer_instance.info.name))


COMMANDS: Mapping[tuple[str, ...], typer.models.CommandInfo] = dict(commands(build_app()))


def test_all_commands_are_looked_at() -> None:
    assert {words[0] for words in COMMANDS} == set(get_command(build_app()).commands)  # type: ignore[attr-defined]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_paragraph_is_not_broken_where_the_source_is(words: tuple[str, ...]) -> None:
    told = COMMANDS[words].help
    assert told
    assert not [paragraph for paragraph in told.split("\n\n") if "\n" in paragraph]


@pytest.mark.parametrize("words", [words for words in COMMANDS if words[0] != "worker"], ids=" ".join)
def test_there_are_commands_to_copy(words: tuple[str, ...]) -> None:
    first, *lines = (COMMANDS[words].epilog or "").split("\n\n")
    assert first == "Examples:"
    assert all(" ".join(("itilnext", *words)) in line for line in lines)


def test_arguments_are_named_once(itilnext: Itilnext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    assert "Usage: itilnext send [OPTIONS] {FILE|-|NAME} [ID] [FIELD=VALUE]... " in itilnext("send", "--help").out
    assert "Usage: itilnext tail [OPTIONS] [TOPIC]... " in itilnext("tail", "--help").out


def test_a_default_is_told_where_the_option_may_be_refused(itilnext: Itilnext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    told = itilnext("send", "--help").out
    assert "[default: (/itilnext/cli)]" in told
    assert "[default: (30)]" in told
