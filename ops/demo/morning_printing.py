"""The morning in words and tables that a manager understands."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from contracts.model import ResolutionStatus, ResolutionTier
from contracts.ticket import Resolution
from ops.console import counted, print_line, print_table
from ops.demo.playing import Played
from ops.queue_rendering import print_queue
from services.money import HOME_CURRENCY, total, write_amount

_SHOWN = 5
_TIERS: tuple[tuple[ResolutionTier, str], ...] = (
    ("agent", "the agent alone, up to 100.00"),
    ("team_lead", "with a team lead, up to 500.00"),
    ("manager", "with a manager, above"),
)
_STATUSES: tuple[ResolutionStatus, ...] = ("approved", "rejected", "pending_approval")
_REFUSED = {
    "self_approval": "approving one's own",
    "not_authorized": "a team lead approving what a manager must",
    "resolution_pending": "resolving while an approval is pending",
}


def print_morning(played: Played) -> None:
    """Print the queue before, what customers were given and by whom, what is looked at again, and the queue after."""
    morning = played.morning
    customers = counted(len(morning.incidents), "customer")
    print_line(f"The morning after: {customers} of {morning.agent_id} came back.")
    print_queue(f"What {morning.agent_id} does first", played.before, morning.opens_at, _SHOWN)
    print_line("")
    _print_given([one for ticket in played.tickets for one in ticket.resolutions])
    print_line(
        f"Refused: {', '.join(f'{_REFUSED.get(code, code)} ({n})' for code, n in sorted(played.refused.items()))}."
    )
    print_line("")
    _print_reviews(played)
    print_line("")
    print_queue(f"What is left for {morning.agent_id}", played.after, morning.ends_at, _SHOWN)


def _print_given(resolutions: Sequence[Resolution]) -> None:
    rows = [
        (who, len(of_tier), *(_sum(one for one in of_tier if one.status == status) for status in _STATUSES))
        for tier, who in _TIERS
        for of_tier in [[one for one in resolutions if one.tier == tier]]
    ]
    columns = ("who gives it, by the sum per incident", "resolutions", "approved", "rejected", "waiting")
    print_table(f"What they were given, in {HOME_CURRENCY}", columns, rows)


def _print_reviews(played: Played) -> None:
    rows = [
        (ticket.id, one.calibration.reason, one.amount, one.status, one.calibration.outcome or "waits for a review")
        for ticket in played.tickets
        for one in ticket.resolutions
        if one.calibration is not None
    ]
    print_table(
        "Looked at again, so that it stays fair", ("incident", "because", "amount", "resolution", "verdict"), rows
    )


def _sum(resolutions: Iterable[Resolution]) -> str | None:
    given = [Decimal(one.amount or 0) for one in resolutions]
    return write_amount(total(given)) if given else None
