"""The report on resolutions: what reviews came to, and what customers were given (SPEC section 8).

The team of a resolution is that of who made it, else the ticket's; its category is `what_category`, what went wrong.
"""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from contracts.ticket import Part, Resolution
from services.decision import Directory
from services.money import write_amount
from services.resolution_lists import CaseResolution
from services.teams import team_id_for

NOT_TOLD = "-"
"""The key of what has no team or no category."""
ReviewsBy = Literal["reason", "agent", "team"]
CompensationBy = Literal["agent", "team", "category"]


class Reviews(Part):
    """What the reviews of one reason, agent or team came to; `waiting` were asked for and not given yet."""

    by: ReviewsBy
    key: str
    upheld: int
    revised: int
    coaching_needed: int
    waiting: int


class Compensation(Part):
    """What one agent, team or category gave in one currency: the number of approved resolutions, and sums."""

    by: CompensationBy
    key: str
    currency: str
    resolutions: int
    approved: str
    pending: str


class ResolutionReport(Part):
    """Rows by what they are about, then by key and currency."""

    reviews: tuple[Reviews, ...]
    compensation: tuple[Compensation, ...]


@dataclass(slots=True)
class _Sums:
    resolutions: int = 0
    approved: Decimal = Decimal(0)
    pending: Decimal = Decimal(0)


@dataclass(slots=True)
class ReportTally:
    """Takes resolutions one after the other; `report` is what they come to so far."""

    directory: Directory
    _reviews: dict[tuple[ReviewsBy, str], Counter[str]] = field(default_factory=dict)
    _compensation: dict[tuple[CompensationBy, str, str], _Sums] = field(default_factory=dict)

    def take(self, case: CaseResolution) -> None:
        """Count a resolution in; a rejected one gave nothing, but may be reviewed."""
        team = team_id_for(case.ticket, case.resolution.created_by, self.directory) or NOT_TOLD
        self._take_review(case.resolution, team)
        self._take_compensation(case.resolution, team)

    def report(self) -> ResolutionReport:
        """Return the report."""
        return ResolutionReport(
            reviews=tuple(
                Reviews(
                    by=by,
                    key=key,
                    upheld=outcomes["upheld"],
                    revised=outcomes["revised"],
                    coaching_needed=outcomes["coaching_needed"],
                    waiting=outcomes["waiting"],
                )
                for (by, key), outcomes in sorted(self._reviews.items())
            ),
            compensation=tuple(
                Compensation(
                    by=by,
                    key=key,
                    currency=currency,
                    resolutions=sums.resolutions,
                    approved=write_amount(sums.approved),
                    pending=write_amount(sums.pending),
                )
                for (by, key, currency), sums in sorted(self._compensation.items())
            ),
        )

    def _take_review(self, resolution: Resolution, team: str) -> None:
        calibration = resolution.calibration
        if calibration is None:
            return
        keys: tuple[tuple[ReviewsBy, str], ...] = (
            ("reason", calibration.reason),
            ("agent", resolution.created_by),
            ("team", team),
        )
        for key in keys:
            self._reviews.setdefault(key, Counter())[calibration.outcome or "waiting"] += 1

    def _take_compensation(self, resolution: Resolution, team: str) -> None:
        if resolution.amount is None or resolution.status == "rejected":
            return
        keys: tuple[tuple[CompensationBy, str], ...] = (
            ("agent", resolution.created_by),
            ("team", team),
            ("category", resolution.what_category or NOT_TOLD),
        )
        amount = Decimal(resolution.amount)
        for by, key in keys:
            sums = self._compensation.setdefault((by, key, resolution.currency), _Sums())
            if resolution.status == "approved":
                sums.resolutions += 1
                sums.approved += amount
            else:
                sums.pending += amount
