"""20,000 commands to three workers that are killed, frozen, robbed of their view and of their broker.

Every command has exactly one outcome, every ticket one whole history and no owner but by the rules, no agent one ticket
too many; and afterwards not a place is lost. The seed is printed at the head of the run: `--chaos-seed` runs it again.
With `--brokers 3` the log has three copies, and one broker at a time is killed.
"""

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from pydantic import SecretStr

from ops.embedded import RunningServer, start_kafka, start_valkey
from producers.connection import RedisConnection
from tests.acceptance.desk import Desk
from tests.acceptance.processes import Operator
from tests.acceptance.wire import COMMANDS, DLQ, EVENTS, REJECTIONS, STATE
from tests.chaos.auditor import Logs, audit, open_tickets
from tests.chaos.cluster import Brokers, start_cluster
from tests.chaos.conductor import SESSION_TIMEOUT_MS, Fire
from tests.chaos.workload import LIMITED, directory, workload

pytestmark = [pytest.mark.broker, pytest.mark.chaos]
COMMANDS_SENT = 20_000
TICKETS = 500
PARTITIONS = 6
UNREACHABLE = 3
"""How a worker ends that is started while the broker is away."""
_PREFIX = "fire."


@pytest.fixture
def brokers(request: pytest.FixtureRequest) -> int:
    """Return how many brokers keep the log, each a copy of it: --brokers."""
    brokers: int = request.config.getoption("--brokers")
    return brokers


@pytest.fixture
def servers(tmp_path: Path, brokers: int) -> Iterator[tuple[Brokers, RunningServer]]:
    """Servers of this test alone, for they are killed: never those that the settings name."""
    with ExitStack() as cleanup:
        kafka = start_kafka(tmp_path) if brokers == 1 else start_cluster(tmp_path)
        cleanup.callback(kafka.stop)
        valkey = start_valkey(tmp_path)
        cleanup.callback(valkey.stop)
        yield kafka, valkey


@pytest.fixture
def quiet_client() -> Iterator[None]:
    """The clients of the test tell of every try to reach a broker that is meant to be away: not here."""
    client = logging.getLogger("aiokafka")
    level = client.level
    client.setLevel(logging.CRITICAL)
    yield
    client.setLevel(level)


@pytest.fixture
async def fire(
    servers: tuple[Brokers, RunningServer], brokers: int, tmp_path: Path, chaos_seed: int
) -> AsyncIterator[Fire]:
    """A fleet with its directory, before its workers are started; whatever becomes of it, they end with the test."""
    kafka, valkey = servers
    environment = {
        "ITILNEXT_KAFKA__BOOTSTRAP_SERVERS": kafka.address,
        "ITILNEXT_KAFKA__SESSION_TIMEOUT_MS": str(SESSION_TIMEOUT_MS),
        "ITILNEXT_REDIS__URL": valkey.address,
        "ITILNEXT_TOPICS__PREFIX": _PREFIX,
        "ITILNEXT_TOPICS__PARTITIONS": str(PARTITIONS),
        "ITILNEXT_TOPICS__REPLICATION_FACTOR": str(brokers),
        "ITILNEXT_LOG__FORMAT": "json",
    }
    operator = Operator(environment, tmp_path)
    created = await operator.run("topics", "create")
    assert created.code == 0, created.err
    redis = RedisConnection(url=SecretStr(valkey.address)).client()
    async with Desk(kafka.address, _PREFIX, PARTITIONS) as desk:
        for entry in directory():
            kind, _, identity = entry["subject"].partition(":")
            await desk.enter(kind, identity, **entry["data"])
        burning = Fire(chaos_seed, kafka, redis, desk, operator)
        try:
            yield burning
        finally:
            burning.put_out()
            await redis.aclose()


@pytest.mark.usefixtures("quiet_client")
async def test_the_promises_hold_under_fire(fire: Fire, chaos_seed: int) -> None:
    await fire.burn([*workload(chaos_seed, COMMANDS_SENT, TICKETS)])

    assert {code for _, code in fire.exits} <= {UNREACHABLE}, fire.story()
    logs = await read(fire.desk)
    assert len(logs.commands) >= COMMANDS_SENT
    assert audit(logs, LIMITED)[:20] == [], fire.story()
    await every_place_is_there(fire, logs)
    codes = await fire.ended()
    assert set(codes.values()) == {0}, fire.story()
    verdict = await fire.operator.run("audit", "--json")
    assert verdict.code == 0, f"{verdict.out}\n{verdict.err}\n{fire.story()}"


async def read(desk: Desk) -> Logs:
    """Read all topics."""
    topics = (COMMANDS, EVENTS, STATE, REJECTIONS, DLQ)
    return Logs(desk.partitions, *[await desk.read(topic) for topic in topics])


async def every_place_is_there(fire: Fire, logs: Logs) -> None:
    """Each agent with a limit can accept exactly as many tickets as are missing to it."""
    held = open_tickets(logs.events)
    asked = [
        (agent, f"{agent}-{number}")
        for agent, limit in LIMITED.items()
        for number in range(max(limit - held[agent], 0) + 3)
    ]
    for agent, ticket in asked:
        await fire.desk.command("ticket.open", ticket, "open", subject="a place to be taken")
        await fire.desk.command("ticket.accept", ticket, "accept", agent_id=agent)
    await fire.decided("after the places")
    after = open_tickets(await fire.desk.read(EVENTS))
    expected = {agent: max(limit, held[agent]) for agent, limit in LIMITED.items()}
    assert {agent: after[agent] for agent in LIMITED} == expected, fire.story()
