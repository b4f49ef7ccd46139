"""When alerts come due: three conditions, three levels, one round per anchor (SPEC section 6).

A round of a condition begins at its anchor and ends when the anchor moves; within it each level is raised, or
superseded by a higher one, at most once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, assert_never, get_args

from contracts.model import Condition
from contracts.ticket import Ticket
from services.decision import Directory
from services.sla import DEFAULT_THRESHOLDS, parse_duration

CONDITIONS: tuple[Condition, ...] = get_args(Condition)
LEVELS = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class Cell:
    """One level of one condition of one ticket.

    Reached at `due_at`; `counted` once raised or superseded in this round.
    """

    condition: Condition
    level: int
    anchor_at: datetime
    due_at: datetime
    counted: bool


class Outlook(NamedTuple):
    """A ticket at an instant: `due` holds of each condition the highest level reached, unless it counts already.

    `then` is when a level comes due after the instant, whatever becomes of those; None where none will.
    """

    due: list[Cell]
    then: datetime | None


def anchor_of(ticket: Ticket, condition: Condition) -> datetime | None:
    """Return where the condition's clock starts, None while the condition does not hold."""
    match condition:
        case "not_assigned":
            return ticket.opened_at if ticket.status == "new" else None
        case "not_updated":
            return ticket.agent_activity_at if ticket.status in ("in_progress", "waiting_internal") else None
        case "not_completed":
            return ticket.due_at if ticket.status not in ("resolved", "closed", "waiting_customer") else None
        case _:
            assert_never(condition)


def counted_levels(ticket: Ticket, condition: Condition, anchor_at: datetime) -> frozenset[int]:
    """Return the levels of a round that were raised, or superseded by one that was."""
    return frozenset(
        level
        for alert in ticket.alerts
        if alert.condition == condition and alert.anchor_at == anchor_at
        for level in (alert.level, *alert.superseded_levels)
    )


def reached_at(directory: Directory, ticket: Ticket, condition: Condition, level: int, anchor_at: datetime) -> datetime:
    """Return the instant a level is reached, on the calendar of the ticket's priority."""
    threshold = _threshold(directory, ticket, condition, level)
    calendar = directory.business_time(ticket.priority)
    if condition == "not_completed":
        return calendar.subtract(anchor_at, threshold)
    return calendar.add(anchor_at, threshold)


def cells(ticket: Ticket, directory: Directory) -> Iterator[Cell]:
    """Yield the cells of every condition that holds, three levels each."""
    for condition in CONDITIONS:
        anchor_at = anchor_of(ticket, condition)
        if anchor_at is None:
            continue
        counted = counted_levels(ticket, condition, anchor_at)
        for level in LEVELS:
            due_at = reached_at(directory, ticket, condition, level, anchor_at)
            yield Cell(condition, level, anchor_at, due_at, level in counted)


def outlook(ticket: Ticket, directory: Directory, at: datetime) -> Outlook:
    """Return what is to be raised at an instant, and when the next level comes due after it."""
    reached: dict[Condition, Cell] = {}
    then: datetime | None = None
    for cell in cells(ticket, directory):
        if cell.due_at <= at:
            reached[cell.condition] = cell
        elif not cell.counted and (then is None or cell.due_at < then):
            then = cell.due_at
    return Outlook([cell for cell in reached.values() if not cell.counted], then)


def next_due_at(ticket: Ticket, directory: Directory) -> datetime | None:
    """Return when the ticket's next level comes due (it may be past already), None where none will.

    A level below one that counts never comes due again: it was raised or superseded with it.
    """
    return min((cell.due_at for cell in cells(ticket, directory) if not cell.counted), default=None)


def _threshold(directory: Directory, ticket: Ticket, condition: Condition, level: int) -> timedelta:
    texts = directory.policy.thresholds.get(ticket.priority, {}).get(condition)
    if texts is None:
        return DEFAULT_THRESHOLDS[ticket.priority][condition][level - 1]
    return parse_duration(texts[level - 1])
