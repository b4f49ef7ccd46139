"""The fleet's side: who is at work, whether time comes, and whether the view is where the log is."""

import asyncio
import time
from collections.abc import AsyncIterator

from aiokafka import TopicPartition

from consumers.keys import LAYOUT, fleet_key
from consumers.view import as_text
from ops.console import counted
from ops.diagnosis.check import Check, Verdict
from ops.fleet_view import FleetView, open_view
from ops.group import Groups, has_members
from ops.lag import measure_lag
from ops.log_reader import LogReader, all_partitions
from ops.target import Target
from producers.topics_admin import cluster_id, require_topics

_CATCHING_UP_SECONDS = 5.0
"""A view at work is behind its log for as long as a batch takes, and catches up with what was there by then."""
_POLL_SECONDS = 0.1
_TICK_SECONDS = 60.0
"""Six of the ticker's intervals as it comes."""


async def look_at_groups(target: Target) -> AsyncIterator[Check]:
    """See who is at work, and what waits."""
    lag = await measure_lag(target)
    described = (
        ("ticket workers", target.topics.ticket_group, lag.total, "itilnext worker ticket"),
        ("alert workers", target.topics.alert_group, None, "itilnext worker alert"),
        ("directory worker", target.topics.directory_group, None, "itilnext worker directory"),
    )
    async with Groups(target.kafka) as groups:
        for name, group_id, behind, command in described:
            group = await groups.known(group_id)
            detail = f"group {group_id}: {group.state or 'unknown'}, members: {len(group.members)}"
            if behind is not None:
                detail += f", lag: {behind}"
            if group.members:
                yield Check(name, "ok", detail)
            else:
                verdict: Verdict = "wrong" if behind else "note"
                yield Check(name, verdict, detail, f"Start some: `{command}`, or `itilnext up`.")


async def look_at_ticks(target: Target) -> AsyncIterator[Check]:
    """See when the last tick came: without them no alert is raised."""
    count = await require_topics(target.kafka, target.topics)
    async with LogReader(target.kafka, all_partitions([target.topics.ticks], count)) as reader:
        ends, starts = await reader.ends(), await reader.starts()
        reader.seek({each: max(starts[each], end - 1) for each, end in ends.items()})
        newest = {record.partition: record.timestamp / 1_000 async for record in reader.until(ends)}
    remedy = "Start `itilnext ticker`: alerts are raised when ticks come."
    if len(newest) < count:
        yield Check(
            "ticks", "note", f"none has come yet on {count - len(newest)} of {counted(count, 'partition')}", remedy
        )
        return
    seconds = max(0.0, time.time() - min(newest.values()))
    if seconds > _TICK_SECONDS:
        yield Check("ticks", "note", f"a partition has had none for {seconds:.0f} s", remedy)
    else:
        yield Check("ticks", "ok", f"the last came {seconds:.0f} s ago")


async def look_at_view(target: Target) -> AsyncIterator[Check]:
    """See that the view is of these topics, and at the end of the state topic as of now."""
    async with open_view(target) as view:
        built_with = {as_text(k): as_text(v) for k, v in (await view.redis.hgetall(fleet_key(view.prefix))).items()}
        now = {"partitions": str(view.partitions), "cluster": await cluster_id(target.kafka), "layout": LAYOUT}
        for name, value in now.items():
            found = built_with.get(name, "none" if built_with else value)
            if found != value:
                detail = f"it was built with {name} = {found}, and now it is {value}"
                yield Check("view", "wrong", detail, "Put things back, or run `itilnext rebuild` for these topics.")
                return
        behind = await _behind(target, view)
    if not behind:
        yield Check("view", "ok", f"at the end of the log, on {counted(view.partitions, 'partition')}")
        return
    where = f"{len(behind)} of {counted(view.partitions, 'partition')}"
    offsets = f"{counted(sum(behind.values()), 'offset')} behind the log on {where}"
    if await has_members(target.kafka, target.ticket_group):
        yield Check("view", "wrong", offsets, "Wait while it is being rebuilt; else see the log of the ticket workers.")
    else:
        yield Check("view", "note", offsets, "It catches up when a ticket worker starts.")


async def _behind(target: Target, view: FleetView) -> dict[int, int]:
    """Return how far each partition's view is behind where the state topic ended at first, after some patience."""
    partitions = all_partitions([target.topics.state], view.partitions)
    async with LogReader(target.kafka, partitions) as reader:
        ends = await reader.ends()
    until = asyncio.get_running_loop().time() + _CATCHING_UP_SECONDS
    while True:
        markers = {part.keys.partition: max((await part.marker()).state, 0) for part in view.parts}
        found = {
            number: ends[TopicPartition(target.topics.state, number)] - state
            for number, state in markers.items()
            if state < ends[TopicPartition(target.topics.state, number)]
        }
        if not found or asyncio.get_running_loop().time() > until:
            return found
        await asyncio.sleep(_POLL_SECONDS)
