"""The topics are those of SPEC section 2's table, under any prefix."""

import pytest

from contracts.topics import MAX_COMMAND_BYTES, MAX_DLQ_BYTES, MAX_RECORD_BYTES, Topics, durability

DAY_MS = 24 * 60 * 60 * 1000
# Name: whether co-partitioned, cleanup policy, days it is kept (None: for ever, or until compacted).
PAGE = {
    "ticket.commands.v1": (True, "delete", 7),
    "ticket.events.v1": (True, "delete", None),
    "ticket.state.v1": (True, "compact", None),
    "ticket.rejections.v1": (True, "delete", 30),
    "ticket.commands.v1.dlq": (True, "delete", 30),
    "ticks.v1": (True, "delete", 1),
    "directory.v1": (False, "compact", None),
}


@pytest.mark.parametrize("prefix", ["itilnext.", "acme.eu.", ""])
def test_the_plan_is_the_table_of_the_page(prefix: str) -> None:
    topics = Topics(prefix)
    planned = {plan.name: plan for plan in topics.plan(12)}
    assert planned.keys() == {prefix + name for name in PAGE}
    assert set(topics.co_partitioned) == {prefix + name for name, (together, _, _) in PAGE.items() if together}
    for name, (together, policy, days) in PAGE.items():
        plan = planned[prefix + name]
        assert plan.partitions == (12 if together else 1)
        assert plan.config["cleanup.policy"] == policy
        assert plan.compacted == (policy == "compact")
        if policy == "delete":
            assert plan.config["retention.ms"] == str(-1 if days is None else days * DAY_MS)
            assert plan.config["retention.bytes"] == "-1"


def test_names_by_what_they_hold() -> None:
    topics = Topics()
    named = (
        topics.commands,
        topics.events,
        topics.state,
        topics.rejections,
        topics.dlq,
        topics.ticks,
        topics.directory,
    )
    assert named == tuple(f"itilnext.{name}" for name in PAGE)


def test_whatever_the_commands_topic_takes_the_dlq_takes() -> None:
    limits = {plan.name: int(plan.config["max.message.bytes"]) for plan in Topics().plan(1)}
    assert limits[Topics().dlq] == MAX_DLQ_BYTES == 2 * 1024 * 1024
    assert 1024 * 1024 < limits[Topics().commands] == MAX_COMMAND_BYTES < MAX_DLQ_BYTES
    assert limits[Topics().events] == limits[Topics().state] == limits[Topics().rejections] == MAX_RECORD_BYTES


def test_of_three_copies_two_have_a_write_before_it_is_acknowledged() -> None:
    assert [durability(copies) for copies in (1, 2)] == [{}, {}], "one lost broker may not stop a fleet"
    assert [durability(copies) for copies in (3, 5)] == [{"min.insync.replicas": "2"}] * 2
