"""`itilnext doctor` names what keeps a fleet from working, with what to do, and looks on where it can."""

import asyncio
import time
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from aiokafka import AIOKafkaProducer

from consumers.keys import fleet_key
from producers.ticker import tick_once
from tests.fleet import idle_fleet, running_worker
from tests.ops.cli.conftest import PARTITIONS, Itilnext, Ran
from tests.stack import KAFKA_SETTING, REDIS_SETTING, Stack

pytestmark = [pytest.mark.broker, pytest.mark.usefixtures("settings")]
NOWHERE = "127.0.0.1:1"


def verdicts(ran: Ran) -> dict[str, str]:
    return {check["check"]: check["verdict"] for check in ran.json["checks"]}


async def test_a_fleet_that_works(itilnext: Itilnext, stack: Stack, prefix: str) -> None:
    async with running_worker(stack, prefix, PARTITIONS) as fleet:
        await fleet.send("ticket.open", "T-1", subject="fire")
        await fleet.settled()
        ran = await asyncio.to_thread(itilnext, "doctor", "--json")
    assert ran.exit_code == 0
    assert ran.json["ok"] is True
    nobody_there = {"alert workers", "directory worker", "ticks"}
    assert {name for name, verdict in verdicts(ran).items() if verdict != "ok"} == nobody_there
    assert verdicts(ran).keys() == nobody_there | {
        "settings",
        "broker",
        "topics",
        "rights",
        "transactions",
        "ticket workers",
        "senders' clocks",
        "redis",
        "redis clock",
        "view",
    }


def finding(ran: Ran, name: str) -> dict[str, str]:
    return next(check for check in ran.json["checks"] if check["check"] == name)


def test_a_broker_without_an_authorizer_lets_everybody_be_anything(itilnext: Itilnext) -> None:
    itilnext("topics", "create")
    assert (
        "this user can be: connector, directory-sync, ticket-worker"
        in finding(itilnext("doctor", "--json"), "rights")["detail"]
    )


async def test_ticks_that_come(itilnext: Itilnext, stack: Stack, prefix: str) -> None:
    async with idle_fleet(stack, prefix, PARTITIONS) as fleet:
        await tick_once(stack.kafka, fleet.topics, PARTITIONS, datetime.now(UTC))
        ran = await asyncio.to_thread(itilnext, "doctor", "--json")
    assert verdicts(ran)["ticks"] == "ok"


async def test_a_transaction_that_nobody_ends(itilnext: Itilnext, stack: Stack, prefix: str) -> None:
    async with idle_fleet(stack, prefix, PARTITIONS) as fleet:
        producer = AIOKafkaProducer(
            transactional_id=f"{prefix}left-open", transaction_timeout_ms=600_000, **stack.kafka.client()
        )
        await producer.start()
        try:
            await producer.begin_transaction()
            ago = int((time.time() - 300) * 1_000)
            await producer.send_and_wait(fleet.topics.events, b"{}", partition=2, timestamp_ms=ago)
            ran = await asyncio.to_thread(itilnext, "doctor", "--json")
            await producer.abort_transaction()
        finally:
            await producer.stop()
        assert ran.exit_code == 1
        assert finding(ran, "transactions")["detail"].startswith(f"{fleet.topics.events} 2: open for ")
        abort = f"abort --topic {fleet.topics.events} --partition 2 --start-offset 0"
        assert abort in finding(ran, "transactions")["remedy"]
        ran = await asyncio.to_thread(itilnext, "doctor", "--json")
        assert verdicts(ran)["transactions"] == "ok"


async def test_a_view_that_is_not_where_the_log_is(itilnext: Itilnext, stack: Stack, prefix: str) -> None:
    async with running_worker(stack, prefix, PARTITIONS) as fleet:
        await fleet.send("ticket.open", "T-1", subject="fire")
        await fleet.settled()
    async with idle_fleet(stack, prefix, PARTITIONS) as fleet:
        await fleet.deserted()
        await fleet.view(fleet.partition_of("T-1")).drop()
        ran = await asyncio.to_thread(itilnext, "doctor", "--json")
        assert verdicts(ran)["view"] == "note", "nobody is at work to bring it there"
        assert finding(ran, "view")["detail"].endswith(f"behind the log on 1 of {PARTITIONS} partitions")
        for name, value in (("layout", "1"), ("partitions", "7")):
            await fleet.redis.hset(fleet_key(prefix), name, value)
            ran = await asyncio.to_thread(itilnext, "doctor", "--json")
            assert ran.exit_code == 1
            assert f"{name} = {value}" in finding(ran, "view")["detail"]


def test_missing_topics(itilnext: Itilnext) -> None:
    ran = itilnext("doctor")
    assert ran.exit_code == 1
    assert "WRONG topics: " in ran.out
    assert "itilnext topics create" in ran.out
    assert "ok    redis: " in ran.out


def test_no_worker_is_a_note_while_nothing_waits(itilnext: Itilnext) -> None:
    itilnext("topics", "create")
    ran = itilnext("doctor", "--json")
    assert ran.exit_code == 0
    assert verdicts(ran)["ticket workers"] == "note"


def test_no_worker_is_wrong_when_commands_wait(itilnext: Itilnext) -> None:
    itilnext("topics", "create")
    itilnext("send", "ticket.open", "T-1", "subject=fire")
    ran = itilnext("doctor")
    assert ran.exit_code == 1
    assert "members: 0, lag: 1" in ran.out
    assert "itilnext worker ticket" in ran.out


async def test_a_sender_whose_clock_is_ahead(itilnext: Itilnext, stack: Stack, prefix: str) -> None:
    async with idle_fleet(stack, prefix, PARTITIONS) as fleet:
        ahead = int((time.time() + 300) * 1000)
        await fleet.publish(fleet.topics.commands, b"{}", b"T-1", 0, timestamp=ahead)
    ran = await asyncio.to_thread(itilnext, "doctor", "--json")
    assert ran.exit_code == 1
    assert verdicts(ran)["senders' clocks"] == "wrong"


def test_kafka_out_of_reach(itilnext: Itilnext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KAFKA_SETTING, NOWHERE)
    ran = itilnext("doctor", "--json")
    assert ran.exit_code == 3
    assert verdicts(ran)["broker"] == "wrong"
    assert verdicts(ran)["topics"] == "note", "what needs Kafka is not looked at"
    assert verdicts(ran)["redis"] == "ok"


def test_redis_out_of_reach(itilnext: Itilnext, monkeypatch: pytest.MonkeyPatch) -> None:
    itilnext("topics", "create")
    monkeypatch.setenv(REDIS_SETTING, f"redis://{NOWHERE}")
    ran = itilnext("doctor")
    assert ran.exit_code == 3
    assert f"WRONG redis: Redis can't be reached: Error 111 connecting to {NOWHERE}" in ran.out
    assert REDIS_SETTING in ran.out


async def test_a_wrong_redis_password(
    itilnext: Itilnext, stack: Stack, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stack.redis.client() as redis:
        await redis.acl_setuser(prefix, enabled=True, passwords=["+right"], keys=["*"], commands=["+@all"])
        try:
            place = urlsplit(stack.redis_url).netloc.rpartition("@")[2]
            monkeypatch.setenv(REDIS_SETTING, f"redis://{prefix}:not-to-be-printed@{place}")
            ran = await asyncio.to_thread(itilnext, "doctor")
        finally:
            await redis.acl_deluser(prefix)
    assert ran.exit_code == 3
    assert "WRONG redis: Redis refused the login: " in ran.out
    assert "not-to-be-printed" not in ran.out + ran.err
