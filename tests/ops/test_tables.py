"""Tables on a terminal: whole where it is wide enough, and readable where it is not."""

import os
import pty
import re
import subprocess
import sys
from contextlib import suppress
from fcntl import ioctl
from struct import pack
from termios import TIOCSWINSZ

import pytest

from ops.console import print_table

_SHOWN = """
from ops.console import print_table
reason = "Knows printers, and the people who sell them"
print_table("Envelopes", ("ticket", "status", "reason", "level"), [("INC-2026-03-000017", "pending", reason, 2)])
"""
_STYLES = re.compile(r"\x1b\[[0-9;]*m")


def on_terminal(columns: int) -> str:
    """Return what is shown on a terminal so many characters wide."""
    ours, theirs = pty.openpty()
    ioctl(theirs, TIOCSWINSZ, pack("HHHH", 50, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"} | {"TERM": "xterm"}
    words = [sys.executable, "-c", _SHOWN]
    with subprocess.Popen(words, stdin=theirs, stdout=theirs, env=environment):  # noqa: S603  our own program
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # how Linux says that the other end was closed
            while part := os.read(ours, 4_096):
                shown += part
    os.close(ours)
    return shown.decode().replace("\r\n", "\n")


@pytest.mark.parametrize(("columns", "lines"), [(120, 1), (75, 2)])
def test_only_sentences_are_broken(columns: int, lines: int) -> None:
    shown = _STYLES.sub("", on_terminal(columns)).splitlines()
    assert shown[0] == "Envelopes"
    assert len(shown) == 5 + lines
    assert all(word in shown[4] for word in ("INC-2026-03-000017", "pending", "Knows printers"))
    assert max(map(len, shown)) <= columns


def test_where_words_would_break_a_row_is_a_paragraph() -> None:
    shown = _STYLES.sub("", on_terminal(50)).splitlines()
    assert [line.split(maxsplit=1)[0] for line in shown if line] == [
        "Envelopes",
        "ticket",
        "status",
        "reason",
        "them",
        "level",
    ]
    assert shown[1].split() == ["ticket", "INC-2026-03-000017"]


def test_without_rows_there_is_the_title_alone(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("Waiting for a review: 0", ("week", "ticket"), [])
    assert capsys.readouterr().out == "Waiting for a review: 0\n"
