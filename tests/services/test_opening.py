"""Opening a ticket: its reference, its target, its customer's tier (SPEC sections 5 and 6)."""

import pytest

from contracts.commands import OpenTicket
from contracts.directory import Contact, Policy
from contracts.events import TicketOpened
from contracts.model import Priority, TicketType, Tier
from tests.services.cast import MONDAY, directory, later
from tests.services.spec import TICKET, Story, given

PRINTER = OpenTicket(subject="Printer on fire")


def test_a_ticket_is_opened_with_all_that_was_said_and_the_defaults() -> None:
    ticket = (
        given()
        .when(PRINTER)
        .then(
            TicketOpened(
                type="incident",
                subject="Printer on fire",
                priority="medium",
                channel="other",
                reference="INC-2026-03-000000",
                status="new",
                due_at=later(hours=8),
                customer_tier="standard",
            )
        )
    )
    assert (ticket.id, ticket.status, ticket.version, ticket.owner_id) == (TICKET, "new", 1, None)
    assert (ticket.opened_at, ticket.updated_at, ticket.agent_activity_at) == (MONDAY, MONDAY, None)


def test_all_fields_of_the_command_are_kept() -> None:
    said = OpenTicket(
        type="problem",
        subject="s",
        description="d",
        priority="low",
        requester_id="carl",
        company_id="acme",
        team_id="desk",
        channel="chat",
        reference="HR-1",
        external_refs={"servicenow": "INC1"},
    )
    ticket = given().when(said).then_accepted()
    assert {name: getattr(ticket, name) for name in said.fields()} == said.fields()


@pytest.mark.parametrize(
    ("kind", "letters"), [("incident", "INC"), ("request", "REQ"), ("change", "CHG"), ("problem", "PRB")]
)
def test_the_reference_tells_type_year_and_place_in_the_log(kind: TicketType, letters: str) -> None:
    opened = Story(sent=1_234_567).when(OpenTicket(subject="s", type=kind)).then_accepted()
    assert opened.reference == f"{letters}-2026-03-1234567"


def test_the_year_of_a_reference_is_the_year_of_opening() -> None:
    first_of_all = MONDAY.replace(year=7)
    assert given().when(PRINTER, at=first_of_all).then_accepted().reference == "INC-0007-03-000000"


@pytest.mark.parametrize(
    ("priority", "due_in_hours"),
    [
        ("critical", 1),  # around the clock
        ("high", 4),  # 13:00 the same day
        ("medium", 8),  # 17:00 the same day
        ("low", 48 + 4),  # 24 hours of 10 a day: 9 on Monday, 10 on Tuesday, 5 on Wednesday: 13:00
    ],
)
def test_the_target_runs_on_the_priority_s_calendar(priority: Priority, due_in_hours: int) -> None:
    opened = given().when(OpenTicket(subject="s", priority=priority)).then_accepted()
    assert opened.due_at == later(hours=due_in_hours)


def test_a_target_begun_outside_business_hours_starts_with_them() -> None:
    saturday_night = later(days=5, hours=14)
    opened = given().when(PRINTER, at=saturday_night).then_accepted()
    assert opened.due_at == later(days=7, hours=7)  # eight hours from Monday, 08:00


def test_the_policy_s_target_and_its_factor_for_a_vip_count() -> None:
    policy = directory(Policy(targets={"medium": "PT1H30M"}, vip_target_factor=0.5))
    desk = given().with_directory(policy)
    assert desk.when(PRINTER).then_accepted().due_at == later(minutes=90)
    vip = OpenTicket(subject="s", requester_id="vera")
    assert desk.when(vip).then_accepted().due_at == later(minutes=45)


@pytest.mark.parametrize(
    ("requester_id", "company_id", "tier"),
    [
        (None, None, "standard"),
        ("stan", None, "standard"),
        ("carl", None, "premium"),  # by his company
        ("stan", "acme", "premium"),
        ("vera", None, "vip"),  # higher than her company's
        ("vera", "acme", "vip"),
        ("carl", "elsewhere", "standard"),  # the command's company counts, and it is unknown
        ("nobody", "nowhere", "standard"),
    ],
)
def test_the_customer_s_tier_is_the_higher_of_contact_and_company(
    requester_id: str | None, company_id: str | None, tier: Tier
) -> None:
    said = OpenTicket(subject="s", requester_id=requester_id, company_id=company_id)
    assert given().when(said).then_accepted().customer_tier == tier


def test_the_tier_is_fixed_at_open() -> None:
    opened = given(OpenTicket(subject="s", requester_id="stan"))
    promoted = opened.with_directory(directory(Contact(id="stan", tier="vip")))
    assert promoted.now.customer_tier == "standard"


def test_an_id_is_opened_once() -> None:
    given(PRINTER).when(PRINTER).then_refused("ticket_exists")


def test_an_unknown_team_is_refused() -> None:
    given().when(OpenTicket(subject="s", team_id="nowhere")).then_refused("team_unknown", team_id="nowhere")


def test_a_ticket_that_exists_comes_before_an_unknown_team() -> None:
    given(PRINTER).when(OpenTicket(subject="s", team_id="nowhere")).then_refused("ticket_exists")
