"""One export: every partition of the events topic, from its start to its end as of now, into two files.

Partitions are read one after the other, so what is held in memory is a fetch, a group of rows of each file, and the
resolutions of one partition.
"""

import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from aiokafka import TopicPartition
from pydantic import BaseModel

from contracts.recorded import RecordedEvent, UnreadableEvent, read_recorded_event
from ops.console import CommandFailed
from ops.exporting.place import whole_files
from ops.exporting.rows import Resolutions, event_row
from ops.exporting.tables import EVENTS, RESOLUTIONS, SCHEMAS, TableFile
from ops.log_reader import LogReader, LogRecord, all_partitions, written_ends
from ops.target import Target
from producers.topics_admin import require_topics

_EVENTS, _RESOLUTIONS = SCHEMAS
_STEP = 1_000
"""Events between two signs of life."""
Watch = Callable[[int, int], None]
"""Called with how many offsets of the events topic are behind, of how many."""


class Exported(BaseModel):
    """What an export came to."""

    folder: str
    events: int
    resolutions: int
    bytes: int
    seconds: float


async def export(target: Target, folder: Path, watch: Watch) -> Exported:
    """Write the history there is now into a folder; either all files of it are there afterwards, or none.

    Raises:
        CommandFailed: the folder is not free or can't be written, or the log holds what is no event of this engine.
        TopicsUnfit: a topic is missing, or co-partitioned ones differ.
        KafkaError: the broker can't be reached.
    """
    began = time.monotonic()
    partitions = all_partitions([target.topics.events], await require_topics(target.kafka, target.topics))
    with (
        whole_files(folder, SCHEMAS) as files,
        TableFile(files[_EVENTS], EVENTS) as events,
        TableFile(files[_RESOLUTIONS], RESOLUTIONS) as resolutions,
    ):
        ends = await written_ends(target.kafka, partitions)
        progress = _Progress(watch, sum(ends.values()))
        for partition in partitions:
            history = Resolutions()
            async for record in _read(target, partition, ends[partition], progress):
                event = _event(record, history)
                events.add(event_row(event, record.partition, record.offset), len(event.value))
            for row in history.rows():
                resolutions.add(row)
    return Exported(
        folder=str(folder),
        events=events.rows,
        resolutions=resolutions.rows,
        bytes=sum((folder / name).stat().st_size for name in SCHEMAS),
        seconds=time.monotonic() - began,
    )


async def _read(target: Target, partition: TopicPartition, end: int, progress: "_Progress") -> AsyncIterator[LogRecord]:
    """Yield the records of one partition that consumers see, up to an offset."""
    async with LogReader(target.kafka, [partition]) as reader:
        async for record in reader.until({partition: end}):
            progress.at(record.offset)
            yield record
    progress.passed(end)


def _event(record: LogRecord, history: Resolutions) -> RecordedEvent:
    try:
        event = read_recorded_event(record.value)
        history.take(event)
    except UnreadableEvent as error:
        raise CommandFailed(
            f"{record.topic} {record.partition}:{record.offset} can't be taken for an event: {error}",
            "`itilnext audit` tells more; a log of a later version wants that version's `itilnext export`.",
        ) from error
    return event


class _Progress:
    """Tells how far the reading is, now and then."""

    def __init__(self, watch: Watch, total: int) -> None:
        self._watch = watch
        self._total = total
        self._passed = 0

    def at(self, offset: int) -> None:
        if offset % _STEP == 0:
            self._watch(self._passed + offset, self._total)

    def passed(self, end: int) -> None:
        self._passed += end
        self._watch(self._passed, self._total)
