"""Times and weeks as they are typed on a command line: RFC 3339, and ISO 8601 weeks."""

from datetime import UTC, datetime

from contracts.instants import parse_instant
from ops.console import CommandFailed, ExitCode
from services import iso_weeks


def instant_or_now(text: str | None) -> datetime:
    """Read an instant; without one it is now.

    Raises:
        CommandFailed: the text is no time with an offset.
    """
    try:
        return datetime.now(UTC) if text is None else parse_instant(text)
    except ValueError as error:
        raise CommandFailed(str(error), "Write it like 2026-11-24T09:30:00Z.", ExitCode.USAGE) from None


def week_or_all(text: str | None) -> str | None:
    """Read a week; without one it is all of them.

    Raises:
        CommandFailed: the text is no week.
    """
    try:
        return None if text is None else iso_weeks.parse_week(text)
    except ValueError as error:
        raise CommandFailed(str(error), "Write it like 2026-W48.", ExitCode.USAGE) from None
