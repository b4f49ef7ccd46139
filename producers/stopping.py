"""Stopping a Kafka client so that it can neither hang nor take its caller down.

aiokafka's clients await their own cancelled tasks while they stop, and let the CancelledError of these out; with a
broker out of reach they may also wait for it for minutes. Either must not end a worker that is only closing.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import structlog
from aiokafka.errors import KafkaError

_SECONDS = 5.0
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
    if not await _in_order(client.stop):
        log.debug("client did not stop in order", client=type(client).__name__)
        for part in _open_parts(client):
            await _in_order(part.close)


async def _in_order(stop: Callable[[], Awaitable[object]]) -> bool:
    task = asyncio.current_task()
    asked = task.cancelling() if task else 0
    try:
        async with asyncio.timeout(_SECONDS):
            await stop()
    except asyncio.CancelledError:
        if task is None or task.cancelling() > asked:
            raise
        return False
    except (TimeoutError, KafkaError) as error:
        log.debug("client gave up stopping", reason=repr(error))
        return False
    return True


def _open_parts(client: Any) -> list[Any]:  # noqa: ANN401 aiokafka is not typed
    """Return a client's fetcher and connections, by the names aiokafka has for them."""
    parts = [getattr(client, "_fetcher", None), getattr(client, "_client", None), getattr(client, "client", None)]
    return [part for part in parts if part is not None and not callable(part)]
