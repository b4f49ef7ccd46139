"""What a demo ends in: the report, and what to try next."""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from contracts.cloudevents import event_type
from ops.cases import Case
from ops.console import print_line
from ops.demo.morning_printing import print_morning
from ops.demo.run import Demonstrated
from ops.demo.three_views import print_three_views
from ops.importing import Import
from ops.importing.printing import audit_in_words, print_report
from ops.sample import INCIDENT_LOG


def print_demo(done: Demonstrated, log: Import, case: Case | None) -> None:
    """Print what a demo came to for people; `case` is an incident with an envelope, for three views of it."""
    print_report(done.report.model_copy(update={"audit": None}))
    print_line("")
    print_morning(done.played)
    print_line("")
    if done.report.audit is not None:
        print_line(audit_in_words(done.report.audit))
        print_line("")
    if case is not None:
        print_three_views(case)
        print_line("")
    print_line("What to try next:")
    for command, purpose in next_steps(log.commands):
        print_line(f"  {command}")
        print_line(f"      {purpose}")


def helped_incident(commands: Iterable[Mapping[str, Any]]) -> str:
    """Return the first incident on which an owner asks somebody in."""
    return next(str(each["subject"]) for each in commands if each["type"] == event_type("envelope.create"))


def next_steps(commands: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Return commands worth a try after the demo, each with what it shows."""
    program = _program()
    helped = helped_incident(commands)
    return [
        (f"{program} up --detach", "starts a fleet that stays, with its own Kafka and Redis"),
        (f"{program} import servicenow {_near(INCIDENT_LOG)}", "the same log into it; a second time changes nothing"),
        (f"{program} show {helped}", "a ticket on which an owner asked somebody in, with its history"),
        (f"{program} tail events", "what happens, as it happens"),
        (f"{program} audit", "reads the whole log again and says whether it holds"),
        (f"{program} down", "stops the fleet; its data is kept"),
    ]


def _program() -> str:
    """Return how this command line is called from here."""
    started_as = Path(sys.argv[0])
    is_here = started_as.name == "itilnext" and started_as.is_relative_to(Path.cwd())
    return _near(started_as) if is_here else "itilnext"


def _near(path: Path) -> str:
    """Return the path as it is written from the current folder, where it lies within."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
