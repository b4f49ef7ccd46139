"""`itilnext topics` makes and checks the topics, and says what to do about what it finds."""

import pytest

from contracts.topics import Topics
from tests.ops.cli.conftest import Itilnext

pytestmark = [pytest.mark.broker, pytest.mark.usefixtures("settings")]


def names(prefix: str) -> list[str]:
    return [wanted.name for wanted in Topics(prefix).plan(1)]


def test_create_makes_them_and_check_finds_them_right(itilnext: Itilnext, prefix: str) -> None:
    assert itilnext("topics", "create", "--json").json == {"created": names(prefix), "existing": [], "findings": []}
    assert itilnext("topics", "create", "--json").json == {"created": [], "existing": names(prefix), "findings": []}
    checked = itilnext("topics", "check", "--json")
    assert (checked.exit_code, checked.json) == (0, {"ok": True, "findings": []})


def test_create_and_check_read_well(itilnext: Itilnext, prefix: str) -> None:
    created = itilnext("topics", "create")
    assert created.out.splitlines() == [f"created {name}" for name in names(prefix)]
    assert itilnext("topics", "check").out == f"The topics of {prefix} are as they should be.\n"


def test_missing_topics_are_a_finding_with_what_to_do(itilnext: Itilnext, prefix: str) -> None:
    checked = itilnext("topics", "check")
    assert checked.exit_code == 1
    assert checked.out.splitlines()[0] == f"{names(prefix)[0]}: missing"
    assert "itilnext topics create" in checked.out.splitlines()[-1]


def test_a_prefix_that_can_t_begin_a_topic_is_refused_at_once(itilnext: Itilnext) -> None:
    refused = itilnext("topics", "repartition", "--to-prefix", "new topics ", "--partitions", "7")
    assert refused.exit_code == 2
    assert refused.err.startswith("itilnext: --to-prefix 'new topics ' can't begin the name of a topic\n")


def test_another_partition_count_is_a_finding(itilnext: Itilnext, prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    itilnext("topics", "create")
    monkeypatch.setenv("ITILNEXT_TOPICS__PARTITIONS", "7")
    for command in ("create", "check"):
        ran = itilnext("topics", command, "--json")
        assert ran.exit_code == 1
        assert {
            "topic": Topics(prefix).commands,
            "problem": "4 partitions, the settings say 7",
            "remedy": "Set ITILNEXT_TOPICS__PARTITIONS=4; to have another, `itilnext topics repartition`.",
        } in ran.json["findings"]


def test_one_of_each_is_told_in_the_singular(itilnext: Itilnext, prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITILNEXT_TOPICS__PARTITIONS", "1")
    itilnext("topics", "create")
    itilnext("send", "directory.agent", "a1", "name=Ada")
    itilnext("send", "ticket.open", "T-1", "subject=fire")
    ticked = itilnext("tick", "--at", "2026-11-24T09:30:00Z")
    assert ticked.out == "sent a tick for 2026-11-24T09:30:00.000000Z to 1 partition\n"
    copied = itilnext("topics", "repartition", "--to-prefix", f"n{prefix}", "--partitions", "1").out.splitlines()
    assert copied[:2] == [
        "partition 0: 0 events copied",
        f"copied 0 events of 0 tickets, 1 directory entry and 1 waiting command to 1 partition under n{prefix}",
    ]
