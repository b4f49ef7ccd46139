"""What alert commands do to the clerk's book. Who is told is not judged here: the clerk is told who was."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from tests.services.oracle.book import ROLES, Book, Sent, refuse_if

MINUTES = {
    "critical": {"not_assigned": (5, 10, 15), "not_updated": (15, 30, 45), "not_completed": (30, 15, 0)},
    "high": {"not_assigned": (15, 30, 60), "not_updated": (60, 120, 180), "not_completed": (60, 30, 0)},
    "medium": {"not_assigned": (60, 120, 240), "not_updated": (240, 360, 480), "not_completed": (120, 60, 0)},
    "low": {"not_assigned": (240, 480, 960), "not_updated": (480, 960, 1440), "not_completed": (240, 120, 0)},
}


def anchor(book: Book, condition: str) -> datetime | None:
    """Return when the condition's clock starts, None where it does not hold."""
    holds = {
        "not_assigned": (book.status == "new", book.opened_at),
        "not_updated": (book.status in ("in_progress", "waiting_internal") and book.owner, book.activity_at),
        "not_completed": (book.status not in ("resolved", "closed", "waiting_customer"), book.due_at),
    }
    true, start = holds[condition]
    return start if true else None


def wanted(book: Book, at: datetime) -> Iterator[tuple[str, int, datetime]]:
    """Yield what has to be asked for at an instant, by looking at everything: condition, level and anchor."""
    if book.opened_at is None:
        return
    for condition, thresholds in MINUTES[book.priority].items():
        start = anchor(book, condition)
        if start is None:
            continue
        sign = -1 if condition == "not_completed" else 1
        reached = [n for n, minutes in enumerate(thresholds, 1) if start + sign * timedelta(minutes=minutes) <= at]
        if reached and reached[-1] not in book.rounds.get((condition, start), ()):
            yield condition, reached[-1], start


def _raise(book: Book, sent: Sent, _at: datetime) -> list[str]:
    refuse_if(sent.source != "/itilnext/alerts", "not_authorized")
    condition, level, start = sent["condition"], sent["level"], sent["anchor_at"]
    counted = book.rounds.setdefault((condition, start), set())
    refuse_if(level in counted, "alert_already_raised")
    refuse_if(anchor(book, condition) != start, "alert_stale")
    minutes = timedelta(minutes=MINUTES[book.priority][condition][level - 1])
    reached = start - minutes if condition == "not_completed" else start + minutes
    refuse_if(sent["at"] < reached, "alert_stale")
    counted.update(range(1, level + 1))
    book.alerts[sent.new_id("alert")] = {"told": set(), "by": None}
    return ["alert.raised"]


def _acknowledge(book: Book, sent: Sent, _at: datetime) -> list[str]:
    refuse_if(sent["alert_id"] not in book.alerts, "alert_unknown")
    alert, agent = book.alerts[sent["alert_id"]], sent["agent_id"]
    refuse_if(alert["by"], "already_acknowledged")
    refuse_if(agent not in alert["told"] and ROLES[agent] == "agent", "not_authorized")
    alert["by"] = agent
    return ["alert.acknowledged"]


ALERTS: Mapping[str, Callable[[Book, Sent, datetime], list[str]]] = {
    "alert.raise": _raise,
    "alert.acknowledge": _acknowledge,
}
