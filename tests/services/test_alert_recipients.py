"""Who is told of an alert, in which role and why (SPEC section 6, recipients)."""

import pytest

from contracts.commands import AcceptTicket, OpenTicket
from contracts.directory import Agent, DirectoryChange, Entity, Team
from services.alert_recipients import recipients
from tests.services.cast import directory
from tests.services.spec import Story, given

UNOWNED = given(OpenTicket(subject="s", team_id="network"))
OWNED = UNOWNED.given(AcceptTicket(agent_id="anna"))  # of the desk


def told(story: Story, level: int, *changed: Entity) -> list[tuple[str, str, str]]:
    """Return agent, role and reason of each, with some directory entries changed."""
    found = recipients(story.now, level, directory(*changed))
    return [(each.agent_id, each.role, each.reason) for each in found]


def away(agent_id: str, substitute_id: str | None = None, *team_ids: str) -> Agent:
    """Return an inactive agent of these teams, of the desk unless told."""
    return Agent(id=agent_id, team_ids=team_ids or ("desk",), is_active=False, substitute_id=substitute_id)


OWNER = ("anna", "tech", "owner")
LEAD = ("lea", "supervisor", "team_lead")
MANAGER = ("max", "manager", "team_manager")


@pytest.mark.parametrize(("level", "expected"), [(1, [OWNER]), (2, [OWNER, LEAD]), (3, [OWNER, LEAD, MANAGER])])
def test_each_level_tells_one_role_more(level: int, expected: list[tuple[str, str, str]]) -> None:
    assert told(OWNED, level) == expected


def test_without_an_owner_the_techs_are_the_active_members_of_the_ticket_s_team_by_id() -> None:
    assert told(UNOWNED, 2) == [("nina", "tech", "team_member"), ("nora", "tech", "team_member"), LEAD]


def test_an_absent_team_member_of_an_unowned_ticket_has_no_substitute() -> None:
    assert told(UNOWNED, 1, away("nina", "ben", "network")) == [("nora", "tech", "team_member")]


def test_the_owner_s_first_team_counts_not_the_ticket_s() -> None:
    teams = (Team(id="desk", lead_id="lea", manager_id="max"), Team(id="network", lead_id="ben", manager_id="ben"))
    assert told(OWNED, 3, *teams) == [OWNER, LEAD, MANAGER]
    assert told(OWNED, 3, *teams, Agent(id="anna", team_ids=("network", "desk")))[1:] == [
        ("ben", "supervisor", "team_lead")
    ]


def test_an_owner_without_a_team_has_the_ticket_s() -> None:
    teams = (Team(id="network", lead_id="nora", manager_id="max"),)
    assert told(OWNED, 2, *teams, Agent(id="anna")) == [OWNER, ("nora", "supervisor", "team_lead")]


def test_an_inactive_owner_is_replaced_along_the_chain_of_substitutes_by_the_first_who_is_there() -> None:
    replaced = ("ben", "tech", "substitute_for:anna")
    assert told(OWNED, 1, away("anna", "ben")) == [replaced]
    assert told(OWNED, 1, away("anna", "nina"), away("nina", "ben")) == [replaced]
    assert told(OWNED, 1, away("anna", "nina"), Agent(id="nina", substitute_id="ben")) == [
        ("nina", "tech", "substitute_for:anna")
    ]


def test_leads_and_managers_are_replaced_too() -> None:
    assert told(OWNED, 3, away("lea", "nina"), away("max", "nora")) == [
        OWNER,
        ("nina", "supervisor", "substitute_for:lea"),
        ("nora", "manager", "substitute_for:max"),
    ]


@pytest.mark.parametrize(
    "changed",
    [
        (away("anna"),),
        (away("anna", "anna"),),
        (away("anna", "nina"), away("nina", "anna")),
        (away("anna", "nina"), away("nina", "zoe"), away("zoe", "nina")),
        (away("anna", "nobody"),),
    ],
    ids=["none", "oneself", "a circle", "a circle further on", "unknown"],
)
def test_a_chain_that_ends_or_repeats_climbs_to_the_next_role(changed: tuple[Agent, ...]) -> None:
    assert told(OWNED, 1, *changed) == [("lea", "tech", "no_tech")]


def test_a_person_appears_once_in_the_first_role() -> None:
    assert told(OWNED, 3, away("anna")) == [("lea", "tech", "no_tech"), MANAGER]
    assert told(OWNED, 3, Team(id="desk", lead_id="anna", manager_id="anna")) == [OWNER]
    assert told(OWNED, 3, away("lea", "anna")) == [OWNER, MANAGER]


def test_climbing_goes_on_to_the_manager_and_names_the_role_that_was_not_filled() -> None:
    assert told(OWNED, 1, away("anna"), away("lea")) == [("max", "tech", "no_tech")]
    assert told(OWNED, 2, away("lea")) == [OWNER, ("max", "supervisor", "no_supervisor")]
    assert told(OWNED, 3, away("lea")) == [OWNER, ("max", "supervisor", "no_supervisor")]
    assert told(OWNED, 3, Team(id="desk", manager_id="max")) == [OWNER, ("max", "supervisor", "no_supervisor")]


def test_who_climbs_in_may_be_a_substitute_and_the_reason_is_the_climbing() -> None:
    assert told(OWNED, 1, away("anna"), away("lea", "nina")) == [("nina", "tech", "no_tech")]


def test_an_unowned_ticket_of_a_team_without_active_members_climbs() -> None:
    absent = (away("nina", None, "network"), away("nora", None, "network"))
    assert told(UNOWNED, 1, *absent) == [("lea", "tech", "no_tech")]


def test_beyond_the_manager_there_is_nobody() -> None:
    assert told(OWNED, 3, Team(id="desk", lead_id="lea")) == [OWNER, LEAD]
    assert told(OWNED, 3, away("anna"), away("lea"), away("max")) == []
    assert told(given(OpenTicket(subject="s")), 3) == []


def test_who_is_no_longer_in_the_directory_fills_no_role() -> None:
    world = directory()
    world.apply(DirectoryChange("agent", "anna", None))
    world.apply(DirectoryChange("team", "network", None))
    assert recipients(OWNED.now, 3, world) == ()  # without the owner's entry, the ticket's team, which is gone too
