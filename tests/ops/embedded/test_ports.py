"""Ports are free, below the kernel's own range, and stay a server's own while nobody else has taken them."""

import socket

from ops.embedded.ports import HIGHEST, LOOPBACK, LOWEST, choose, is_free, keep_or_choose


def listening() -> socket.socket:
    return socket.create_server((LOOPBACK, choose(1)[0]))


def test_chosen_ports_are_free_and_different() -> None:
    ports = choose(20)
    assert len(set(ports)) == 20
    assert all(is_free(port) and LOWEST <= port < HIGHEST for port in ports)


def test_kept_ports_stay_when_they_are_free() -> None:
    kept = choose(2)
    assert keep_or_choose(kept, 2) == kept


def test_a_taken_port_is_chosen_anew() -> None:
    with listening() as server:
        taken = server.getsockname()[1]
        assert not is_free(taken)
        kept = (taken, *choose(1))
        assert taken not in keep_or_choose(kept, 2)


def test_there_are_none_to_keep_the_first_time() -> None:
    assert len(keep_or_choose((), 2)) == 2
