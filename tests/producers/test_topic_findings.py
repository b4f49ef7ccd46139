"""What is wrong with topics is told with a remedy that can be pasted, and costs nothing that can't be had again."""

import pytest

from contracts.topics import Topics
from producers.connection import KafkaConnection
from producers.topic_findings import TopicShape, setting_findings, unfit

TOPICS = Topics()
CLUSTER = KafkaConnection(bootstrap_servers="a:1,b:2")


def of(partitions: int, copies: int = 3) -> TopicShape:
    return TopicShape(partitions, copies, leaderless=())


@pytest.mark.parametrize("count", [13, 6])
@pytest.mark.parametrize("name", [name for name in TOPICS.co_partitioned if name != TOPICS.ticks])
def test_what_can_t_be_had_again_is_never_to_be_deleted_nor_given_partitions(name: str, count: int) -> None:
    there = {wanted.name: of(wanted.partitions) for wanted in TOPICS.plan(12)} | {name: of(count)}
    (finding,) = unfit(TOPICS, there)
    assert (finding.topic, finding.problem) == (name, f"{count} partitions, the other co-partitioned topics 12")
    assert finding.remedy == (
        "Stop the fleet; delete nothing. `itilnext topics repartition --to-prefix PREFIX --partitions 12` copies the "
        "history to topics that fit; see docs/runbook.md."
    )


def test_ticks_may_be_deleted() -> None:
    there = {wanted.name: of(wanted.partitions) for wanted in TOPICS.plan(12)} | {TOPICS.ticks: of(13)}
    (finding,) = unfit(TOPICS, there)
    assert finding.remedy.startswith("Stop the fleet, delete the topic and run `itilnext topics create`")


@pytest.mark.parametrize(("copies", "in_sync", "findings"), [(1, 1, 0), (2, 1, 0), (3, 1, 1), (3, 2, 0), (3, 3, 0)])
def test_fewer_copies_in_sync_than_survive_a_broker_are_found(copies: int, in_sync: int, findings: int) -> None:
    events = TOPICS.plan(3)[1]
    found = [*setting_findings(CLUSTER, events, copies, {**events.config, "min.insync.replicas": str(in_sync)})]
    assert [finding.problem.partition(":")[0] for finding in found] == [
        "min.insync.replicas is 1 of 3 copies"
    ] * findings
    raised = f"--alter --entity-type topics --entity-name {events.name} --add-config min.insync.replicas=2"
    assert [finding.remedy for finding in found] == [
        f"Run kafka-configs.sh --bootstrap-server a:1,b:2 {raised}"
    ] * findings
