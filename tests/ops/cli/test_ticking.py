"""`itilnext tick`: one tick for every partition, as it was asked for."""

import asyncio

import pytest

from contracts.instants import parse_instant
from contracts.ticks import read_tick
from tests.fleet import idle_fleet
from tests.ops.cli.conftest import PARTITIONS, Itilnext
from tests.stack import Stack

pytestmark = [pytest.mark.broker, pytest.mark.usefixtures("settings")]


async def test_every_partition_gets_its_tick(itilnext: Itilnext, stack: Stack, prefix: str) -> None:
    async with idle_fleet(stack, prefix, PARTITIONS) as fleet:
        ran = await asyncio.to_thread(itilnext, "tick", "--at", "2026-11-24T10:30:00+01:00", "--json")
        again = await asyncio.to_thread(itilnext, "tick", "--at", "2199-01-01T00:00:00Z")
        records = await fleet.records(fleet.topics.ticks)
    assert ran.json == {"at": "2026-11-24T09:30:00.000000Z", "offsets": {"0": 0, "1": 0, "2": 0, "3": 0}}
    assert ran.err == ""
    assert again.exit_code == 0
    assert again.out == f"sent a tick for 2199-01-01T00:00:00.000000Z to {PARTITIONS} partitions\n"
    assert "alert workers will ignore it" in again.err
    now, later = (parse_instant(at) for at in ("2026-11-24T09:30:00Z", "2199-01-01T00:00:00Z"))
    told = [(record.partition, record.key, read_tick(record.value, record.headers).at) for record in records]
    assert sorted(told) == [(number, b"%d" % number, at) for number in range(PARTITIONS) for at in (now, later)]


@pytest.mark.parametrize(
    "at", ["", "now", "2026-11-24", "2026-11-24T09:30:00", "2026-11-24 09:30:00Z", "2026-02-30T00:00:00Z"]
)
def test_a_time_that_is_none_is_refused(itilnext: Itilnext, at: str) -> None:
    ran = itilnext("tick", "--at", at)
    assert (ran.exit_code, ran.out) == (2, "")
    assert "2026-11-24T09:30:00Z" in ran.err
