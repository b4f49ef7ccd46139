"""The report of an import in words a manager understands."""

from collections.abc import Mapping

from ops.console import print_line, print_table
from ops.importing.report import ImportReport

_IN_WORDS: Mapping[str, str] = {
    "ticket.opened": "tickets opened",
    "ticket.accepted": "tickets accepted by an owner",
    "ticket.priority_changed": "priorities changed",
    "ticket.awaiting_customer": "waits for the customer begun",
    "ticket.resumed": "waits for the customer ended",
    "ticket.resolved": "tickets resolved",
    "ticket.closed": "tickets closed",
    "ticket.reopened": "tickets reopened",
    "note.added": "internal notes",
    "envelope.created": "envelopes opened: an owner asked somebody in",
    "envelope.accepted": "envelopes accepted by who was asked",
    "envelope.completed": "envelopes completed",
}


def print_report(report: ImportReport) -> None:
    """Print what an import came to."""
    if report.was_imported_before:
        print_line(
            f"{report.file} was imported before: all {report.commands} commands were known, nothing has changed."
        )
        return
    print_table(
        f"{report.file}: {report.incidents} incidents, {report.rows} changes",
        ("ownership", ""),
        (
            ("owner changes in the source", report.owner_changes_in_source),
            ("owner changes here", report.owner_changes_here),
            ("envelopes instead", report.envelopes),
        ),
    )
    done = sorted(report.outcomes.items(), key=lambda outcome: -outcome[1])
    print_table("", ("what happened", ""), ((_IN_WORDS.get(name, name), count) for name, count in done))
    _print_refused(report)
    print_line(
        f"{report.commands} commands gave {report.events} events in {report.seconds:.1f} s; "
        f"{report.refused} were refused, {report.duplicates} were known already."
    )


def _print_refused(report: ImportReport) -> None:
    refused = [(f"refused: {code}", count) for code, count in report.rejections.items()]
    unreadable = [(f"in the DLQ: {code}", count) for code, count in report.dead_letters.items()]
    if refused or unreadable:
        print_table("", ("what came to nothing", ""), refused + unreadable)
