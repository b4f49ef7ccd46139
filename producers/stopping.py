"""Stopping a Kafka client so that it can neither hang nor take its caller down.

aiokafka's clients await their own cancelled tasks while they stop, and let the CancelledError of these out; with a
broker out of reach they may also wait for it for minutes. Either must not end a worker that is only closing.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import structlog
from aiokafka.errors import KafkaError

_ORDERLY_SECONDS = 5.0
_PART_SECONDS = 1.0
_PARTS = ("_sender", "_fetcher", "_client", "client")
"""What clients have open, by the names aiokafka has for it: whoever works with the connections comes before them."""
STOPPING_SECONDS = _ORDERLY_SECONDS + _PART_SECONDS * len(_PARTS)
"""The longest that `stop_client` takes."""
log = structlog.get_logger(__name__)


class Stoppable(Protocol):
    """A client that is stopped once."""

    async def stop(self) -> None:
        """Stop it."""


async def stop_client(client: Stoppable) -> None:
    """Stop a client, giving it a few seconds; what it then still has open is closed without good-bye.

    Raises:
        asyncio.CancelledError: the caller itself was cancelled.
    """
    if not await stopped_in_order(client.stop):
        log.debug("client did not stop in order", client=type(client).__name__)
        for part in _open_parts(client):
            await stopped_in_order(part.close, _PART_SECONDS)


async def stopped_in_order(stop: Callable[[], Awaitable[object]], within: float = _ORDERLY_SECONDS) -> bool:
    """Stop something, and return whether it was, within so many seconds and without an error of Kafka's.

    Raises:
        asyncio.CancelledError: the caller itself was cancelled.
    """
    task = asyncio.current_task()
    asked = task.cancelling() if task else 0
    is_stopped = False
    try:
        async with asyncio.timeout(within):
            await stop()
            is_stopped = True
    except asyncio.CancelledError:
        log.debug("client let out a cancellation")
    except (TimeoutError, KafkaError) as error:
        log.debug("client gave up stopping", reason=repr(error))
    # A client may also have swallowed it, taking it for that of its own task.
    if task is not None and task.cancelling() > asked:
        raise asyncio.CancelledError
    return is_stopped


def _open_parts(client: Any) -> list[Any]:  # noqa: ANN401 aiokafka is not typed
    parts = [getattr(client, name, None) for name in _PARTS]
    return [part for part in parts if part is not None and not callable(part)]
