"""Runs an audit: one partition after the other, then what concerns them all."""

import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack

from aiokafka import TopicPartition

from contracts.partitioner import partition_of
from contracts.topics import Topics
from ops.audit.counts import Counts
from ops.audit.findings import Findings
from ops.audit.home import Home
from ops.audit.outcomes import Moves
from ops.audit.partition import PartitionAudit, PartitionTotals, Scope
from ops.audit.patience import WORKING_FLEET_SECONDS, Patience
from ops.audit.reading import Bounds, Reading
from ops.audit.report import AuditProgress, AuditReport, Outcomes
from ops.group import has_members
from ops.log_reader import all_partitions
from producers.connection import KafkaConnection, RedisConnection
from producers.topics_admin import require_topics

OnProgress = Callable[[AuditProgress], None]


async def audit(
    connection: KafkaConnection,
    redis: RedisConnection,
    topics: Topics,
    ticket_id: str | None = None,
    on_progress: OnProgress | None = None,
) -> AuditReport:
    """Compare log, state topic and view with one another and with SPEC's promises; of one ticket, or of all.

    The fleet may be at work meanwhile. With `ticket_id` only that ticket's records on its own partition are judged, and
    no agents' counts. Commands that have expired are not judged, nor is what they led to held to have a command.

    Raises:
        TopicsUnfit: a topic is missing, or co-partitioned ones differ.
        KafkaError, RedisError: the broker or Redis can't be reached.
    """
    began = time.monotonic()
    partitions = await require_topics(connection, topics)
    numbers = tuple(range(partitions)) if ticket_id is None else (partition_of(ticket_id, partitions),)
    findings = Findings()
    async with AsyncExitStack() as stack:
        client = redis.client()
        stack.push_async_callback(client.aclose)
        await client.ping()
        bounds = await stack.enter_async_context(Bounds(connection, topics.ticket_group))
        at_work = await has_members(connection, topics.ticket_group)
        of = await _records_about(bounds, topics, numbers)

        commands = all_partitions([topics.commands], partitions)
        scope = Scope(
            topics=topics,
            redis=client,
            bounds=bounds,
            reading=Reading(connection, _teller(on_progress, findings, of)),
            findings=findings,
            moves=Moves(),
            patience=Patience(WORKING_FLEET_SECONDS if at_work else 0),
            decided={each: await bounds.committed(each) for each in commands},
        )
        totals = [await PartitionAudit(scope, Home(number, partitions, ticket_id)).run() for number in numbers]
        if ticket_id is None:
            await _check_moves(scope, commands)
            if all(each.view_is_whole for each in totals):
                await Counts(client, topics.prefix, partitions).check(findings, scope.patience)
    return _report(totals, findings, time.monotonic() - began)


def _teller(on_progress: OnProgress | None, findings: Findings, of: int) -> Callable[[int, int], None]:
    def tell(partition: int, records: int) -> None:
        if on_progress is not None:
            on_progress(
                AuditProgress(partition=partition, records=records, of=max(of, records), differences=findings.total)
            )

    return tell


async def _records_about(bounds: Bounds, topics: Topics, numbers: Sequence[int]) -> int:
    """Return how many records there are to read at most: offsets count marks of transactions, too."""
    names = (topics.events, topics.rejections, topics.dlq, topics.commands, topics.state)
    partitions = [TopicPartition(name, number) for name in names for number in numbers]
    return sum((await bounds.ends(partitions)).values()) - sum((await bounds.starts(partitions)).values())


async def _check_moves(scope: Scope, commands: Sequence[TopicPartition]) -> None:
    """Find what was to be moved on the partition it belongs to; where commands have expired there, it may have, too."""
    starts = await scope.bounds.starts(commands)
    topic = scope.topics.commands
    for (partition, offset), belongs in scope.moves.missing():
        if starts[TopicPartition(topic, belongs)] == 0:
            expected = f"a move to partition {belongs}"
            scope.findings.add(None, "outcome", expected, "nothing", f"{topic} {partition}:{offset}")


def _report(totals: Sequence[PartitionTotals], findings: Findings, seconds: float) -> AuditReport:
    names = Outcomes.model_fields
    outcomes = Outcomes(**{name: sum(getattr(each.outcomes, name) for each in totals) for name in names})
    events = sum(each.events for each in totals)
    return AuditReport(
        holds=findings.total == 0,
        partitions=len(totals),
        tickets=sum(each.tickets for each in totals),
        events=events,
        commands=sum(getattr(outcomes, name) for name in names),
        outcomes=outcomes,
        differences=tuple(findings.listed),
        differences_total=findings.total,
        seconds=round(seconds, 3),
        events_per_second=round(events / seconds, 1),
    )
