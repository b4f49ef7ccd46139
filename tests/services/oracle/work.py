"""What task, flag, resolution and calibration commands do to the clerk's book. Money is whole cents here."""

from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256

from tests.services.oracle.book import KNOWN_TEAMS, LEGAL_TEAM, ROLES, Book, Sent, refuse_if

SAMPLE_PERCENT = 50
LIMITS = {"EUR": (10_000, 50_000), "USD": (1_000, 2_000)}
"""Up to how many cents an agent and a team lead decide."""


def cents(amount: str) -> int:
    """Read an amount the clerk knows to be right."""
    whole, _, rest = amount.partition(".")
    return int(whole) * 100 + int(rest.ljust(2, "0"))


def _plan(book: Book, sent: Sent, _at: datetime) -> list[str]:
    agent, inside = sent["agent_id"], sent["envelope_id"]
    if inside is None:
        book.owner_only(agent)
    else:
        refuse_if(inside not in book.envelopes, "envelope_unknown")
        envelope = book.envelopes[inside]
        is_expert = envelope["status"] == "active" and envelope["expert"] == agent
        refuse_if(agent != book.owner and not is_expert, "not_envelope_participant")
    refuse_if(sent["task_id"] in book.tasks, "task_exists")
    identity = sent["task_id"] or sent.new_id("task")
    book.tasks[identity] = {"status": "open", "by": agent, "for": sent["assigned_to"]}
    return ["task.created"]


def _work(came_from: tuple[str, ...], goes_to: str, event: str) -> Callable[[Book, Sent, datetime], list[str]]:
    def work(book: Book, sent: Sent, _at: datetime) -> list[str]:
        refuse_if(sent["task_id"] not in book.tasks, "task_unknown")
        task = book.tasks[sent["task_id"]]
        refuse_if(task["status"] not in came_from, "task_not_open")
        refuse_if(sent["agent_id"] not in (book.owner, task["by"], task["for"]), "not_task_participant")
        task["status"] = goes_to
        return [event]

    return work


def _flag(book: Book, sent: Sent, _at: datetime) -> list[str]:
    refuse_if(sent["flag"] in book.flags, "flag_already_set")
    book.flags.append(sent["flag"])
    if sent["flag"] != "legal" or LEGAL_TEAM not in KNOWN_TEAMS:
        return ["flag.added"]
    book.enter_envelope(sent.new_id("envelope"), sent["agent_id"], LEGAL_TEAM, None, None)
    return ["flag.added", "envelope.created"]


def _unflag(book: Book, sent: Sent, _at: datetime) -> list[str]:
    refuse_if(sent["flag"] not in book.flags, "flag_not_set")
    book.flags.remove(sent["flag"])
    return ["flag.cleared"]


def _give(book: Book, sent: Sent, _at: datetime) -> list[str]:
    book.owner_only(sent["agent_id"])
    told = (sent["what_went_wrong"], sent["why_eligible"])
    refuse_if(any(text is None or text.isspace() or not text for text in told), "documentation_missing")
    amount, currency = sent["amount"], sent["currency"]
    refuse_if(amount is not None and amount not in RIGHT_AMOUNTS, "amount_invalid")
    refuse_if(currency not in LIMITS, "currency_unsupported")
    refuse_if(sent["resolution_id"] in book.resolutions, "resolution_exists")
    given = cents(amount) if amount else 0
    so_far = [
        one["cents"] for one in book.resolutions.values() if one["in"] == currency and one["status"] != "rejected"
    ]
    total = sum(so_far) + given
    agent_limit, lead_limit = LIMITS[currency]
    tier = "agent"
    if given and total > agent_limit:
        tier = "team_lead" if total <= lead_limit else "manager"
    identity = sent["resolution_id"] or sent.new_id("resolution")
    book.resolutions[identity] = {
        "cents": given,
        "in": currency,
        "total": total,
        "tier": tier,
        "status": "approved" if tier == "agent" else "pending_approval",
        "by": sent["agent_id"],
        "decided_by": sent["agent_id"] if tier == "agent" else None,
        "reason": _review_reason(book, identity, tier),
        "outcome": None,
    }
    asked = book.resolutions[identity]["reason"] is not None
    return ["resolution.created", "calibration.requested"] if asked else ["resolution.created"]


def _review_reason(book: Book, identity: str, tier: str) -> str | None:
    if tier == "manager":
        return "tier3"
    for flag in ("physical_damage", "social_media", "legal"):
        if flag in book.flags:
            return f"flagged_{flag}"
    drawn = int(sha256(identity.encode()).hexdigest()[:8], 16) % 100
    return "random_sample" if drawn < SAMPLE_PERCENT else None


def _decide(goes_to: str) -> Callable[[Book, Sent, datetime], list[str]]:
    def decide(book: Book, sent: Sent, _at: datetime) -> list[str]:
        refuse_if(sent["resolution_id"] not in book.resolutions, "resolution_unknown")
        one, approver = book.resolutions[sent["resolution_id"]], sent["approver_id"]
        refuse_if(one["status"] != "pending_approval", "resolution_not_pending")
        refuse_if(one["by"] == approver, "self_approval")
        refuse_if(ROLES[approver] == "agent", "not_authorized")
        refuse_if(one["tier"] == "manager" and ROLES[approver] != "manager", "not_authorized")
        one.update(status=goes_to, decided_by=approver)
        return [f"resolution.{goes_to}"]

    return decide


def _review(book: Book, sent: Sent, _at: datetime) -> list[str]:
    refuse_if(sent["resolution_id"] not in book.resolutions, "resolution_unknown")
    one, reviewer = book.resolutions[sent["resolution_id"]], sent["reviewer_id"]
    refuse_if(one["reason"] is None, "calibration_not_requested")
    refuse_if(one["outcome"], "already_reviewed")
    refuse_if(reviewer == one["by"], "self_review")
    refuse_if(one["status"] == "approved" and reviewer == one["decided_by"], "self_review")
    refuse_if(ROLES[reviewer] == "agent", "not_authorized")
    one["outcome"] = sent["outcome"]
    return ["calibration.reviewed"]


RIGHT_AMOUNTS = ("0", "0.50", "9.99", "10", "10.01", "50.5", "100.00", "400", "999999999999.99")
WRONG_AMOUNTS = (5, "", "-1", "1.234", "1e3", "NaN", "1000000000000")
"""The clerk tells amounts apart by sight, so these are the ones to send."""

WORK: Mapping[str, Callable[[Book, Sent, datetime], list[str]]] = {
    "task.create": _plan,
    "task.start": _work(("open",), "in_progress", "task.started"),
    "task.complete": _work(("open", "in_progress"), "completed", "task.completed"),
    "task.cancel": _work(("open", "in_progress"), "cancelled", "task.cancelled"),
    "flag.add": _flag,
    "flag.clear": _unflag,
    "resolution.create": _give,
    "resolution.approve": _decide("approved"),
    "resolution.reject": _decide("rejected"),
    "calibration.review": _review,
}
