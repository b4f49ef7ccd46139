"""One look-up for all who wait.

Who asks while one runs shares the next, for the running one may be too old for them.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class SharedLookup(Generic[T]):
    """Wraps an async look-up whose answer must be as of the call or later."""

    def __init__(self, look_up: Callable[[], Awaitable[T]]) -> None:
        self._look_up = look_up
        self._running: asyncio.Task[T] | None = None
        self._next: asyncio.Task[T] | None = None

    async def __call__(self) -> T:
        """Return an answer of a look-up that began after this call."""
        if self._next is None:
            self._next = asyncio.create_task(self._after(self._running))
        # A caller that is cancelled must not take the look-up away from the others.
        return await asyncio.shield(self._next)

    async def _after(self, running: asyncio.Task[T] | None) -> T:
        if running is not None:
            await asyncio.wait([running])
        self._running, self._next = self._next, None
        return await self._look_up()
