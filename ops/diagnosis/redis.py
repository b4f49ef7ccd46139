"""Redis itself: its release, whether it may lose keys, its clock."""

import time
from collections.abc import AsyncIterator

from ops.diagnosis.check import Check, clock
from ops.target import Target


async def look_at_redis(target: Target) -> AsyncIterator[Check]:
    """See which release answers, how it does when memory runs out, and what time it has."""
    connection = target.redis
    async with connection.client() as redis:
        server, memory = await redis.info("server"), await redis.info("memory")
        seconds, microseconds = await redis.time()
    ahead = seconds + microseconds / 1e6 - time.time()
    # Valkey gives the Redis release it is compatible with under Redis' name, and its own under another.
    release = f"Valkey {server['valkey_version']}" if "valkey_version" in server else f"Redis {server['redis_version']}"
    yield Check("redis", "ok", f"{release} at {connection.shown_url}")
    policy = memory.get("maxmemory_policy", "noeviction")
    if memory.get("maxmemory", 0) and policy != "noeviction":
        remedy = "Set maxmemory-policy to noeviction: the view must not lose keys one by one."
        yield Check("redis memory", "wrong", f"maxmemory-policy is {policy}", remedy)
    yield clock("redis clock", ahead, "Let both machines keep time (NTP).")
