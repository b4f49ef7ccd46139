"""`itilnext ticker` and `itilnext tick`: the time alerts are evaluated for."""

from typing import Annotated

import typer

from ops.console import (
    CommandFailed,
    ExitCode,
    JsonOption,
    counted,
    err,
    examples,
    print_json,
    print_line,
    reported_errors,
)


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("ticker", epilog=examples("itilnext ticker", "itilnext ticker --every 1m"))(ticker)
    app.command("tick", epilog=examples("itilnext tick --at 2026-11-24T09:30:00Z"))(tick)


def ticker(
    every: Annotated[str, typer.Option("--every", metavar="DURATION", help="Between ticks: 10s, 1m ...")] = "10s",
) -> None:
    """Send ticks to every partition on a clock, at whole multiples of the interval; SIGTERM ends it.

    Alerts are evaluated for a tick's time. Several tickers with the same interval do the work of one.
    """
    import asyncio

    from consumers.observing import Observer
    from ops.durations import parse_interval
    from ops.observability.ticker import TickerWatch
    from ops.target import load_target
    from ops.worker_process import run_process
    from producers.ticker import Ticker
    from producers.topics_admin import require_topics

    with reported_errors():
        target = load_target()
        interval = parse_interval(every, "--every")

        async def work(stop: asyncio.Event, observer: Observer) -> None:
            watch = TickerWatch(observer, interval, target.settings.health.stalled_after)
            async with watch.looking():
                partitions = await require_topics(target.kafka, target.topics)
                await Ticker(target.kafka, target.topics, partitions, interval).run(stop, watch.sent)

        run_process(work, "ticker", target.settings)


def tick(
    at: Annotated[str, typer.Option("--at", metavar="TIME", help="RFC 3339 with an offset: 2026-11-24T09:30:00Z.")],
    as_json: JsonOption = False,
) -> None:
    """Send one tick to every partition: alerts are evaluated for this time, whatever the machine's clock says.

    A partition ignores a tick that is not after its last one, and one that lies more than five minutes ahead.
    """
    import asyncio
    from datetime import UTC, datetime

    from contracts.instants import format_instant, parse_instant
    from ops.target import load_target
    from producers.ticker import tick_once
    from producers.topics_admin import require_topics

    with reported_errors():
        target = load_target()
        try:
            instant = parse_instant(at)
        except ValueError as error:
            raise CommandFailed(str(error), "Write it like 2026-11-24T09:30:00Z.", ExitCode.USAGE) from None

        async def send() -> dict[int, int]:
            partitions = await require_topics(target.kafka, target.topics)
            return await tick_once(target.kafka, target.topics, partitions, instant)

        ahead = (instant - datetime.now(UTC)).total_seconds()
        if ahead > target.settings.worker.future_tolerance:
            err.print(f"This tick lies {ahead:.0f} s ahead of this machine's clock: alert workers will ignore it.")
        offsets = asyncio.run(send())
        if as_json:
            print_json({"at": instant, "offsets": {str(partition): offset for partition, offset in offsets.items()}})
        else:
            print_line(f"sent a tick for {format_instant(instant)} to {counted(len(offsets), 'partition')}")
