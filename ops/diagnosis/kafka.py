"""The broker's side: its release, the topics and their settings, transactions left open, senders' clocks."""

import time
from collections.abc import AsyncIterator, Mapping

from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.admin import ApiVersionRequest

from ops.diagnosis.check import Check, clock
from ops.log_reader import LogReader, all_partitions, written_ends
from ops.target import Target
from producers.partition_output import TRANSACTION_TIMEOUT_MS
from producers.topics_admin import check_topics, require_topics

_PRODUCE = 0
_TRANSACTIONS = {22, 24, 25, 26, 28, 65}
"""InitProducerId, AddPartitionsToTxn, AddOffsetsToTxn, EndTxn, TxnOffsetCommit, DescribeTransactions."""
_RELEASE_OF_PRODUCE = {9: "2.8 to 3.6", 10: "3.7", 11: "3.8 or 3.9", 12: "4.0", 13: "4.1 or newer"}
"""A broker does not tell its release; the newest version of this request it knows does."""
_HANGING_SECONDS = 4 * TRANSACTION_TIMEOUT_MS / 1_000
"""The broker ends a worker's transaction after the timeout; one that is open for so long is ended by nobody."""


async def look_at_broker(target: Target) -> AsyncIterator[Check]:
    """See which release answers, and whether it has transactions."""
    client = AIOKafkaClient(**target.kafka.client())
    try:
        await client.bootstrap()
        response = await client.send(client.get_random_node(), ApiVersionRequest())
        brokers = len(client.cluster.brokers())
    finally:
        await client.close()
    newest = {key: highest for key, _, highest in response.api_versions}
    release = _RELEASE_OF_PRODUCE.get(newest[_PRODUCE], f"with Produce v{newest[_PRODUCE]}")
    detail = f"Kafka {release} at {target.kafka.bootstrap_servers}, brokers: {brokers}"
    if newest.keys() >= _TRANSACTIONS:
        yield Check("broker", "ok", detail)
    else:
        yield Check("broker", "wrong", f"{detail}, without transactions", "Use a broker that has them (Kafka 3.0 on).")


async def look_at_topics(target: Target) -> AsyncIterator[Check]:
    """Hold the topics against the plan."""
    wanted = target.settings.topics
    findings = await check_topics(target.kafka, target.topics, wanted.partitions, wanted.replication_factor)
    for finding in findings:
        yield Check("topics", "wrong", f"{finding.topic}: {finding.problem}", finding.remedy)
    if not findings:
        yield Check("topics", "ok", "all there, with the settings they should have")


async def look_at_transactions(target: Target) -> AsyncIterator[Check]:
    """Find transactions that nobody ends: read_committed readers see nothing behind their first record."""
    topics = target.topics
    count = await require_topics(target.kafka, topics)
    partitions = [*all_partitions(topics.co_partitioned, count), TopicPartition(topics.directory, 0)]
    open_since = await _open_since(target, partitions)
    hanging = {each: seconds for each, seconds in open_since.items() if seconds[1] > _HANGING_SECONDS}
    for each, (offset, seconds) in hanging.items():
        where = f"--topic {each.topic} --partition {each.partition}"
        yield Check(
            "transactions",
            "wrong",
            f"{each.topic} {each.partition}: open for {seconds:.0f} s; nothing from offset {offset} on can be read",
            f"Run {target.kafka.tool('kafka-transactions.sh')} abort {where} --start-offset {offset}; "
            "see docs/runbook.md.",
        )
    if not hanging:
        yield Check("transactions", "ok", f"none hangs; open now: {len(open_since)}")


async def _open_since(target: Target, partitions: list[TopicPartition]) -> Mapping[TopicPartition, tuple[int, float]]:
    """Return where a transaction is open: the first offset of the oldest, and how many seconds ago that was written."""
    async with LogReader(target.kafka, partitions) as reader:
        stable = await reader.ends()
    ends = await written_ends(target.kafka, partitions)
    first = {each: stable[each] for each in partitions if stable[each] < ends[each]}
    found: dict[TopicPartition, tuple[int, float]] = {}
    if not first:
        return found
    async with LogReader(target.kafka, first, isolation_level="read_uncommitted") as reader:
        reader.seek(first)
        async for record in reader.until({each: ends[each] for each in first}):
            partition = TopicPartition(record.topic, record.partition)
            # Of a transaction that was over before it could be read, this is a record of a later one: not hanging.
            found.setdefault(partition, (first[partition], time.time() - record.timestamp / 1_000))
            reader.seek({partition: ends[partition]})
    return found


async def look_at_senders(target: Target) -> AsyncIterator[Check]:
    """Look at the last command of each partition: its timestamp is the clock of who sent it."""
    count = await require_topics(target.kafka, target.topics)
    async with LogReader(target.kafka, all_partitions([target.topics.commands], count)) as reader:
        ends = await reader.ends()
        starts = await reader.starts()
        reader.seek({each: max(starts[each], end - 1) for each, end in ends.items()})
        newest = [record.timestamp / 1000 async for record in reader.until(ends)]
    if newest:
        yield clock("senders' clocks", max(0.0, max(newest) - time.time()), "Let senders and workers keep time (NTP).")
