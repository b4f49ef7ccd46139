"""The snapshots of one partition, from the state topic, held against the folded events."""

from typing import Any

import orjson

from contracts.json_values import write_json
from ops.audit.findings import Findings, place, shown
from ops.audit.formulas import digest
from ops.audit.histories import Histories, History
from ops.audit.home import Home
from ops.log_reader import LogRecord


class Snapshots:
    """Compares each snapshot whose version is that of the folded ticket, and knows the last one of each ticket.

    `end` is the offset after the last snapshot read.
    """

    def __init__(self, home: Home, topic: str, histories: Histories, findings: Findings) -> None:
        self._home = home
        self._topic = topic
        self._histories = histories
        self._findings = findings
        self.end = 0

    def read(self, record: LogRecord) -> None:
        """Take the partition's next snapshot."""
        self.end = max(self.end, record.offset + 1)
        ticket_id = (record.key or b"").decode(errors="backslashreplace")
        if not self._home.concerns(ticket_id):
            return
        history = self._histories.of(ticket_id)
        if history.broken:
            return
        snapshot = _parsed(record.value)
        version = snapshot.get("version")
        if not isinstance(version, int):
            self._differs(ticket_id, "a snapshot", shown(snapshot or "none"), place(record))
            return
        history.state, history.state_at = version, record.offset
        if version == history.version:
            self._compare(ticket_id, history, snapshot, record)

    def newer(self) -> dict[str, int]:
        """Return the tickets whose last snapshot is newer than the events read, with its version; older ones differ."""
        found: dict[str, int] = {}
        for ticket_id, history in self._histories.tickets.items():
            if history.broken:
                continue
            if history.state > history.version:
                found[ticket_id] = history.state
            elif history.state < history.version:
                at = f"version {history.state}" if history.state else "no snapshot"
                where = f"{self._topic} {self._home.partition}"
                self._differs(ticket_id, f"version {history.version}, as the events", at, where)
        return found

    def _compare(self, ticket_id: str, history: History, snapshot: dict[str, Any], record: LogRecord) -> None:
        folded: dict[str, Any] = orjson.loads(write_json(self._histories.folded.get(ticket_id)))
        expected = folded | {"source_offset": snapshot.get("source_offset"), "head_hash": history.head_hash}
        if snapshot == expected:
            history.snapshot = digest(record.value or b"")
            return
        name = next(each for each in (*expected, *snapshot) if expected.get(each) != snapshot.get(each))
        wanted, found = shown(expected.get(name)), shown(snapshot.get(name))
        self._differs(ticket_id, f"{name} {wanted}, as the events fold", f"{name} {found}", place(record))

    def _differs(self, ticket_id: str, expected: str, found: str, where: str) -> None:
        self._histories.of(ticket_id).broken = True
        self._findings.add(ticket_id, "state", expected, found, where)


def _parsed(value: bytes | None) -> dict[str, Any]:
    """Return a snapshot's fields, none where it has no such form."""
    try:
        snapshot = orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        return {}
    return snapshot if isinstance(snapshot, dict) else {}
