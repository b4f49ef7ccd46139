"""The agents' counts of open tickets, held against the lists of all partitions.

A count that no Redis run of now has made is lost, and made again when it is needed: there is nothing to compare.
Places in transit may be in a count without being in a list. The fleet may be at work, so only what stays wrong is a
difference.
"""

from redis.asyncio import Redis

from consumers.keys import AgentKeys, PartitionKeys
from consumers.view import as_text
from ops.audit.findings import Findings
from ops.audit.patience import Patience


class Counts:
    """The counts of one fleet."""

    def __init__(self, redis: Redis, prefix: str, partitions: int) -> None:
        self._redis = redis
        self._prefix = prefix
        self._keys = [PartitionKeys(prefix, partition) for partition in range(partitions)]

    async def check(self, findings: Findings, patience: Patience) -> None:
        """Compare every agent's count."""
        run = (await self._redis.info("server"))["run_id"].encode()
        head, tail = AgentKeys(self._prefix, "\n").meta.split("\n")
        async for key in self._redis.scan_iter(match=f"{head}*{tail}", count=1_000):
            agent_id = as_text(key)[len(head) : -len(tail)]
            wrong = await self._wrong(agent_id, run)

            async def is_right(agent_id: str = agent_id, wrong: dict[str, str] = wrong) -> bool:
                again = await self._wrong(agent_id, run)
                for ticket_id in [each for each in wrong if again.get(each) != wrong[each]]:
                    del wrong[ticket_id]
                return not wrong

            if wrong and not await patience.until(is_right):
                for ticket_id, found in wrong.items():
                    expected = "in the count of its owner" if found == "not there" else "not in this count"
                    findings.add(ticket_id, "count", expected, found, AgentKeys(self._prefix, agent_id).open)

    async def _wrong(self, agent_id: str, run: bytes) -> dict[str, str]:
        """Return the tickets that are counted and should not be, or the other way round."""
        agent = AgentKeys(self._prefix, agent_id)
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.hget(agent.meta, "run")
        pipeline.hkeys(agent.open)
        for keys in self._keys:
            pipeline.hkeys(keys.owned(agent_id))
            pipeline.smembers(keys.reserving)
            pipeline.smembers(keys.released)
        made_in, counted, *of_partitions = await pipeline.execute()
        if made_in != run:
            return {}
        owned = {as_text(ticket) for tickets in of_partitions[::3] for ticket in tickets}
        return _differences(agent_id, {as_text(ticket) for ticket in counted}, owned, of_partitions)


def _differences(agent_id: str, counted: set[str], owned: set[str], of_partitions: list[list[bytes]]) -> dict[str, str]:
    head = f"{agent_id}\n"
    reserving = (as_text(place) for places in of_partitions[1::3] for place in places)
    released = (as_text(place).rpartition("\n")[0] for places in of_partitions[2::3] for place in places)
    transit = {place.removeprefix(head) for place in (*reserving, *released) if place.startswith(head)}
    wrong: dict[str, str] = dict.fromkeys(counted - owned - transit, "there")
    return wrong | dict.fromkeys(owned - counted, "not there")
