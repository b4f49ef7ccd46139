"""`itilnext show`, `audit` and `rebuild`: one ticket, the whole history, and the view made from it."""

from typing import Annotated

import typer

from ops.console import ExitCode, JsonOption, counted, err, examples, print_json, print_line, reported_errors


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command(
        "show", epilog=examples("itilnext show T-1", "itilnext show T-1 --as agent:bob", "itilnext show T-1 --json")
    )(show)
    app.command("audit", epilog=examples("itilnext audit", "itilnext audit --ticket T-1 --json"))(audit)
    app.command("rebuild", epilog=examples("itilnext rebuild", "itilnext rebuild --json"))(rebuild)


def show(
    ticket: Annotated[str, typer.Argument(metavar="TICKET", help="The ticket's id.")],
    viewer: Annotated[
        str, typer.Option("--as", metavar="WHO", help="Who looks: customer, agent:ID, or system (sees all).")
    ] = "system",
    as_json: JsonOption = False,
) -> None:
    """Show a ticket and its history, as the system, the customer or an agent sees it."""
    import asyncio

    from ops.case_rendering import print_case
    from ops.cases import find_case, no_such_ticket, parse_viewer, seen_by
    from ops.target import load_target

    with reported_errors():
        who = parse_viewer(viewer)
        case = asyncio.run(find_case(load_target(), ticket, who.agent_id))
        if case is None:
            raise no_such_ticket(ticket)
        if case.note:
            err.print(case.note)
        seen = seen_by(case, who)
        if as_json:
            print_json(seen.document)
        else:
            print_case(seen)


def audit(
    ticket: Annotated[
        str | None, typer.Option("--ticket", metavar="T", help="Only this ticket, and its partition.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Read the whole log again and hold it, the state topic and Redis against what is promised.

    One outcome per command, versions without a gap, a whole hash chain, right ids, and events that fold to what Kafka
    and Redis hold. Names the first difference of each ticket, and then exits with 1. The fleet may be at work.
    """
    import asyncio

    from ops.audit import audit as run_audit
    from ops.audit.report import AuditProgress
    from ops.cases import no_such_ticket
    from ops.importing.printing import audit_in_words
    from ops.target import load_target

    with reported_errors():
        target = load_target()

        def tell(progress: AuditProgress) -> None:
            records = f"{progress.records:,} of about {counted(progress.of, 'record')}"
            status.update(f"partition {progress.partition}: {records}")

        with err.status("reading the log") as status:
            report = asyncio.run(run_audit(target.kafka, target.redis, target.topics, ticket, tell))
        if ticket is not None and report.holds and not report.commands and not report.events:
            raise no_such_ticket(ticket)
        if as_json:
            print_json(report.model_dump())
        else:
            print_line(audit_in_words(report))
            for difference in report.differences:
                named = difference.ticket_id or "no ticket"
                print_line(
                    f"  {named} {difference.check} at {difference.where}: "
                    f"expected {difference.expected}, found {difference.found}"
                )
        if not report.holds:
            raise typer.Exit(ExitCode.FOUND_WRONG)


def rebuild(as_json: JsonOption = False) -> None:
    """Drop the Redis view and wait until it is built again from Kafka, timelines included.

    Running workers do it, and decide nothing on a partition until its tickets are back; timelines are filled meanwhile,
    and who reads one too early is told. Where no worker runs it is done here.
    """
    import asyncio

    from ops.rebuild import rebuild as run_rebuild
    from ops.target import load_target

    with reported_errors():
        target = load_target()

        def tell(content: str, whole: int, of: int) -> None:
            status.update(f"{content} of {whole:,} of {counted(of, 'partition')} are back")

        with err.status("dropping the view") as status:
            rebuilt = asyncio.run(run_rebuild(target, tell))
        if as_json:
            print_json(rebuilt.model_dump())
        else:
            by = "the fleet's workers" if rebuilt.by_workers else "this command, for no worker runs"
            print_line(
                f"built {counted(rebuilt.tickets, 'ticket')} in {counted(rebuilt.partitions, 'partition')} again, by "
                f"{by}, in {rebuilt.seconds:.1f} s ({rebuilt.tickets_per_second:,.0f} a second); timelines were back "
                f"after {rebuilt.timeline_seconds:.1f} s"
            )
