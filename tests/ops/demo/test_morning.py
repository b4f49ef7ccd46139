"""The morning after the log, decided by the rules alone: what it asks for and what they make of it, to the cent."""

from collections import Counter
from collections.abc import Iterator

import pytest

from ops.demo.morning import LEAD, MANAGER, REFUSED, Morning
from ops.demo.morning_printing import print_morning
from ops.demo.playing import Played
from ops.sample import INCIDENT_LOG
from producers.servicenow import commands, directory_entries, read_log
from services.score_facts import facts_of
from services.work_queue import work_queue
from tests.producers.servicenow.engine import Engine


@pytest.fixture(scope="module")
def played() -> Played:
    rows = read_log(INCIDENT_LOG)
    log = list(commands(rows))
    morning = Morning.after(log)
    engine = Engine.knowing([*directory_entries(rows), *morning.people()])
    engine.decide(log)
    owners = {incident: engine.tickets[incident].owner_id for incident in morning.incidents}
    assert set(owners.values()) == {morning.agent_id}
    engine.outcomes.clear()
    first, *others = morning.steps()
    engine.decide(first)
    tickets = [engine.tickets[incident] for incident in morning.incidents]
    before = work_queue(map(facts_of, tickets), morning.opens_at)
    for step in others:
        engine.decide(step)
    refused = Counter(code for code, _, command_id in (each.partition(" ") for each in engine.outcomes) if command_id)
    tickets = [engine.tickets[incident] for incident in morning.incidents]
    assert {ticket.owner_id for ticket in tickets} == {morning.agent_id}, "no ticket changes hands"
    left = [facts_of(ticket) for ticket in tickets if ticket.is_open]
    return Played(morning, before, work_queue(left, morning.ends_at), tickets, refused)


def _resolutions(played: Played) -> Iterator[tuple[str, str, str | None, str | None]]:
    for ticket in played.tickets:
        for one in ticket.resolutions:
            yield one.tier, one.status, one.amount, one.decided_by


def test_each_tier_decides_up_to_its_bound_and_nobody_their_own(played: Played) -> None:
    agent = played.morning.agent_id
    beyond = [each for each in _resolutions(played) if each[0] != "agent"]
    assert beyond == [
        ("team_lead", "approved", "100.01", LEAD),
        ("team_lead", "approved", "500.00", LEAD),
        ("team_lead", "rejected", "60.00", LEAD),
        ("manager", "approved", "500.01", MANAGER),
        ("manager", "pending_approval", "2400.00", None),
    ]
    alone = [each for each in _resolutions(played) if each[0] == "agent"]
    assert {(status, decided_by) for _, status, _, decided_by in alone} == {("approved", agent)}
    assert {"100.00", "60.00", "15.00", None} <= {amount for _, _, amount, _ in alone}


def test_the_rules_refuse_just_what_they_are_to(played: Played) -> None:
    assert played.as_it_should
    assert played.refused == REFUSED


def test_reviews_are_for_a_flag_a_tier_and_a_sample(played: Played) -> None:
    reasons = [one.calibration.reason for ticket in played.tickets for one in ticket.resolutions if one.calibration]
    assert Counter(reasons) == {"flagged_social_media": 1, "tier3": 2, "random_sample": 2}


def test_the_queue_shrinks_to_what_waits_for_somebody(played: Played) -> None:
    assert sum(len(tickets) for _, tickets in played.before) == len(played.morning.incidents) == 24
    assert played.before.needs_attention[0].flags == ("social_media",)
    left = [each.status for _, tickets in played.after for each in tickets]
    assert Counter(left) == {"in_progress": 2, "waiting_customer": 2}


def test_a_manager_reads_what_was_given_and_by_whom(played: Played, capsys: pytest.CaptureFixture[str]) -> None:
    print_morning(played)
    printed = [" ".join(line.replace("│", " ").split()) for line in capsys.readouterr().out.splitlines()]
    assert printed[0] == "The morning after: 24 customers of Resolved by 208 came back."
    for line in (
        "with a team lead, up to 500.00 3 600.01 60.00",
        "with a manager, above 2 500.01 2400.00",
        "INC0000100 tier3 500.01 approved coaching_needed",
        "What is left for Resolved by 208",
    ):
        assert line in printed
    refused = "a team lead approving what a manager must (1), resolving while an approval is pending (1), "
    assert f"Refused: {refused}approving one's own (1)." in printed


def test_it_is_the_same_each_time(played: Played) -> None:
    again = Morning.after(list(commands(read_log(INCIDENT_LOG))))
    assert (again, again.steps()) == (played.morning, played.morning.steps())
