"""Errors an operator can mend end in a sentence and an exit code; all others are defects and go their way."""

import errno
import logging
import ssl

import pytest
import typer
from aiokafka import errors as kafka
from redis import exceptions as redis

from ops.console import CommandFailed, ExitCode, counted, print_json, print_table, readable, reported_errors
from ops.outages import explain
from producers.topic_findings import Finding
from producers.topics_admin import TopicsUnfit


def tried(reason: BaseException) -> logging.LogRecord:
    """Return what Kafka's client logs when it can't connect."""
    args = ("kafka.example", 9092, reason)
    return logging.LogRecord("aiokafka", logging.ERROR, "client.py", 1, 'Unable connect to "%s:%s": %s', args, None)


@pytest.mark.parametrize(
    ("error", "exit_code", "told"),
    [
        (CommandFailed("no", exit_code=ExitCode.USAGE), 2, "no"),
        (kafka.KafkaConnectionError("gone"), 3, "gone"),
        (kafka.KafkaTimeoutError(), 3, "KafkaTimeoutError"),
        (kafka.GroupCoordinatorNotAvailableError("group g"), 3, "Kafka can't be reached"),
        (
            kafka.NotCoordinatorError("group g"),
            3,
            "Kafka is not ready: [Error 16] NotCoordinatorForGroupError: group g",
        ),
        (kafka.CoordinatorLoadInProgressError("group g"), 3, "Kafka is not ready"),
        (kafka.NotEnoughReplicasError(), 3, "Kafka is not ready"),
        (kafka.TopicAuthorizationFailedError("secret topic"), 3, "Kafka does not allow this"),
        (kafka.SaslAuthenticationFailed("who are you"), 3, "refused the login"),
        (redis.ConnectionError("gone"), 3, "Redis can't be reached: gone"),
        (redis.TimeoutError("late"), 3, "Redis can't be reached: late"),
        (redis.AuthenticationError("wrong"), 3, "Redis refused the login: wrong"),
        (redis.ResponseError("DENIED it is protected. How to mend it:"), 3, "connection: DENIED it is protected"),
        (redis.NoPermissionError("no"), 3, "Redis does not allow this: no"),
        (TimeoutError(), 3, "did not answer in time"),
        (OSError(errno.ENOSPC, "No space left on device"), 1, "No space left on device"),
        (TopicsUnfit([Finding("t", "missing", "make it")]), 1, "t: missing"),
        (ExceptionGroup("both", [redis.ConnectionError("gone"), kafka.KafkaConnectionError()]), 3, "Redis"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_can_be_mended_has_an_exit_code(error: Exception, exit_code: int, told: str) -> None:
    failed = explain(error)
    assert failed is not None
    assert failed.exit_code == exit_code
    assert told in failed.problem


@pytest.mark.parametrize(
    ("reason", "told", "remedy"),
    [
        (OSError(111, "refused"), "can't be reached at kafka.example:9092: [Errno 111] refused", "BOOTSTRAP_SERVERS"),
        (kafka.SaslAuthenticationFailed("bad password"), "kafka.example:9092 refused the login", "SASL_"),
        (ssl.SSLError("wrong version number"), "does not speak as expected", "SECURITY_PROTOCOL"),
        (ConnectionResetError(), "does not speak as expected", "SECURITY_PROTOCOL"),
    ],
)
def test_why_a_broker_was_not_reached_is_taken_from_the_clients_log(
    reason: BaseException, told: str, remedy: str
) -> None:
    failed = explain(kafka.KafkaConnectionError("Unable to bootstrap"), [tried(OSError("earlier")), tried(reason)])
    assert failed is not None
    assert told in failed.problem
    assert remedy in failed.remedy


def test_what_was_noted_on_an_error_is_told() -> None:
    error = kafka.KafkaTimeoutError("late")
    error.add_note("17 sent before that")
    failed = explain(error)
    assert failed is not None
    assert failed.problem.endswith("late; 17 sent before that")


@pytest.mark.parametrize(
    "defect",
    [
        ValueError("defect"),
        redis.ResponseError("wrong kind of value"),
        kafka.IllegalStateError("defect"),
        ExceptionGroup("one of them", [redis.ConnectionError("gone"), ValueError("defect")]),
    ],
)
def test_a_defect_keeps_its_traceback(defect: Exception) -> None:
    assert explain(defect) is None
    with pytest.raises(type(defect)), reported_errors():
        raise defect


def test_an_error_is_printed_in_two_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as left, reported_errors():
        raise CommandFailed("a [bold]problem[/bold]\nof \x1b[31mtwo lines", "do this")
    assert left.value.exit_code == 1
    assert capsys.readouterr().err == "itilnext: a [bold]problem[/bold]\\nof \\x1b[31mtwo lines\n  do this\n"


def test_what_the_client_logs_does_not_reach_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    with reported_errors():
        logging.getLogger("aiokafka").error("Unable to connect")
    assert capsys.readouterr() == ("", "")


def test_a_table_in_a_pipe_keeps_its_rows_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("", ("name", "count"), [("[x]" * 60, 7), (None, None)])
    out = capsys.readouterr().out
    assert "[x]" * 60 in out
    assert out.splitlines()[3].endswith("     7 │")


def test_json_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": "x\ny", "b": [1, None]})
    assert capsys.readouterr().out == '{"a":"x\\ny","b":[1,null]}\n'


@pytest.mark.parametrize(
    ("text", "shown"), [("naïve 日本", "naïve 日本"), ("a\tb\x07", "a\\tb\\x07"), ("\u202e", "\\u202e")]
)
def test_control_characters_are_shown_not_obeyed(text: str, shown: str) -> None:
    assert readable(text) == shown


@pytest.mark.parametrize(
    ("count", "words", "told"),
    [
        (0, ("ticket",), "0 tickets"),
        (1, ("ticket",), "1 ticket"),
        (1_240, ("ticket",), "1,240 tickets"),
        (1, ("directory entry", "directory entries"), "1 directory entry"),
        (2, ("directory entry", "directory entries"), "2 directory entries"),
    ],
)
def test_what_is_counted_agrees_with_the_count(count: int, words: tuple[str, ...], told: str) -> None:
    assert counted(count, *words) == told
