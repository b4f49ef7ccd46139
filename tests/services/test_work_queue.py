"""The work queue: three bands, an order that leaves nothing open, and whose tickets are in it (SPEC sections 8, 9)."""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from itertools import permutations

import pytest
from hypothesis import given as each
from hypothesis import strategies as st

from contracts.commands import AcceptTicket, AwaitCustomer, OpenTicket, ReopenTicket, ResolveTicket, TransferTicket
from contracts.directory import DirectoryChange
from contracts.json_values import read_json, write_json
from contracts.ticket import Ticket
from services import CommandRejected, InMemoryTickets, PriorityService, QueuedTicket, ServiceDesk, WorkQueue
from services.priority import priority_score
from services.score_facts import facts_of
from services.work_queue import work_queue
from tests.services.cast import MONDAY, directory, later
from tests.services.open_tickets import PLAIN, TICKETS, TIMES

SECOND = timedelta(seconds=1)


def band_of(at: datetime = MONDAY, /, **changes: object) -> str:
    queue = work_queue([facts_of(PLAIN.changed(**changes))], at)
    (band,) = (name for name, tickets in queue if tickets)
    return str(band)


def ids(tickets: tuple[QueuedTicket, ...]) -> list[str]:
    return [ticket.id for ticket in tickets]


@pytest.mark.parametrize(
    ("changes", "band"),
    [
        ({"priority": "critical"}, "needs_attention"),
        ({"priority": "high"}, "on_track"),
        ({"due_at": later(hours=24)}, "needs_attention"),
        ({"due_at": later(hours=24) + SECOND}, "on_track"),
        ({"due_at": MONDAY - SECOND, "status": "waiting_customer"}, "needs_attention"),
        ({"due_at": None}, "on_track"),
        ({"status": "waiting_customer"}, "waiting_on_others"),
        ({"status": "waiting_internal"}, "waiting_on_others"),
        ({"status": "new"}, "on_track"),
    ],
)
def test_a_ticket_is_in_the_first_band_that_fits(changes: dict[str, object], band: str) -> None:
    assert band_of(**changes) == band


def test_eighty_is_enough() -> None:
    # 40 x 1.5 x 1.4 = 84, 40 x 1.5 x 1.3 = 78
    assert band_of(later(days=15), customer_tier="vip", due_at=later(days=30)) == "needs_attention"
    assert band_of(later(days=8), customer_tier="vip", due_at=later(days=30)) == "on_track"


def test_within_a_band_score_then_due_date_then_id_decide() -> None:
    tickets = [
        PLAIN.changed(id="a", due_at=None),
        PLAIN.changed(id="b", due_at=later(days=9)),
        PLAIN.changed(id="d", due_at=later(days=8)),
        PLAIN.changed(id="c", due_at=later(days=8)),
        PLAIN.changed(id="e", priority="high", due_at=later(days=40)),
    ]
    for order in permutations(tickets):
        assert ids(work_queue(map(facts_of, order), MONDAY).on_track) == ["e", "c", "d", "b", "a"]


@each(st.lists(TICKETS, max_size=8), TIMES)
def test_everything_is_in_it_once_with_the_score_it_has_alone(some: list[Ticket], at: datetime) -> None:
    tickets = [ticket.changed(id=f"T-{number}") for number, ticket in enumerate(some)]
    queue = work_queue(map(facts_of, tickets), at)
    queued = {each.id: each for _, band in queue for each in band}
    assert sorted(queued) == sorted(ticket.id for ticket in tickets)
    for ticket in tickets:
        alone = priority_score(ticket, at)
        assert (queued[ticket.id].score, queued[ticket.id].factors) == (alone.score, alone.factors)
    for _, band in queue:
        assert [each.score for each in band] == sorted((each.score for each in band), reverse=True)


def test_as_json_it_has_the_form_of_the_page() -> None:
    queue = work_queue([facts_of(PLAIN.changed(customer_tier="vip", due_at=later(hours=3)))], MONDAY)
    document = read_json(write_json(queue))
    assert list(document) == ["needs_attention", "waiting_on_others", "on_track"]
    (first,) = document["needs_attention"]
    assert (first["id"], first["score"]) == ("T-1", 120.0)
    assert {name: value for name, value in first["factors"].items() if value != 1.0} == {
        "base": 40,
        "due_proximity": 2.0,
        "customer_tier": 1.5,
    }
    assert document["waiting_on_others"] == document["on_track"] == []


@pytest.fixture
def tickets() -> InMemoryTickets:
    return InMemoryTickets()


