"""`itilnext approvals`, `calibration` and `report`: what customers are given, before it is, and looked at again."""

from typing import TYPE_CHECKING, Annotated

import typer

from ops.console import (
    CommandFailed,
    ExitCode,
    JsonOption,
    examples,
    local,
    print_json,
    print_line,
    print_table,
    reported_errors,
)

if TYPE_CHECKING:
    from services.resolution_lists import CaseResolution

WeekOption = Annotated[
    str | None, typer.Option("--week", metavar="YYYY-Wnn", help="Of resolutions made in this ISO week, in UTC.")
]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command(
        "approvals", epilog=examples("itilnext approvals --agent lea", "itilnext approvals --agent max --json")
    )(approvals)
    app.command("calibration", epilog=examples("itilnext calibration", "itilnext calibration --week 2026-W48 --json"))(
        calibration
    )
    app.command("report", epilog=examples("itilnext report", "itilnext report --week 2026-W48 --csv > week-48.csv"))(
        report
    )


def approvals(
    agent: Annotated[str, typer.Option("--agent", metavar="ID", help="Who would approve.")], as_json: JsonOption = False
) -> None:
    """List the resolutions that wait for an agent's approval, the oldest first.

    A team lead approves what is above an agent's limit, a manager also what is above the team's; nobody their own:
    `itilnext send resolution.approve TICKET resolution_id=... approver_id=...`
    """
    import asyncio

    from ops.target import load_target
    from ops.work_lists import approvals_for

    with reported_errors():
        found = asyncio.run(approvals_for(load_target(), agent))
        if as_json:
            print_json([_document(case) for case in found.cases])
            return
        rows = [
            (
                case.ticket.id,
                case.resolution.resolution_id,
                *_given(case),
                f"{case.resolution.cumulative_amount} {case.resolution.currency}",
                case.resolution.tier,
                *_made(case),
            )
            for case in found.cases
        ]
        columns = ("ticket", "resolution", "subject", "what", "amount", "in all", "tier", "made by", "at")
        print_table(f"Waiting for the approval of {agent}: {len(rows)}", columns, rows)
        if not found.agent.leads:
            print_line(f"The role of {agent} is {found.agent.role}: team leads and managers approve.")
        elif not found.agent.is_active:
            print_line(f"{agent} is not active, so may approve nothing.")


def calibration(week: WeekOption = None, as_json: JsonOption = False) -> None:
    """List the resolutions that wait for a review, the oldest first; without --week of all weeks.

    A team lead or manager who neither made nor approved it reviews each of them:
    `itilnext send calibration.review TICKET resolution_id=... reviewer_id=... outcome=upheld`
    """
    import asyncio

    from ops.target import load_target
    from ops.typed_times import week_or_all
    from ops.work_lists import calibration_queue
    from services.iso_weeks import week_of

    with reported_errors():
        cases = asyncio.run(calibration_queue(load_target(), week_or_all(week)))
        if as_json:
            print_json([_document(case) for case in cases])
            return
        rows = [
            (
                week_of(case.resolution.created_at),
                case.ticket.id,
                case.resolution.resolution_id,
                case.resolution.calibration and case.resolution.calibration.reason,
                *_given(case),
                case.resolution.status,
                *_made(case),
                case.resolution.decided_by,
            )
            for case in cases
        ]
        columns = ("week", "ticket", "resolution", "because", "subject", "what", "amount", "status", "made by", "at")
        print_table(f"Waiting for a review: {len(rows)}", (*columns, "decided by"), rows)


def report(
    week: WeekOption = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, one table with a header line.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Report what reviews came to by reason, agent and team, and compensation by agent, team and category.

    A resolution counts to who made it, and to that agent's first team, else the ticket's. Approved sums are given,
    pending ones are not yet; rejected ones don't count. A category is the resolution's `what_category`.
    """
    import asyncio

    from ops.report_printing import print_report, print_report_as_csv
    from ops.target import load_target
    from ops.typed_times import week_or_all
    from ops.work_lists import resolution_report

    with reported_errors():
        if as_csv and as_json:
            raise CommandFailed("name one of --csv and --json", "See `itilnext report --help`.", ExitCode.USAGE)
        found = asyncio.run(resolution_report(load_target(), week_or_all(week)))
        if as_json:
            print_json(found)
        elif as_csv:
            print_report_as_csv(found)
        else:
            print_report(found)


def _document(case: "CaseResolution") -> dict[str, object]:
    from services.iso_weeks import week_of

    about = {"ticket_id": case.ticket.id, "subject": case.ticket.subject, "team_id": case.ticket.team_id}
    return {**about, "week": week_of(case.resolution.created_at), **case.resolution.wire()}


def _given(case: "CaseResolution") -> tuple[str, str, str]:
    resolution = case.resolution
    amount = "" if resolution.amount is None else f"{resolution.amount} {resolution.currency}"
    return case.ticket.subject, resolution.resolution_type, amount


def _made(case: "CaseResolution") -> tuple[str, str]:
    return case.resolution.created_by, local(case.resolution.created_at)
