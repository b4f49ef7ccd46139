"""What a ticket worker has written in a run: records and their sizes, checked to be what the workload leads to."""

from dataclasses import dataclass

from ops.bench.fleet import BenchFleet
from ops.console import CommandFailed
from ops.log_reader import LogReader, all_partitions


@dataclass(frozen=True, slots=True)
class Written:
    """Mean sizes of values in bytes, and snapshots written per command."""

    command_bytes: float
    event_bytes: float
    state_bytes_per_command: float
    snapshots_per_command: float


async def read_back(fleet: BenchFleet, commands: int) -> Written:
    """Read what the fleet has written for so many accepted commands.

    Raises:
        CommandFailed: it is not one event for each command: whatever was measured, it was not the workload.
    """
    counts: dict[str, int] = {}
    sizes: dict[str, int] = {}
    topics = fleet.topics
    names = (topics.commands, topics.events, topics.state, topics.rejections, topics.dlq)
    async with LogReader(fleet.servers.kafka, all_partitions(names, fleet.partitions)) as reader:
        async for record in reader.until(await reader.ends()):
            counts[record.topic] = counts.get(record.topic, 0) + 1
            sizes[record.topic] = sizes.get(record.topic, 0) + len(record.value or b"")
    if counts.get(topics.events) != commands or topics.rejections in counts or topics.dlq in counts:
        raise CommandFailed(
            f"{commands} commands led to {counts.get(topics.events, 0)} events, {counts.get(topics.rejections, 0)} "
            f"rejections and {counts.get(topics.dlq, 0)} DLQ records, where each should have led to one event"
        )
    return Written(
        command_bytes=sizes[topics.commands] / commands,
        event_bytes=sizes[topics.events] / commands,
        state_bytes_per_command=sizes[topics.state] / commands,
        snapshots_per_command=counts[topics.state] / commands,
    )
