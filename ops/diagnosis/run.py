"""Looks at one thing after the other. A look that can't be made does not keep the others from being made."""

from collections.abc import AsyncIterator
from importlib.metadata import version
from platform import python_version

from ops.console import client_log, counted
from ops.diagnosis.check import Check, Look
from ops.diagnosis.fleet import look_at_groups, look_at_ticks, look_at_view
from ops.diagnosis.kafka import look_at_broker, look_at_senders, look_at_topics, look_at_transactions
from ops.diagnosis.redis import look_at_redis
from ops.diagnosis.rights import look_at_rights
from ops.outages import explain
from ops.target import Target

_LOOKS: tuple[tuple[str, Look, frozenset[str]], ...] = (
    ("broker", look_at_broker, frozenset()),
    ("topics", look_at_topics, frozenset({"broker"})),
    ("rights", look_at_rights, frozenset({"broker"})),
    ("transactions", look_at_transactions, frozenset({"broker"})),
    ("ticket workers", look_at_groups, frozenset({"broker"})),
    ("ticks", look_at_ticks, frozenset({"broker"})),
    ("senders' clocks", look_at_senders, frozenset({"broker"})),
    ("redis", look_at_redis, frozenset()),
    ("view", look_at_view, frozenset({"broker", "redis"})),
)
"""Each look by the name of its main check, with those that have to be right before it can be made."""


async def diagnose(target: Target) -> AsyncIterator[Check]:
    """Yield one check after the other.

    Raises:
        Exception: what `explain` does not know: a defect, not a finding.
    """
    yield _settings(target)
    away: set[str] = set()
    for name, look, needs in _LOOKS:
        if missing := needs & away:
            yield Check(name, "note", f"not looked at, since this is wrong: {', '.join(sorted(missing))}")
            continue
        for check in await _looked(name, look, target):
            yield check
            if check.verdict == "wrong":
                away.add(check.name)


async def _looked(name: str, look: Look, target: Target) -> list[Check]:
    """Return what a look found, an outage on the way included."""
    checks = []
    with client_log() as log:
        try:
            async for check in look(target):
                checks.append(check)  # noqa: PERF401  what was found before an error is kept
        except Exception as error:
            failed = explain(error, log.records)
            if failed is None:
                raise
            checks.append(Check(name, "wrong", failed.problem, failed.remedy, failed.exit_code))
    return checks


def _settings(target: Target) -> Check:
    topics = target.settings.topics
    sizes = f"{counted(topics.partitions, 'partition')}, replication factor {topics.replication_factor}"
    detail = f"prefix {topics.prefix}, {sizes}"
    return Check("settings", "ok", f"{detail}; itilnext {version('itilnext-engine')} on Python {python_version()}")
