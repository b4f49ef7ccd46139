"""A work queue as a person reads it: the bands in colours, due dates from where the reader stands, and why.

What is in which band and in which order was decided before; nothing here weighs anything.
"""

from datetime import datetime, timedelta

from ops.console import local, print_line, print_table
from services.work_queue import QueuedTicket, WorkQueue

_BANDS = {
    "needs_attention": ("Needs attention", "bold red"),
    "waiting_on_others": ("Waiting on others", "yellow"),
    "on_track": ("On track", "green"),
}
_COLUMNS = ("score", "ticket", "subject", "priority", "status", "owner", "due", "why")
_WORDS = {
    "customer_tier": "the customer's tier",
    "open_envelope": "an open envelope",
    "staleness": "untouched for long",
    "customer_waiting": "no first response",
}
_LONGEST_SUBJECT = 60


def print_queue(title: str, queue: WorkQueue, at: datetime, limit: int) -> None:
    """Print the bands of a queue, no more than so many tickets of each, and why the first is on top."""
    print_line(title)
    if queue.is_empty:
        print_line("Nothing to do: no open ticket is in this queue.")
        return
    for band, tickets in queue:
        name, style = _BANDS[band]
        if tickets:
            print_table(f"{name}: {len(tickets)}", _COLUMNS, [_row(each, at) for each in tickets[:limit]], style)
        if len(tickets) > limit:
            more = f"{len(tickets) - limit:,} more"
            print_line(f"... and {more}: `itilnext queue --limit N` shows more, `--json` has all.")
    first = next(tickets[0] for _, tickets in queue if tickets)
    print_line(f"On top is {first.id}: {_sum(first, at)} = {first.score:g}.")


def why(queued: QueuedTicket, at: datetime) -> str:
    """Return what a ticket's score is made of beside its priority, the strongest first."""
    return ", ".join(f"{words} x{value:g}" for words, value in _effects(queued, at))


def _row(queued: QueuedTicket, at: datetime) -> tuple[object, ...]:
    subject = queued.subject
    return (
        f"{queued.score:.2f}",
        queued.id,
        subject if len(subject) <= _LONGEST_SUBJECT else f"{subject[: _LONGEST_SUBJECT - 3]}...",
        queued.priority,
        queued.status,
        queued.owner_id,
        "" if queued.due_at is None else local(queued.due_at),
        why(queued, at),
    )


def _sum(queued: QueuedTicket, at: datetime) -> str:
    base = f"{queued.factors['base']:g} ({queued.priority})"
    return " x ".join([base, *(f"{value:g} ({words})" for words, value in _effects(queued, at))])


def _effects(queued: QueuedTicket, at: datetime) -> list[tuple[str, float]]:
    effective = [(name, value) for name, value in queued.factors.items() if name != "base" and value != 1]
    return [(_in_words(name, queued, at), value) for name, value in sorted(effective, key=lambda each: -each[1])]


def _in_words(name: str, queued: QueuedTicket, at: datetime) -> str:
    if name == "flag":
        return " and ".join(queued.flags)
    if name == "due_proximity" and queued.due_at is not None:
        left = queued.due_at - at
        return f"due in {_span(left)}" if left > timedelta(0) else f"overdue by {_span(-left)}"
    return _WORDS[name]


def _span(span: timedelta) -> str:
    """Return a span in its two largest units, to the minute."""
    minutes = int(span.total_seconds()) // 60
    parts = ((minutes // 1440, "d"), (minutes // 60 % 24, "h"), (minutes % 60, "min"))
    told = [f"{number} {unit}" for number, unit in parts if number]
    return " ".join(told[:2]) or "0 min"
