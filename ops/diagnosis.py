"""What `itilnext doctor` looks at: can a fleet work here, and if not, what to do.

A look that can't be made does not keep the others from being made. Nothing is changed.
"""

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Literal

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.admin import ApiVersionRequest

from ops.console import ExitCode, client_log
from ops.lag import measure_lag
from ops.log_reader import LogReader, all_partitions
from ops.outages import explain
from ops.target import Target
from producers.topics_admin import check_topics, require_topics

Verdict = Literal["ok", "note", "wrong"]
MAX_SKEW_SECONDS = 60.0
"""A command is refused when its time is five minutes after its record's: clocks that differ by one are on the way."""
_PRODUCE = 0
_TRANSACTIONS = {22, 24, 25, 26, 28}
"""InitProducerId, AddPartitionsToTxn, AddOffsetsToTxn, EndTxn, TxnOffsetCommit."""
_RELEASE_OF_PRODUCE = {9: "2.8 to 3.6", 10: "3.7", 11: "3.8 or 3.9", 12: "4.0", 13: "4.1 or newer"}
"""A broker does not tell its release; the newest version of this request it knows does."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; a `remedy` where something is to be done."""

    name: str
    verdict: Verdict
    detail: str
    remedy: str = ""
    exit_code: ExitCode = ExitCode.FOUND_WRONG


Look = Callable[[Target], AsyncIterator[Check]]


async def diagnose(target: Target) -> AsyncIterator[Check]:
    """Yield one check after the other.

    Raises:
        Exception: what `explain` does not know: a defect, not a finding.
    """
    yield _settings(target)
    kafka_answers = True
    for name, look, needs_kafka in _LOOKS:
        if needs_kafka and not kafka_answers:
            yield Check(name, "note", "not looked at, since Kafka can't be reached")
            continue
        for check in await _looked(name, look, target):
            yield check
            kafka_answers = kafka_answers and not (name == "broker" and check.verdict == "wrong")


async def _looked(name: str, look: Look, target: Target) -> list[Check]:
    """Return what a look found, an outage on the way included."""
    checks = []
    with client_log() as log:
        try:
            async for check in look(target):
                checks.append(check)  # noqa: PERF401  what was found before an error is kept
        except Exception as error:
            failed = explain(error, log.records)
            if failed is None:
                raise
            checks.append(Check(name, "wrong", failed.problem, failed.remedy, failed.exit_code))
    return checks


def _settings(target: Target) -> Check:
    topics = target.settings.topics
    detail = f"prefix {topics.prefix}, {topics.partitions} partitions, replication factor {topics.replication_factor}"
    return Check("settings", "ok", detail)


async def _broker(target: Target) -> AsyncIterator[Check]:
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
        yield Check("broker", "wrong", f"{detail}, without transactions", "Use a broker that has them (Kafka 2.5 on).")


async def _topics(target: Target) -> AsyncIterator[Check]:
    wanted = target.settings.topics
    findings = await check_topics(target.kafka, target.topics, wanted.partitions, wanted.replication_factor)
    for finding in findings:
        yield Check("topics", "wrong", f"{finding.topic}: {finding.problem}", finding.remedy)
    if not findings:
        yield Check("topics", "ok", "all there, with the settings they should have")


async def _redis(target: Target) -> AsyncIterator[Check]:
    connection = target.redis
    async with connection.client() as redis:
        server, memory = await redis.info("server"), await redis.info("memory")
        seconds, microseconds = await redis.time()
    ahead = seconds + microseconds / 1e6 - time.time()
    # Valkey gives the Redis release it is compatible with under Redis' name, and its own under another.
    release = f"Valkey {server['valkey_version']}" if "valkey_version" in server else f"Redis {server['redis_version']}"
    yield Check("redis", "ok", f"{release} at {connection.shown_url}")
    policy = memory.get("maxmemory_policy", "noeviction")
    if memory.get("maxmemory", 0) and policy != "noeviction":
        remedy = "Set maxmemory-policy to noeviction: the view must not lose keys one by one."
        yield Check("redis memory", "wrong", f"maxmemory-policy is {policy}", remedy)
    yield _clock("redis clock", ahead, "Let both machines keep time (NTP).")


async def _workers(target: Target) -> AsyncIterator[Check]:
    lag = await measure_lag(target)
    admin = AIOKafkaAdminClient(**target.kafka.client())
    try:
        await admin.start()
        (response,) = await admin.describe_consumer_groups([lag.group])
    finally:
        await admin.close()
    group = response.to_object()["groups"][0]
    members = len(group["members"])
    detail = f"group {lag.group}: {group['state'] or 'unknown'}, members: {members}, lag: {lag.total}"
    if members:
        yield Check("ticket workers", "ok", detail)
    else:
        verdict: Verdict = "wrong" if lag.total else "note"
        yield Check("ticket workers", verdict, detail, "Start some: `itilnext worker ticket`, or `itilnext up`.")


async def _senders(target: Target) -> AsyncIterator[Check]:
    """Look at the last command of each partition: its timestamp is the clock of who sent it."""
    count = await require_topics(target.kafka, target.topics)
    async with LogReader(target.kafka, all_partitions([target.topics.commands], count)) as reader:
        ends = await reader.ends()
        starts = await reader.starts()
        reader.seek({each: max(starts[each], end - 1) for each, end in ends.items()})
        newest = [record.timestamp / 1000 async for record in reader.until(ends)]
    if newest:
        yield _clock("senders' clocks", max(0.0, max(newest) - time.time()), "Let senders and workers keep time (NTP).")


def _clock(name: str, ahead: float, remedy: str) -> Check:
    detail = f"{abs(ahead):.1f} s {'ahead of' if ahead > 0 else 'behind'} this machine's"
    return Check(name, "ok", detail) if abs(ahead) < MAX_SKEW_SECONDS else Check(name, "wrong", detail, remedy)


_LOOKS: tuple[tuple[str, Look, bool], ...] = (
    ("broker", _broker, False),
    ("topics", _topics, True),
    ("ticket workers", _workers, True),
    ("senders' clocks", _senders, True),
    ("redis", _redis, False),
)
