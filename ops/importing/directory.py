"""Enters into the directory who is not there yet; entries already there stay (SPEC section 11)."""

from collections.abc import Iterable
from typing import Any

import structlog
from aiokafka import TopicPartition

from contracts.dead_letters import Unreadable
from contracts.directory import read_directory_change
from ops.log_reader import LogReader
from ops.target import Target
from producers.publisher import CommandPublisher

log = structlog.get_logger(__name__)


async def enter_missing(target: Target, publisher: CommandPublisher, entries: Iterable[dict[str, Any]]) -> int:
    """Publish the entries whose key the directory does not hold, wait until they are acknowledged, and count them.

    Raises:
        KafkaError: the broker can't be reached, or does not take them.
    """
    there = await _keys_in_force(target)
    missing = [entry for entry in entries if entry["subject"] not in there]
    for entry in missing:
        await publisher.send(entry)
    await publisher.flush()
    return len(missing)


async def _keys_in_force(target: Target) -> set[str]:
    """Return the `<kind>:<id>` of every entry: the last readable record of a key counts, unless it deletes."""
    partition = TopicPartition(target.topics.directory, 0)
    there: set[str] = set()
    async with LogReader(target.kafka, [partition]) as reader:
        async for record in reader.until(await reader.ends()):
            try:
                change = read_directory_change(record.key, record.value, record.headers)
            except Unreadable as error:
                # The workers set such an entry aside too: the one before stays in force.
                log.warning("directory entry can't be read", offset=record.offset, reason=str(error))
                continue
            key = f"{change.kind}:{change.id}"
            if change.entity is None:
                there.discard(key)
            else:
                there.add(key)
    return there
