"""What a fleet's view was built with, and whether that is what there is now (SPEC section 2)."""

from redis.asyncio import Redis

from consumers import scripts
from consumers.errors import Fatal
from consumers.keys import LAYOUT, fleet_key
from consumers.view import as_text


async def require_view_fits(redis: Redis, prefix: str, partitions: int, cluster: str) -> None:
    """Refuse a view that was built of other partitions or another Kafka: its tickets would be in other places.

    One of another layout lacks what this version's readers look for. Where there is no view, what it will be built with
    is noted: whoever drops a view calls this before it is built again.

    Raises:
        Fatal: the view is of something else; says what to do.
    """
    note = redis.register_script(scripts.BUILT_WITH)
    layout, *others = await note(keys=[fleet_key(prefix)], args=[LAYOUT, partitions, cluster])
    if layout is None or as_text(layout) != LAYOUT:
        told = "none" if layout is None else as_text(layout)
        raise Fatal(
            f"the view in Redis has layout {told}, and this version's is {LAYOUT}. Stop the workers of the other "
            "version, then run `itilnext rebuild`."
        )
    for name, now, built_with in zip(("partitions", "cluster"), (str(partitions), cluster), others, strict=True):
        if as_text(built_with) != now:
            raise Fatal(
                f"the view in Redis was built with Kafka's {name} = {as_text(built_with)}, and now it is {now}. Put "
                "things back as they were (a ticket stays on the partition it was opened on, so a count can't be "
                "changed under a history), or run `itilnext rebuild` when these are other topics."
            )
