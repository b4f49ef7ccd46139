"""Stopping a Kafka client so that it can neither hang nor take its caller down.

aiokafka's clients await their own cancelled tasks while they stop, and let the CancelledError of these out; with a
broker out of reach they may also wait for it for minutes. Either must not end a worker that is only closing.
"""

import asyncio
from typing import Protocol

import structlog
from aiokafka.errors import KafkaError

_SECONDS = 5.0
log = structlog.get_logger(__name__)


class Stoppable(Protocol):
    """A client that is stopped once."""

    async def stop(self) -> None:
        """Stop it."""


async def stop_client(client: Stoppable) -> bool:
    """Stop a client, giving it a few seconds; tell whether it stopped in order.

    Raises:
        asyncio.CancelledError: the caller itself was cancelled.
    """
    task = asyncio.current_task()
    asked = task.cancelling() if task else 0
    try:
        async with asyncio.timeout(_SECONDS):
            await client.stop()
    except asyncio.CancelledError:
        if task is None or task.cancelling() > asked:
            raise
    except (TimeoutError, KafkaError) as error:
        log.debug("client did not stop in order", client=type(client).__name__, reason=repr(error))
        return False
    return True
