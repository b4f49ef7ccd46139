"""Ports are free, below the kernel's own range, and stay a server's own while nobody else has taken them."""

import socket
import subprocess
import sys

import pytest

from ops.embedded import ports
from ops.embedded.ports import HIGHEST, LOOPBACK, LOWEST, choose, is_free, keep_or_choose

CHOOSE_AND_WAIT = """
import sys
from ops.embedded.ports import choose
print(*choose(1), flush=True)
sys.stdin.read()
"""


def listening() -> socket.socket:
    return socket.create_server((LOOPBACK, choose(1)[0]))


def test_chosen_ports_are_free_and_different() -> None:
    chosen = choose(20)
    assert len(set(chosen)) == 20
    assert all(is_free(port) and LOWEST <= port < HIGHEST for port in chosen)


def test_kept_ports_stay_when_they_are_free() -> None:
    kept = choose(2)
    assert keep_or_choose(kept, 2) == kept


def test_a_taken_port_is_chosen_anew() -> None:
    with listening() as server:
        taken = server.getsockname()[1]
        assert not is_free(taken)
        kept = (taken, *choose(1))
        assert taken not in keep_or_choose(kept, 2)


def test_a_port_is_its_choosers_as_long_as_that_lives() -> None:
    with subprocess.Popen(  # noqa: S603  made here
        (sys.executable, "-c", CHOOSE_AND_WAIT), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        port = int(other.stdout.readline())
        assert is_free(port)
        assert keep_or_choose((port,), 1) != (port,)
        other.kill()
    assert keep_or_choose((port,), 1) == (port,)


def test_no_port_is_chosen_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "HIGHEST", LOWEST + 40)  # among so few, chance alone would choose some again
    assert set(choose(10)).isdisjoint(choose(10))


def test_there_are_none_to_keep_the_first_time() -> None:
    assert len(keep_or_choose((), 2)) == 2
