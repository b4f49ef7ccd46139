"""The embedded servers are real, keep their address and data when restarted, and go when who started them goes."""

import pytest

from tests.stack import Stack

pytestmark = pytest.mark.broker


async def test_redis_answers(stack: Stack, prefix: str) -> None:
    async with stack.redis.client() as client:
        await client.set(f"{prefix}key", b"value")
        assert await client.get(f"{prefix}key") == b"value"
