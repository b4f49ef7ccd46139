"""What the tally counts, and whose answers it leaves out."""

from datetime import UTC, datetime

import pytest

from contracts.dead_letters import ERROR_CODE_HEADER
from contracts.events import Event, OwnershipTransferred, TicketAccepted
from contracts.json_values import write_json
from contracts.received import Position, RawRecord, ReceivedCommand, read_command
from contracts.recorded import NO_EVENT_YET, Cause, record_event
from contracts.rejections import Refusal, write_rejection
from ops.importing.tally import Tally

AT = datetime(2016, 2, 29, 1, 0, tzinfo=UTC)
SOURCE = "/connectors/servicenow"


@pytest.fixture
def tally() -> Tally:
    return Tally(SOURCE, {"INC1", "INC2"})


def _event(data: Event, command_id: str = "1", ticket: str = "INC1", source: str = SOURCE) -> bytes:
    return record_event(data, 0, Cause(ticket, source, command_id, None, AT), NO_EVENT_YET).value


def _close(ticket: str = "INC1", source: str = SOURCE) -> bytes:
    attributes = {"specversion": "1.0", "id": "1", "source": source, "type": "org.itilnext.ticket.close.v1"}
    return write_json({**attributes, "subject": ticket, "data": {}})


def _command(ticket: str = "INC1", source: str = SOURCE) -> ReceivedCommand:
    return read_command(RawRecord(Position(0, 0), 0, None, _close(ticket, source), ()))


def _transferred(owner: str, new_owner: str) -> OwnershipTransferred:
    return OwnershipTransferred(
        new_owner_id=new_owner,
        transfer_type="termination",
        reason="left",
        authorized_by="M",
        from_owner_id=owner,
        to_owner_id=new_owner,
    )


def test_one_command_may_have_several_events(tally: Tally) -> None:
    tally.event(_event(TicketAccepted(agent_id="A")))
    tally.event(_event(TicketAccepted(agent_id="A")))
    assert (tally.events, tally.answered) == (2, 1)


def test_a_ticket_that_gets_another_owner_is_an_owner_change(tally: Tally) -> None:
    tally.event(_event(TicketAccepted(agent_id="A"), "1"))
    tally.event(_event(TicketAccepted(agent_id="B"), "2", ticket="INC2"))
    assert tally.owner_changes == 0
    tally.event(_event(_transferred("A", "C"), "3"))
    assert tally.owner_changes == 1
    tally.event(_event(TicketAccepted(agent_id="A"), "4"))
    assert tally.owner_changes == 2


@pytest.mark.parametrize(("ticket", "source"), [("INC3", SOURCE), ("INC1", "/connectors/other")])
def test_what_others_have_sent_is_left_out(tally: Tally, ticket: str, source: str) -> None:
    tally.event(_event(TicketAccepted(agent_id="A"), ticket=ticket, source=source))
    tally.rejection(write_rejection(_command(ticket, source), Refusal("not_resolved", "It is open."), AT))
    tally.dead_letter(_close(ticket, source), ((ERROR_CODE_HEADER, b"internal_error"),))
    assert tally.answered == 0


def test_refusals_and_dead_letters_are_counted_by_code(tally: Tally) -> None:
    tally.rejection(write_rejection(_command(), Refusal("not_resolved", "It is open."), AT))
    tally.dead_letter(_close(), (("content-type", None), (ERROR_CODE_HEADER, b"internal_error")))
    assert (tally.rejections, tally.dead_letters, tally.answered) == ({"not_resolved": 1}, {"internal_error": 1}, 2)


@pytest.mark.parametrize("value", [None, b"", b"\xff", b"[]", b'{"a": 1}'])
def test_what_nobody_could_read_is_not_ours(tally: Tally, value: bytes | None) -> None:
    tally.dead_letter(value, ((ERROR_CODE_HEADER, b"not_json"),))
    assert tally.answered == 0
