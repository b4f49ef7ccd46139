"""What the tests of places share: who got one, and how a view is lost."""

from collections.abc import Sequence

from tests.fleet import Fleet

_LOSE = "for _, key in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('DEL', key) end"


async def lose_view(fleet: Fleet) -> None:
    """Take all that Redis holds of this fleet, at once: what FLUSHALL does, and spares who else is there."""
    await fleet.redis.eval(_LOSE, 0, f"*{fleet.topics.prefix}*")


async def owners(fleet: Fleet) -> dict[str, str | None]:
    """Return the owner of each ticket, by its latest snapshot."""
    return {ticket: snapshot["owner_id"] for ticket, snapshot in (await fleet.snapshots()).items()}


async def refusals(fleet: Fleet) -> list[tuple[str, str]]:
    """Return ticket and code of each rejection."""
    return [(event["subject"], event["data"]["code"]) for event in await fleet.rejections()]


def tickets_of(fleet: Fleet, partition: int, count: int, stem: str = "T") -> Sequence[str]:
    """Return so many ids of tickets that belong to one partition."""
    found = (f"{stem}-{number}" for number in range(100_000))
    mine = (ticket for ticket in found if fleet.partition_of(ticket) == partition)
    return [next(mine) for _ in range(count)]
