"""One import, start to end: the directory first, then the commands in order, until each has its outcome.

Only sending and waiting happen here; commands are decided by the fleet, which has to run. An import that was broken
off is run again: what has arrived is not done twice.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from ops.audit import audit
from ops.console import CommandFailed, ExitCode
from ops.importing.directory import enter_missing
from ops.importing.following import Following, Sent
from ops.importing.report import ImportReport
from ops.importing.tally import Tally
from ops.importing.time_lapse import TimeLapse, placed
from ops.importing.watching import Progress, Watch
from ops.target import Target
from producers.publisher import CommandPublisher, Delivery
from producers.servicenow import SOURCE, Row, UnreadableLog, commands, directory_entries, owner_changes, read_log

_FORMAT = "Nothing was sent. docs/import.md describes the format."


@dataclass(frozen=True, slots=True)
class Import:
    """A log that was read, and the commands it asks for."""

    file: str
    rows: Sequence[Row]
    commands: Sequence[dict[str, Any]]

    @classmethod
    def of(cls, path: Path) -> "Import":
        """Read a log.

        Raises:
            CommandFailed: the file can't be read, or is no ServiceNow incident log.
        """
        try:
            rows = read_log(path)
        except UnreadableLog as error:
            raise CommandFailed(str(error), _FORMAT, ExitCode.USAGE) from error
        except OSError as error:
            raise CommandFailed(f"{path} can't be read: {error.strerror}", exit_code=ExitCode.USAGE) from error
        return cls(path.name, rows, list(commands(rows)))

    @property
    def incidents(self) -> frozenset[str]:
        """The numbers of the incidents, which are the ids of their tickets."""
        return frozenset(row.number for row in self.rows)


async def import_log(target: Target, log: Import, watch: Watch, every: timedelta | None = None) -> ImportReport:
    """Send a log to a fleet that runs, and wait until every command has its outcome; `watch` sees how far it is.

    With `every`, ticks go out at the log's own times, so that its alerts are raised as they would have been.

    Raises:
        CommandFailed: with `every`, the fleet has a ticker, or has seen a tick after the log's first.
        TopicsUnfit: a topic is missing, or co-partitioned ones differ.
        KafkaError: the broker can't be reached, or does not take what is sent.
    """
    clock = asyncio.get_running_loop()
    started = clock.time()
    tally = Tally(SOURCE, log.incidents)
    sent, progress = Sent(), Progress(incidents=len(log.incidents), commands=len(log.commands), tally=tally)

    def look(lag: int) -> None:
        progress.lag, progress.seconds = lag, clock.time() - started
        watch.look(progress)

    async with CommandPublisher(target.kafka, target.topics) as publisher:
        entries = await enter_missing(target, publisher, directory_entries(log.rows))
        async with Following(target, publisher.partitions, tally) as following, asyncio.TaskGroup() as tasks:
            sending = tasks.create_task(_sent(target, publisher, log.commands, Sending(sent, progress, every)))
            tasks.create_task(following.until_answered(sent, look))
    return ImportReport(
        file=log.file,
        incidents=len(log.incidents),
        rows=len(log.rows),
        entries=entries,
        commands=len(log.commands),
        events=tally.events,
        duplicates=len(log.commands) - tally.answered,
        rejections=tally.rejections,
        dead_letters=tally.dead_letters,
        owner_changes_in_source=owner_changes(log.rows),
        owner_changes_here=tally.owner_changes,
        envelopes=tally.outcomes["envelope.created"],
        outcomes=tally.outcomes,
        ticks=sending.result(),
        alerts=tally.alerts_by_level,
        seconds=clock.time() - started,
    )


async def import_audited(target: Target, log: Import, watch: Watch, every: timedelta | None = None) -> ImportReport:
    """Import a log, and have the fleet's whole log audited afterwards.

    Raises:
        CommandFailed, TopicsUnfit, KafkaError: as `import_log`.
        RedisError: Redis can't be reached.
    """
    report = await import_log(target, log, watch, every)
    return report.model_copy(update={"audit": await audit(target.kafka, target.redis, target.topics)})


@dataclass(frozen=True, slots=True)
class Sending:
    """How far the sending is, and how often the log's time ticks meanwhile."""

    sent: Sent
    progress: Progress
    every: timedelta | None

    def acknowledged(self, future: "asyncio.Future[Delivery]") -> None:
        """Note where a command lies."""
        if future.cancelled() or future.exception() is not None:
            return  # The publisher raises it.
        delivery = future.result()
        self.sent.latest[delivery.partition] = delivery.offset
        self.progress.sent += 1


async def _sent(target: Target, publisher: CommandPublisher, events: Sequence[dict[str, Any]], sending: Sending) -> int:
    """Send all commands, wait until they are acknowledged, and return how many ticks went out between them."""
    ticks = 0
    if sending.every is None or not events:
        for event in events:
            (await publisher.send(event)).add_done_callback(sending.acknowledged)
        await publisher.flush()
    else:
        async with TimeLapse(target, publisher.partitions, sending.every) as lapse:
            await _send_in_time(publisher, events, sending, lapse)
            ticks = lapse.ticks
    sending.sent.complete = True
    return ticks


async def _send_in_time(
    publisher: CommandPublisher, events: Sequence[dict[str, Any]], sending: Sending, lapse: TimeLapse
) -> None:
    timed = list(placed(events))
    await lapse.begin(timed[0][1])
    for event, at in timed:
        if lapse.is_before(at):
            await publisher.flush()
            await lapse.pass_to(at)
        (await publisher.send(event)).add_done_callback(sending.acknowledged)
    await publisher.flush()
    await lapse.finish(timed[-1][1])
