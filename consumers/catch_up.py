"""Bringing a partition's view up to its log: from where it is, or from nothing when it was lost."""

from collections.abc import Sequence
from contextlib import aclosing

import structlog
from aiokafka import ConsumerRecord, TopicPartition

from consumers.state_log import LogEnds, read_partition
from consumers.view import NOT_BUILT, Change, Marker, PartitionView
from contracts.snapshots import read_snapshot
from producers.connection import KafkaConnection

_CHUNK = 500
"""Snapshots per guarded apply: a script that writes more would hold up other partitions' reads for too long."""
log = structlog.get_logger(__name__)


async def catch_up(connection: KafkaConnection, state_topic: str, view: PartitionView, ends: LogEnds) -> Marker:
    """Apply the state topic to the view up to its end as of now, and return where the view is then.

    Call it as the partition's only writer, with no transaction open.

    Raises:
        ViewBehind: another owner wrote the view meanwhile.
        Retryable: the broker stopped delivering.
    """
    partition = view.keys.partition
    end = (await ends.written())[partition]
    marker = await view.marker()
    if marker.state > end:
        log.warning("view is ahead of its log; building it again", partition=partition, view=marker.state, log=end)
        await view.drop()
        marker = Marker()
    if marker.state == NOT_BUILT and end > 0:
        # What a half-emptied Redis left behind is no part of the new view.
        await view.drop()
        log.info("building the view", partition=partition, snapshots_up_to=end)
    start_at = max(marker.state, 0)
    if start_at < end:
        topic = TopicPartition(state_topic, partition)
        async with aclosing(read_partition(connection, topic, start_at, end)) as fetches:
            async for records in fetches:
                for start in range(0, len(records), _CHUNK):
                    marker = await _apply(view, marker, records[start : start + _CHUNK])
    if marker.state < end or marker.state == NOT_BUILT:
        await view.apply(marker.state, end, marker.source, ())
    return Marker(end, marker.source)


async def _apply(view: PartitionView, marker: Marker, records: Sequence[ConsumerRecord]) -> Marker:
    latest = {record.key.decode(): record for record in records}
    before = await view.load(list(latest), marker.state)
    changes: list[Change] = []
    for ticket_id, record in latest.items():
        known = before.get(ticket_id)
        was = None if known is None else read_snapshot(known)
        changes.append(Change(ticket_id, was, read_snapshot(record.value), record.value))
    writes = [write for change in changes for write in view.writes_for(change, change.after.source_offset)]
    source = max(marker.source, *(change.after.source_offset for change in changes))
    position = records[-1].offset + 1
    await view.apply(marker.state, position, source, writes)
    return Marker(position, source)
