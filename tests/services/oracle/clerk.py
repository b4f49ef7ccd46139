"""The clerk's order of refusals, and what ticket, note, message and envelope commands do to the book."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from tests.services.oracle.alerts import ALERTS
from tests.services.oracle.book import INACTIVE, KNOWN_TEAMS, OPEN_ENVELOPE, ROLES, TEAMS, Book, Sent, refuse_if
from tests.services.oracle.work import WORK

WHEN_RESOLVED = "ticket.close ticket.reopen note.add message.record calibration.review alert.raise alert.acknowledge"
WHEN_CLOSED = "ticket.reopen calibration.review"
NAMES_AGENTS = ("agent_id", "new_owner_id", "authorized_by", "approver_id", "reviewer_id", "assigned_to")


def judge(book: Book, sent: Sent) -> list[str] | None:
    """Enter a command and name the events that follow, None for a duplicate.

    Raises:
        Refused: with the code; the book is as before.
    """
    if (sent.source, sent.id) in book.accepted:
        return None
    refuse_if(sent.at - sent.recorded_at > timedelta(minutes=5), "time_in_future")
    at = max(sent.at, book.updated_at or sent.at)
    if sent.name == "ticket.open":
        refuse_if(book.opened_at, "ticket_exists")
        events = _open(book, sent, at)
    else:
        _before_the_row(book, sent)
        events = _RULES[sent.name](book, sent, at)
        if events != ["alert.raised"] and not (events == ["message.recorded"] and sent["direction"] == "inbound"):
            book.activity_at = at
    book.updated_at = at
    book.accepted.add((sent.source, sent.id))
    return events


def _before_the_row(book: Book, sent: Sent) -> None:
    refuse_if(book.opened_at is None, "ticket_unknown")
    refuse_if(book.status == "closed" and sent.name not in WHEN_CLOSED.split(), "ticket_closed")
    refuse_if(book.status == "resolved" and sent.name not in WHEN_RESOLVED.split(), "ticket_resolved")
    if sent.name == "ticket.transfer":
        refuse_if(sent["transfer_type"] not in ("termination", "extended_leave"), "transfer_not_exceptional")
    agents = [sent[name] for name in NAMES_AGENTS if sent.fields.get(name)]
    refuse_if(any(agent not in ROLES for agent in agents), "agent_unknown")
    refuse_if(any(agent in INACTIVE for agent in agents), "agent_inactive")


def _open(book: Book, sent: Sent, at: datetime) -> list[str]:
    refuse_if(sent["team_id"] and sent["team_id"] not in KNOWN_TEAMS, "team_unknown")
    book.opened_at, book.team, book.priority = at, sent["team_id"], sent["priority"]
    book.vip = sent["requester_id"] == "vera"
    return ["ticket.opened"]


def _accept(book: Book, sent: Sent, _at: datetime) -> list[str]:
    refuse_if(book.owner, "ticket_already_owned")
    refuse_if(sent["agent_id"] in sent.full, "agent_at_capacity")
    book.owner = sent["agent_id"]
    return ["ticket.accepted"]


def _transfer(book: Book, sent: Sent, _at: datetime) -> list[str]:
    refuse_if(book.owner is None, "ticket_unowned")
    refuse_if(ROLES[sent["authorized_by"]] != "manager", "not_authorized")
    refuse_if(sent["new_owner_id"] == book.owner, "same_owner")
    refuse_if(sent["new_owner_id"] in sent.full, "agent_at_capacity")
    book.owner = sent["new_owner_id"]
    return ["ticket.ownership_transferred"]


def _change_priority(book: Book, sent: Sent, _at: datetime) -> list[str]:
    refuse_if(sent["agent_id"] != book.owner and ROLES[sent["agent_id"]] == "agent", "not_owner")
    refuse_if(sent["priority"] == book.priority, "no_change")
    book.priority = sent["priority"]
    return ["ticket.priority_changed"]


def _await(book: Book, sent: Sent, at: datetime) -> list[str]:
    refuse_if(book.owner is None, "ticket_unowned")
    book.owner_only(sent["agent_id"])
    refuse_if(book.status == "waiting_customer", "no_change")
    book.pause(at)
    return ["ticket.awaiting_customer"]


def _resume(book: Book, sent: Sent, at: datetime) -> list[str]:
    book.owner_only(sent["agent_id"])
    refuse_if(book.status != "waiting_customer", "no_change")
    book.go_on(at)
    return ["ticket.resumed"]


def _resolve(book: Book, sent: Sent, at: datetime) -> list[str]:
    book.owner_only(sent["agent_id"])
    refuse_if(book.has_open_envelope, "envelopes_open")
    refuse_if(any(one["status"] == "pending_approval" for one in book.resolutions.values()), "resolution_pending")
    book.pause(at)
    book.resolved_at = at
    return ["ticket.resolved"]


def _close(book: Book, sent: Sent, at: datetime) -> list[str]:
    refuse_if(book.status != "resolved", "not_resolved")
    agent = sent["agent_id"]
    refuse_if(agent and agent != book.owner and ROLES[agent] == "agent", "not_owner")
    book.closed_at = at
    return ["ticket.closed"]


def _reopen(book: Book, _sent: Sent, at: datetime) -> list[str]:
    refuse_if(book.status not in ("resolved", "closed"), "not_resolved")
    book.go_on(at)
    book.resolved_at = book.closed_at = None
    return ["ticket.reopened"]


def _note(book: Book, sent: Sent, at: datetime) -> list[str]:
    if sent["visibility"] == "public":
        book.owner_only(sent["agent_id"])
    envelope = book.envelopes.get(sent["envelope_id"])
    refuse_if(not envelope and (sent["envelope_id"] or sent["visibility"] == "envelope_only"), "envelope_unknown")
    if sent["visibility"] == "envelope_only" and envelope:
        takes_part = (book.owner, envelope["by"], envelope["expert"])
        refuse_if(sent["agent_id"] not in takes_part, "not_envelope_participant")
    if sent["visibility"] == "public":
        book.response_at = book.response_at or at
    return ["note.added"]


def _message(book: Book, sent: Sent, at: datetime) -> list[str]:
    if sent["direction"] == "outbound":
        book.owner_only(sent["agent_id"])
        book.response_at = book.response_at or at
    elif book.status == "waiting_customer":
        book.go_on(at)
        return ["message.recorded", "ticket.resumed"]
    return ["message.recorded"]


def _ask(book: Book, sent: Sent, _at: datetime) -> list[str]:
    refuse_if(book.owner is None, "ticket_unowned")
    agent, team, expert = sent["agent_id"], sent["team_id"], sent["expert_id"]
    own = [one for one in book.envelopes.values() if one["status"] == "active" and one["expert"] == agent]
    refuse_if(agent != book.owner and not own, "not_owner")
    refuse_if(team and team not in KNOWN_TEAMS, "team_unknown")
    refuse_if(expert and (expert not in ROLES or expert in INACTIVE), "expert_unknown")
    refuse_if(not (team or expert or book.team), "envelope_target_missing")
    refuse_if(expert == book.owner, "owner_cannot_assist")
    refuse_if(sent["envelope_id"] in book.envelopes, "envelope_exists")
    above = None
    if agent != book.owner:
        above = max(own, key=lambda one: (one["level"], one["accepted_at"], one["number"]))
    target = team if team or expert else book.team
    book.enter_envelope(sent["envelope_id"] or sent.new_id("envelope"), agent, target, expert, above)
    return ["envelope.created"]


def _help(book: Book, sent: Sent, at: datetime) -> list[str]:
    refuse_if(sent["envelope_id"] not in book.envelopes, "envelope_unknown")
    envelope, agent = book.envelopes[sent["envelope_id"]], sent["agent_id"]
    refuse_if(envelope["status"] != "pending", "envelope_not_pending")
    refuse_if(agent == book.owner, "owner_cannot_assist")
    refuse_if(envelope["expert"] and envelope["expert"] != agent, "assigned_to_other")
    refuse_if(not envelope["expert"] and envelope["team"] not in TEAMS.get(agent, []), "not_team_member")
    envelope.update(status="active", expert=agent, accepted_at=at)
    return ["envelope.accepted"]


def _finish(book: Book, sent: Sent, _at: datetime) -> list[str]:
    refuse_if(sent["envelope_id"] not in book.envelopes, "envelope_unknown")
    envelope = book.envelopes[sent["envelope_id"]]
    refuse_if(envelope["status"] != "active", "envelope_not_active")
    refuse_if(sent["agent_id"] not in (envelope["expert"], book.owner), "not_envelope_participant")
    envelope["status"] = "completed"
    return ["envelope.completed"]


def _take_back(book: Book, sent: Sent, _at: datetime) -> list[str]:
    refuse_if(sent["envelope_id"] not in book.envelopes, "envelope_unknown")
    envelope = book.envelopes[sent["envelope_id"]]
    refuse_if(envelope["status"] not in OPEN_ENVELOPE, "envelope_not_open")
    refuse_if(sent["agent_id"] not in (envelope["by"], book.owner), "not_envelope_participant")
    envelope["status"] = "cancelled"
    return ["envelope.cancelled"]


_RULES: Mapping[str, Callable[[Book, Sent, datetime], list[str]]] = {
    "ticket.accept": _accept,
    "ticket.transfer": _transfer,
    "ticket.change_priority": _change_priority,
    "ticket.await_customer": _await,
    "ticket.resume": _resume,
    "ticket.resolve": _resolve,
    "ticket.close": _close,
    "ticket.reopen": _reopen,
    "note.add": _note,
    "message.record": _message,
    "envelope.create": _ask,
    "envelope.accept": _help,
    "envelope.complete": _finish,
    "envelope.cancel": _take_back,
    **WORK,
    **ALERTS,
}
