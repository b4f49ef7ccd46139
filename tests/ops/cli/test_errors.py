"""What an operator can mend is told in a line or two with what to do, and the right exit code; never a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ops.cli.conftest import Itilnext
from tests.stack import KAFKA_SETTING, REDIS_SETTING

NOWHERE = "127.0.0.1:1"
SENDING = [
    ("send", "ticket.open", "T-1", "subject=fire"),
    ("send", "ticket.open", "T-1", "subject=fire", "--wait"),
    ("send", "directory.agent", "a1", "name=Ada"),
    ("send", "directory.agent", "a1", "--delete"),
]
READING = [("tail",), ("lag",), ("dlq", "list"), ("dlq", "replay", "--all")]
TOPICS = [("topics", "create"), ("topics", "check")]


@pytest.mark.parametrize("words", [*TOPICS, *SENDING, *READING], ids=" ".join)
def test_a_kafka_out_of_reach(itilnext: Itilnext, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KAFKA_SETTING, NOWHERE)
    ran = itilnext(*words)
    problem, remedy = ran.err.splitlines()
    assert ran.exit_code == 3
    assert ran.out == ""
    assert problem.startswith(f"itilnext: Kafka can't be reached at {NOWHERE}: ")
    assert KAFKA_SETTING in remedy


@pytest.mark.parametrize("words", [*SENDING, *READING], ids=" ".join)
@pytest.mark.usefixtures("settings")
@pytest.mark.broker
def test_topics_that_are_missing(itilnext: Itilnext, words: tuple[str, ...]) -> None:
    ran = itilnext(*words)
    problem, remedy = ran.err.splitlines()
    assert ran.exit_code == 1
    assert problem.endswith(": missing")
    assert "itilnext topics create" in remedy


@pytest.mark.parametrize(
    "setting",
    [
        "ITILNEXT_KAFKA__BOOTSTRAP_SERVER=x:1",
        "ITILNEXT_KAFKA__BOOTSTRAP_SERVERS=no-port",
        "ITILNEXT_TOPICS__PARTITIONS=many",
    ],
)
@pytest.mark.parametrize("words", [("lag",), ("doctor",), SENDING[0]], ids=" ".join)
def test_wrong_settings(
    itilnext: Itilnext, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    name, _, value = setting.partition("=")
    monkeypatch.setenv(KAFKA_SETTING, NOWHERE)
    monkeypatch.setenv(name, value)
    ran = itilnext(*words)
    assert ran.exit_code == 2
    assert ran.out == ""
    assert name in ran.err
    assert len(ran.err.splitlines()) <= 2


def test_without_a_server_named_and_no_stack_up(
    itilnext: Itilnext, monkeypatch: pytest.MonkeyPatch, tmp_path: os.PathLike[str]
) -> None:
    monkeypatch.delenv(KAFKA_SETTING, raising=False)
    monkeypatch.setenv("ITILNEXT_STACK__DATA", os.fspath(tmp_path))
    ran = itilnext("lag")
    assert ran.exit_code == 2
    assert KAFKA_SETTING in ran.err
    assert "itilnext up" in ran.err


@pytest.mark.usefixtures("settings")
@pytest.mark.broker
def test_a_broker_that_knows_no_logins(itilnext: Itilnext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITILNEXT_KAFKA__SECURITY_PROTOCOL", "SASL_PLAINTEXT")
    monkeypatch.setenv("ITILNEXT_KAFKA__SASL_USERNAME", "ada")
    monkeypatch.setenv("ITILNEXT_KAFKA__SASL_PASSWORD", "not to be printed")
    ran = itilnext("lag")
    assert ran.exit_code == 3
    assert "refused the login" in ran.err
    assert "ITILNEXT_KAFKA__SASL_" in ran.err
    assert "not to be printed" not in ran.err


@pytest.mark.usefixtures("settings")
@pytest.mark.broker
def test_a_broker_that_speaks_no_tls(itilnext: Itilnext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITILNEXT_KAFKA__SECURITY_PROTOCOL", "SSL")
    ran = itilnext("lag")
    assert ran.exit_code == 3
    assert "ITILNEXT_KAFKA__SECURITY_PROTOCOL" in ran.err


@pytest.mark.parametrize("words", [("up",), ("up", "--detach")], ids=" ".join)
def test_a_folder_that_can_t_be_made(itilnext: Itilnext, words: tuple[str, ...], tmp_path: Path) -> None:
    in_the_way = tmp_path / "in the way"
    in_the_way.touch()
    ran = itilnext(*words, "--data", str(in_the_way / "stack"))
    assert (ran.exit_code, ran.out) == (2, "")
    assert ran.err.splitlines() == [
        f"itilnext: {in_the_way / 'stack'} can't hold the data of a stack: Not a directory",
        "  Name another folder, with --data or ITILNEXT_STACK__DATA.",
    ]


def test_the_whole_process_prints_two_lines_and_no_traceback() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ops", "lag"],
        env=os.environ | {KAFKA_SETTING: NOWHERE, REDIS_SETTING: f"redis://{NOWHERE}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 3
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 2
    assert "Traceback" not in done.stderr
