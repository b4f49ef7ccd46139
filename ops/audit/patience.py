"""Waiting for a fleet that is at work: what is on its way arrives within this time, or it is a difference."""

import asyncio
from collections.abc import Awaitable, Callable

WORKING_FLEET_SECONDS = 15.0
"""In one audit altogether. A view follows its log within milliseconds; one that was lost is noticed within a second."""
_POLL_SECONDS = 0.1


class Patience:
    """The time an audit is ready to wait: none where nobody is at work."""

    def __init__(self, seconds: float) -> None:
        self._left = seconds

    async def until(self, holds: Callable[[], Awaitable[bool]]) -> bool:
        """Ask until it holds or patience is used up; answer the last answer."""
        clock = asyncio.get_running_loop()
        while not (held := await holds()) and self._left > 0:
            began = clock.time()
            await asyncio.sleep(_POLL_SECONDS)
            self._left -= clock.time() - began
        return held