@pytest.fixture
def desk(tickets: InMemoryTickets) -> ServiceDesk:
    return ServiceDesk(tickets, directory(), lambda: MONDAY)


@pytest.fixture
def priorities(tickets: InMemoryTickets) -> PriorityService:
    return PriorityService(tickets, directory(), lambda: MONDAY)


def all_of(queue: WorkQueue) -> set[str]:
    return {ticket.id for _, band in queue for ticket in band}


async def test_an_agent_s_queue_is_what_the_agent_owns_and_a_team_s_what_was_opened_for_it(
    desk: ServiceDesk, priorities: PriorityService
) -> None:
    for ticket_id, team_id in (("T-1", "desk"), ("T-2", "desk"), ("T-3", "network"), ("T-4", None)):
        await desk.send(ticket_id, OpenTicket(subject="s", team_id=team_id))
    for ticket_id in ("T-1", "T-3", "T-4"):
        await desk.send(ticket_id, AcceptTicket(agent_id="anna"))
    assert all_of(await priorities.work_queue("anna")) == {"T-1", "T-3", "T-4"}
    assert all_of(await priorities.work_queue(team_id="desk")) == {"T-1", "T-2"}
    moved = TransferTicket(new_owner_id="ben", transfer_type="termination", reason="r", authorized_by="max")
    await desk.send("T-3", moved)
    await desk.send("T-1", ResolveTicket(agent_id="anna"))
    assert all_of(await priorities.work_queue(agent_id="anna")) == {"T-4"}
    assert all_of(await priorities.work_queue(team_id="desk")) == {"T-2"}
    assert all_of(await priorities.work_queue(agent_id="ben")) == {"T-3"}
    await desk.send("T-1", ReopenTicket())
    assert all_of(await priorities.work_queue(team_id="desk")) == {"T-1", "T-2"}


async def test_a_queue_and_a_score_are_of_the_clock_s_time_or_of_another(
    desk: ServiceDesk, priorities: PriorityService
) -> None:
    await desk.send("T-1", OpenTicket(subject="s", priority="low", team_id="desk"))
    await desk.send("T-1", AcceptTicket(agent_id="anna"))
    await desk.send("T-1", AwaitCustomer(agent_id="anna"))
    assert ids((await priorities.work_queue("anna")).waiting_on_others) == ["T-1"]
    assert ids((await priorities.work_queue("anna", later(days=2))).needs_attention) == ["T-1"]
    assert (await priorities.score("T-1")).score == 10
    assert (await priorities.score("T-1", later(days=4))).score == 36  # 10 x 3.0 breached x 1.2 stale
    east = later(days=4).astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert await priorities.score("T-1", east) == await priorities.score("T-1", later(days=4))


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (lambda service: service.score("T-9"), "ticket_unknown"),
        (lambda service: service.work_queue("nobody"), "agent_unknown"),
        (lambda service: service.work_queue(team_id="nothing"), "team_unknown"),
    ],
)
async def test_who_is_unknown_is_refused(
    priorities: PriorityService, asked: Callable[[PriorityService], object], code: str
) -> None:
    with pytest.raises(CommandRejected) as refused:
        await asked(priorities)  # type: ignore[misc] # each of them is a coroutine
    assert refused.value.code == code


async def test_who_has_nothing_to_do_has_an_empty_queue(priorities: PriorityService) -> None:
    assert (await priorities.work_queue("anna")).is_empty
    assert (await priorities.work_queue(team_id="desk")).is_empty


async def test_whoever_has_left_the_directory_keeps_what_was_left_behind(
    desk: ServiceDesk, tickets: InMemoryTickets
) -> None:
    await desk.send("T-1", OpenTicket(subject="s", team_id="desk"))
    await desk.send("T-1", AcceptTicket(agent_id="anna"))
    without_anna = directory()
    without_anna.apply(DirectoryChange("agent", "anna", None))
    later_on = PriorityService(tickets, without_anna, lambda: MONDAY)
    assert all_of(await later_on.work_queue("anna")) == {"T-1"}


async def test_a_wrong_question_is_a_value_error(priorities: PriorityService) -> None:
    with pytest.raises(ValueError, match="one of agent_id and team_id"):
        await priorities.work_queue()
    with pytest.raises(ValueError, match="one of agent_id and team_id"):
        await priorities.work_queue("anna", team_id="desk")
    with pytest.raises(ValueError, match="offset from UTC"):
        await priorities.work_queue("anna", datetime(2026, 1, 5))  # noqa: DTZ001 the point
