"""What a look at a fleet comes to: checks, each with its remedy where something is to be done."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Literal

from ops.console import ExitCode
from ops.target import Target

Verdict = Literal["ok", "note", "wrong"]
MAX_SKEW_SECONDS = 60.0
"""A command is refused when its time is five minutes after its record's: clocks that differ by one are on the way."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; a `remedy` where something is to be done."""

    name: str
    verdict: Verdict
    detail: str
    remedy: str = ""
    exit_code: ExitCode = ExitCode.FOUND_WRONG


Look = Callable[[Target], AsyncIterator[Check]]


def clock(name: str, ahead: float, remedy: str) -> Check:
    """Return what a clock comes to that is so many seconds ahead of this machine's."""
    detail = f"{abs(ahead):.1f} s {'ahead of' if ahead > 0 else 'behind'} this machine's"
    return Check(name, "ok", detail) if abs(ahead) < MAX_SKEW_SECONDS else Check(name, "wrong", detail, remedy)
