"""The report of an import in words a manager understands."""

from collections.abc import Mapping

from ops.audit.report import AuditReport
from ops.console import counted, print_line, print_table
from ops.importing.report import ImportReport
from services.alert_rounds import LEVELS

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
    """Print what an import came to, and the verdict of its audit."""
    if report.was_imported_before:
        known = f"{counted(report.commands, 'command')} known already"
        print_line(f"{report.file} was imported before: {known}, nothing changed.")
    else:
        _print_ownership(report)
        _print_outcomes(report)
        _print_alerts(report)
        print_line(
            f"{counted(report.commands, 'command')} gave {counted(report.events, 'event')} in "
            f"{report.seconds:.1f} s; {report.refused:,} refused, {report.duplicates:,} known already."
        )
    if report.audit is not None:
        print_line(audit_in_words(report.audit))


def audit_in_words(audit: AuditReport) -> str:
    """Return the verdict of an audit in a sentence or two."""
    if audit.holds:
        return (
            f"The audit holds: it read {counted(audit.events, 'event')} of {counted(audit.tickets, 'ticket')} again. "
            "Every command has one outcome, no history has a gap or a changed byte, and Kafka and Redis say the same."
        )
    first = audit.differences[0]
    return (
        f"The audit found {counted(audit.differences_total, 'difference')}. The first, {first.check} of "
        f"{first.ticket_id or 'no ticket'} at {first.where}: expected {first.expected}, found {first.found}."
    )


def _print_ownership(report: ImportReport) -> None:
    print_table(
        f"{report.file}: {counted(report.incidents, 'incident')}, {counted(report.rows, 'change')}",
        ("ownership", "", "that is"),
        (
            (
                "owner changes in the source",
                report.owner_changes_in_source,
                "how often the log hands an incident to somebody else",
            ),
            ("owner changes here", report.owner_changes_here, "how often a ticket lost its owner"),
            ("envelopes instead", report.envelopes, "how often an owner asked somebody in, and kept the ticket"),
        ),
    )


def _print_outcomes(report: ImportReport) -> None:
    done = sorted(report.outcomes.items(), key=lambda outcome: -outcome[1])
    print_table("", ("what happened", ""), ((_IN_WORDS.get(name, name), count) for name, count in done))
    refused = [(f"refused: {code}", count) for code, count in report.rejections.items()]
    unreadable = [(f"in the DLQ: {code}", count) for code, count in report.dead_letters.items()]
    if refused or unreadable:
        print_table("", ("what came to nothing", ""), refused + unreadable)


def _print_alerts(report: ImportReport) -> None:
    if not report.ticks:
        return
    rows = [(condition, *(levels.get(level, 0) for level in LEVELS)) for condition, levels in report.alerts.items()]
    print_table(
        f"Alerts at {counted(report.ticks, 'tick')} of the log's own time",
        ("condition", *(f"level {level}" for level in LEVELS)),
        rows,
    )
