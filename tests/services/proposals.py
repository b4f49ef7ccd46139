"""Commands somebody might send to the ticket in a clerk's book: likely ones mostly, wrong ones often enough.

`pick` chooses from a sequence; whether hypothesis or a seeded generator is behind it is the caller's.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from contracts import commands as c
from contracts import resolution_commands as r
from contracts.commands import Command
from contracts.model import Message
from tests.services.oracle import Book
from tests.services.oracle.alerts import anchor
from tests.services.oracle.work import RIGHT_AMOUNTS, WRONG_AMOUNTS

T = TypeVar("T")
PEOPLE = ("anna", "ben", "nina", "nora", "lea", "max")
STRANGERS = ("zoe", "ghost")
"""An inactive agent and an unknown one."""
PRIORITIES = ("critical", "high", "medium", "low")
FLAGS = ("physical_damage", "social_media", "vip", "legal", "repeat_contact")
TEXTS = (*("told",) * 12, None, "", " ")


class Pick(Protocol):
    """Chooses one of some values."""

    def __call__(self, choices: Sequence[T], /) -> T: ...


def _agent(pick: Pick, book: Book) -> str:
    """The owner half of the time, else anybody; a stranger now and then."""
    if pick((True, False)):
        return book.owner or "anna"
    return pick(STRANGERS if pick(range(8)) == 0 else PEOPLE)


def _maybe(pick: Pick, value: T) -> T | None:
    return pick((value, None))


def _one_of(pick: Pick, known: Mapping[str, object], unknown: str) -> str:
    return unknown if pick(range(10)) == 0 else pick([*known, unknown])


def _helper(pick: Pick, book: Book, envelope_id: str) -> str:
    """Who could be concerned with an envelope, or anybody."""
    envelope = book.envelopes.get(envelope_id)
    concerned: list[str] = [agent for agent in (envelope["expert"], envelope["by"]) if agent] if envelope else []
    return pick([*concerned, "nina", _agent(pick, book)])


def _open(pick: Pick, _book: Book) -> Message:
    return c.OpenTicket.read(
        {
            "subject": "s",
            "team_id": pick((None, "desk", "network", "nowhere")),
            "priority": pick(PRIORITIES),
            "requester_id": pick((None, "vera", "stan")),
        }
    )


def _transfer(pick: Pick, book: Book) -> Message:
    return c.TransferTicket(
        new_owner_id=_agent(pick, book),
        transfer_type=pick(("termination", "extended_leave", "termination", "holiday")),
        reason="r",
        authorized_by=pick(("max", "max", "max", _agent(pick, book))),
    )


def _note(pick: Pick, book: Book) -> Message:
    envelope_id = _maybe(pick, _one_of(pick, book.envelopes, "e9"))
    return c.AddNote.read(
        {
            "agent_id": _helper(pick, book, envelope_id or ""),
            "content": "n",
            "visibility": pick(("internal", "public", "envelope_only")),
            "envelope_id": envelope_id,
        }
    )


def _message(pick: Pick, book: Book) -> Message:
    said = {"direction": pick(("inbound", "outbound")), "content": "m", "agent_id": _maybe(pick, _agent(pick, book))}
    return c.RecordMessage.read(said)


def _ask(pick: Pick, book: Book) -> Message:
    return c.CreateEnvelope.read(
        {
            "agent_id": pick((_agent(pick, book), _helper(pick, book, _one_of(pick, book.envelopes, "e9")))),
            "reason": "r",
            "team_id": pick((None, "network", "network", "nowhere")),
            "expert_id": pick((None, None, "nina", _agent(pick, book))),
            "envelope_id": pick((None, "e1", "e2", "e3")),
        }
    )


def _on_envelope(model: type[Message]) -> Callable[[Pick, Book], Message]:
    def propose(pick: Pick, book: Book) -> Message:
        envelope_id = _one_of(pick, book.envelopes, "e9")
        return model.read({"envelope_id": envelope_id, "agent_id": _helper(pick, book, envelope_id)})

    return propose


def _plan(pick: Pick, book: Book) -> Message:
    envelope_id = _maybe(pick, _one_of(pick, book.envelopes, "e9"))
    return c.CreateTask.read(
        {
            "agent_id": pick((_agent(pick, book), _helper(pick, book, envelope_id or ""))),
            "title": "t",
            "envelope_id": envelope_id,
            "assigned_to": _maybe(pick, _agent(pick, book)),
            "task_id": pick((None, "t1", "t2", "t3")),
        }
    )


def _on_task(model: type[Message]) -> Callable[[Pick, Book], Message]:
    return lambda pick, book: model.read({"task_id": _one_of(pick, book.tasks, "t9"), "agent_id": _agent(pick, book)})


def _give(pick: Pick, book: Book) -> Message:
    return r.CreateResolution.read(
        {
            "agent_id": _agent(pick, book),
            "what_went_wrong": pick(TEXTS),
            "why_eligible": pick(TEXTS),
            "resolution_type": "refund",
            "amount": pick(WRONG_AMOUNTS) if pick(range(10)) == 0 else pick((None, *RIGHT_AMOUNTS)),
            "currency": pick((*("EUR", "USD") * 4, "XXX")),
            "resolution_id": pick((None, "r1", "r2", "r3")),
        }
    )


def _on_resolution(model: type[Message], by: str, **said: str) -> Callable[[Pick, Book], Message]:
    def propose(pick: Pick, book: Book) -> Message:
        agent = pick(("lea", "max", "max", _agent(pick, book)))
        return model.read({"resolution_id": _one_of(pick, book.resolutions, "r9"), by: agent, **said})

    return propose


def _alert(pick: Pick, book: Book) -> Message:
    condition = pick(("not_assigned", "not_updated", "not_completed"))
    now = book.updated_at or datetime.fromisoformat("2026-01-05T09:00:00Z")
    start = (anchor(book, condition) if book.opened_at else None) or now
    return c.RaiseAlert.read(
        {
            "condition": condition,
            "level": pick((1, 1, 2, 3)),
            "anchor_at": start + timedelta(seconds=pick((0, 0, 0, 1))),
            "at": now + timedelta(seconds=pick((0, 300, 3_600, 86_400))),
        }
    )


def _by_agent(model: type[Message]) -> Callable[[Pick, Book], Message]:
    return lambda pick, book: model.read({"agent_id": _agent(pick, book)})


def _flagging(model: type[Message]) -> Callable[[Pick, Book], Message]:
    return lambda pick, book: model.read({"agent_id": _agent(pick, book), "flag": pick(FLAGS)})


PROPOSALS: Mapping[str, Callable[[Pick, Book], Message]] = {
    "ticket.open": _open,
    "ticket.accept": _by_agent(c.AcceptTicket),
    "ticket.transfer": _transfer,
    "ticket.change_priority": lambda pick, book: c.ChangePriority.read(
        {"agent_id": _agent(pick, book), "priority": pick(PRIORITIES)}
    ),
    "ticket.await_customer": _by_agent(c.AwaitCustomer),
    "ticket.resume": _by_agent(c.ResumeTicket),
    "ticket.resolve": _by_agent(c.ResolveTicket),
    "ticket.close": lambda pick, book: c.CloseTicket.read({"agent_id": _maybe(pick, _agent(pick, book))}),
    "ticket.reopen": lambda _pick, _book: c.ReopenTicket(requested_by="ghost"),
    "note.add": _note,
    "message.record": _message,
    "envelope.create": _ask,
    "envelope.accept": _on_envelope(c.AcceptEnvelope),
    "envelope.complete": _on_envelope(c.CompleteEnvelope),
    "envelope.cancel": _on_envelope(c.CancelEnvelope),
    "task.create": _plan,
    "task.start": _on_task(c.StartTask),
    "task.complete": _on_task(c.CompleteTask),
    "task.cancel": _on_task(c.CancelTask),
    "flag.add": _flagging(c.AddFlag),
    "flag.clear": _flagging(c.ClearFlag),
    "resolution.create": _give,
    "resolution.approve": _on_resolution(r.ApproveResolution, "approver_id"),
    "resolution.reject": _on_resolution(r.RejectResolution, "approver_id"),
    "calibration.review": _on_resolution(r.ReviewCalibration, "reviewer_id", outcome="upheld"),
    "alert.raise": _alert,
    "alert.acknowledge": lambda pick, book: c.AcknowledgeAlert(
        alert_id=_one_of(pick, book.alerts, "a9"), agent_id=_agent(pick, book)
    ),
}


def propose(pick: Pick, book: Book) -> Command:
    """Return a command for the ticket in the book; what is not possible yet is rarely proposed."""
    if book.opened_at is None and pick(range(10)):
        return _command(_open(pick, book))
    if book.owner is None and pick(range(3)) == 0:
        return _command(PROPOSALS["ticket.accept"](pick, book))
    return _command(PROPOSALS[pick(tuple(PROPOSALS))](pick, book))


def _command(message: Message) -> Command:
    assert isinstance(message, Command)
    return message
