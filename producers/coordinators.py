"""Waiting for a coordinator: a broker in its first seconds has none, and one that moves is not ready at once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiokafka.errors import KafkaError

READY_WITHIN = 30.0
"""Seconds a broker may take to have a coordinator: one that never had to keep its state makes the topic first."""
_POLL_SECONDS = 0.1
_Answer = TypeVar("_Answer")


async def once_coordinated(ask: Callable[[], Awaitable[_Answer]], within: float = READY_WITHIN) -> _Answer:
    """Ask until there is a coordinator that is ready to answer; `within` is how many seconds to wait for it.

    Raises:
        KafkaError: waiting does not help, or did not for that long.
    """
    clock = asyncio.get_running_loop()
    until = clock.time() + within
    while True:
        try:
            return await ask()
        except KafkaError as error:
            if not error.retriable or clock.time() > until:
                raise
        await asyncio.sleep(_POLL_SECONDS)
