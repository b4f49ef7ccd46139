"""Free TCP ports on loopback, that stay a server's own over its restarts.

They are taken from below the range the kernel draws from for outgoing connections: a port from that range can be in
somebody's use in the moment its server is restarted. Nobody listens on a port before its server is started, nor while
that is down: so who has chosen one claims it, and no other process of this kind chooses it as long as that one lives.
"""

import random
import socket

LOOPBACK = "127.0.0.1"
LOWEST, HIGHEST = 20_000, 32_000
"""Above the well-known servers, below Linux's (32768) and everybody else's (49152) ephemeral range."""

_claimed: set[int] = set()
"""What this process has chosen."""


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of loopback now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers do: a closing connection is no bar
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def choose(count: int) -> tuple[int, ...]:
    """Choose that many different ports that are free now, and claim them; none is chosen twice.

    At random, as others on this machine may choose their ports from there too.
    """
    candidates = random.SystemRandom().sample(range(LOWEST, HIGHEST), HIGHEST - LOWEST)
    free = (port for port in candidates if port not in _claimed and is_free(port) and _claim(port))
    return tuple(next(free) for _ in range(count))


def keep_or_choose(kept: tuple[int, ...], count: int) -> tuple[int, ...]:
    """Return the ports of the last time when all are still free, others when somebody took or claimed one."""
    if len(kept) == count and all(is_free(port) and _claim(port) for port in kept):
        return kept
    return choose(count)


def _claim(port: int) -> bool:
    """Claim a port until this process ends; whether no other one has.

    The claim is a UDP socket of the same number. No server here uses one, and the kernel closes it, however we end.
    """
    if port in _claimed:
        return True
    claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        claim.bind((LOOPBACK, port))
    except OSError:
        claim.close()
        return False
    claim.detach()
    _claimed.add(port)
    return True
