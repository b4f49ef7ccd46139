"""One demo on a fleet that runs: the log with its alerts, the morning after, and the audit of both."""

from dataclasses import dataclass
from datetime import timedelta

from ops.audit import audit
from ops.demo.morning import Morning
from ops.demo.playing import Played, play
from ops.importing import Import, ImportReport, Watch, import_log
from ops.target import Target

_TICKS = timedelta(hours=1)
"""Steps of the log's time. It spans ten months, of which only the hours that bring an alert take time."""


@dataclass(frozen=True, slots=True)
class Demonstrated:
    """What a demo came to: the report of the import, with the audit of all of it, and the morning after."""

    report: ImportReport
    played: Played

    @property
    def keeps_the_promise(self) -> bool:
        """Whether the import does, and the morning went as the rules have it."""
        return self.report.keeps_the_promise and self.played.as_it_should

    @property
    def document(self) -> dict[str, object]:
        """The same for a program."""
        return {**self.report.model_dump(mode="json"), "morning": self.played.document}


async def demonstrate(target: Target, log: Import, watch: Watch) -> Demonstrated:
    """Import the log, play the morning after, and have the fleet's whole log audited.

    Raises:
        CommandFailed: the fleet has a ticker, or has seen a tick after the log's first.
        KafkaError, RedisError: the broker or Redis can't be reached.
    """
    report = await import_log(target, log, watch, _TICKS)
    played = await play(target, Morning.after(log.commands))
    verdict = await audit(target.kafka, target.redis, target.topics)
    return Demonstrated(report.model_copy(update={"audit": verdict}), played)
