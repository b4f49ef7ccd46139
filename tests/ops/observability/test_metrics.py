"""The metrics that a worker serves are those of the closed list, as documented, and they count what happened."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import orjson
import pytest
from prometheus_client.parser import text_string_to_metric_families

from ops.observability.metrics import METRICS, Kind
from tests.fleet import Fleet, idle_fleet
from tests.ops.observability.probing import Probe, observation, read_samples
from tests.stack import Stack

DOCS = Path(__file__).resolve().parents[3] / "docs" / "metrics.md"
TOTAL = "_total"


def documented() -> list[tuple[str, ...]]:
    lines = DOCS.read_text(encoding="utf-8").splitlines()
    return [tuple(cell.strip() for cell in line.strip("| ").split("|")) for line in lines if line.startswith("| `itil")]


def test_the_docs_tell_the_closed_list() -> None:
    assert documented() == [
        (f"`{each.name}`", each.kind, ", ".join(f"`{label}`" for label in each.labels), each.meaning)
        for each in METRICS
    ]


def test_names_follow_the_conventions() -> None:
    for metric in METRICS:
        assert metric.name.startswith("itilnext_")
        assert metric.name.endswith(TOTAL) == (metric.kind is Kind.COUNTER)
        assert bool(metric.buckets) == (metric.kind is Kind.HISTOGRAM)


@pytest.mark.broker
class TestServed:
    @pytest.fixture
    async def probe(self, stack: Stack, prefix: str) -> AsyncIterator[tuple[Fleet, Probe]]:
        async with (
            idle_fleet(stack, prefix, partitions=2) as fleet,
            observation() as (watched, probe),
            fleet.worker(observer=watched.observer),
        ):
            await probe.until("/readyz", lambda answer: answer.status == 200)
            yield fleet, probe

    async def test_what_is_served_is_the_closed_list(self, probe: tuple[Fleet, Probe]) -> None:
        text = (await probe[1].get("/metrics")).text
        served = {
            (family.name + TOTAL if family.type == "counter" else family.name, family.type, family.documentation)
            for family in text_string_to_metric_families(text)
            if not family.name.startswith("process_")
        }
        assert served == {(each.name, each.kind.value, each.meaning) for each in METRICS}

    async def test_outcomes_are_counted(self, probe: tuple[Fleet, Probe]) -> None:
        fleet, asked = probe
        await fleet.enter("agent", "a1")
        await fleet.send("ticket.open", "T-1", subject="printer on fire", command_id="once")
        await fleet.send("ticket.open", "T-1", subject="printer on fire", command_id="once")
        await fleet.send("ticket.accept", "T-1", agent_id="a1")
        await fleet.send("ticket.accept", "T-1", agent_id="nobody")
        home = fleet.partition_of("T-1")
        await fleet.publish(fleet.topics.commands, b"{", b"T-1", home)
        misplaced = fleet.command("note.add", "T-1", {"agent_id": "a1", "content": "hot"})
        await fleet.publish(fleet.topics.commands, orjson.dumps(misplaced), b"T-1", 1 - home)
        await fleet.settled()
        await asked.until("/metrics", lambda answer: read_samples(answer.text).items() >= at_rest(fleet, home).items())
        before = await asked.samples()
        assert {name: before[name] for name in OUTCOMES} == OUTCOMES
        assert before["itilnext_command_latency_seconds_count{}"] == 7
        assert before["itilnext_batch_commands_sum{}"] == 7
        assert before["itilnext_transactions_total{result=committed}"] >= 1


OUTCOMES = {
    "itilnext_commands_total{command=ticket.open,outcome=accepted}": 1,
    "itilnext_commands_total{command=ticket.accept,outcome=accepted}": 1,
    "itilnext_commands_total{command=ticket.accept,outcome=rejected}": 1,
    "itilnext_rejections_total{code=ticket_already_owned}": 0,
    "itilnext_rejections_total{code=agent_unknown}": 1,
    "itilnext_dead_letters_total{code=not_json}": 1,
    "itilnext_duplicates_total{}": 1,
    "itilnext_commands_total{command=note.add,outcome=moved}": 1,
    "itilnext_commands_total{command=note.add,outcome=accepted}": 1,
    "itilnext_moves_total{}": 1,
}


def at_rest(fleet: Fleet, partition: int) -> Mapping[str, float]:
    """What is told of a partition on which six records are settled, one of them of an open ticket."""
    of_the_topic = f"{{partition={partition},topic={fleet.topics.commands}}}"
    return {
        f"itilnext_next_offset{of_the_topic}": 6,
        f"itilnext_lag_records{of_the_topic}": 0,
        f"itilnext_stalled_seconds{of_the_topic}": 0,
        f"itilnext_view_lag_records{{partition={partition}}}": 0,
        f"itilnext_view_built_ratio{{partition={partition}}}": 1,
        f"itilnext_open_tickets{{partition={partition}}}": 1,
    }
