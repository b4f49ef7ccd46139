"""The library raises alerts as the alert worker does: what has come due, each level once (SPEC sections 6 and 9)."""

import inspect
from datetime import datetime

import pytest

from contracts.commands import OpenTicket
from services import Alert, AlertRejected, AlertService, InMemoryTickets, ServiceDesk, Stamp
from tests.services.cast import MONDAY, directory, later


@pytest.fixture
async def desk() -> ServiceDesk:
    desk = ServiceDesk(InMemoryTickets(), directory(), lambda: later(hours=1))
    await desk.send("T-1", OpenTicket(subject="s", team_id="desk"), Stamp("/test", "1", MONDAY))
    return desk


def _told(alerts: list[Alert]) -> list[tuple[str, int, tuple[int, ...]]]:
    return [(alert.condition, alert.level, alert.superseded_levels) for alert in alerts]


async def test_what_is_due_by_the_clock_is_raised_and_kept_with_the_ticket(desk: ServiceDesk) -> None:
    (alert,) = await AlertService(desk).check_ticket_alerts("T-1")
    assert (alert.condition, alert.level, alert.anchor_at, alert.raised_at) == (
        "not_assigned",
        1,
        MONDAY,
        later(hours=1),
    )
    assert [recipient.agent_id for recipient in alert.recipients] == ["anna", "ben", "lea", "max", "nora"]
    ticket = await desk.ticket("T-1")
    assert ticket is not None
    assert ticket.alerts == (alert,)


async def test_nothing_is_raised_before_its_time_nor_twice(desk: ServiceDesk) -> None:
    service = AlertService(desk)
    assert await service.check_ticket_alerts("T-1", later(minutes=59)) == []
    assert len(await service.check_ticket_alerts("T-1", later(hours=1))) == 1
    assert await service.check_ticket_alerts("T-1", later(hours=1)) == []


async def test_of_each_condition_the_highest_level_is_raised(desk: ServiceDesk) -> None:
    alerts = await AlertService(desk).check_ticket_alerts("T-1", later(hours=6))
    assert _told(alerts) == [("not_assigned", 3, (1, 2)), ("not_completed", 1, ())]


async def test_an_alert_has_the_id_the_alert_worker_gives_it(desk: ServiceDesk) -> None:
    (alert,) = await AlertService(desk).check_ticket_alerts("T-1")
    # UUIDv5 of "T-1\n/itilnext/alerts\nnot_assigned:1:2026-01-05T09:00:00.000000Z\nalert", by hand (SPEC section 3).
    assert alert.alert_id == "c0417f31-00d1-5f10-b484-a9bce33c3f5c"


async def test_checking_is_refused_without_a_ticket_or_an_offset(desk: ServiceDesk) -> None:
    service = AlertService(desk)
    with pytest.raises(AlertRejected, match="T-2") as refused:
        await service.check_ticket_alerts("T-2")
    assert refused.value.code == "ticket_unknown"
    with pytest.raises(ValueError, match="offset"):
        await service.check_ticket_alerts("T-1", datetime(2026, 1, 5, 9))  # noqa: DTZ001 that is what is refused


def test_its_signature_is_the_contracts() -> None:
    signature = inspect.signature(AlertService.check_ticket_alerts)
    assert list(signature.parameters) == ["self", "ticket_id", "at"]
    assert signature.return_annotation == list[Alert]


async def test_a_stamped_command_that_comes_again_changes_nothing(desk: ServiceDesk) -> None:
    before = await desk.ticket("T-1")
    assert await desk.send("T-1", OpenTicket(subject="other"), Stamp("/test", "1", later(hours=1))) == before
