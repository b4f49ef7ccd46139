"""Collects what an audit finds: of each ticket the first difference, and no more of them than a person reads."""

from typing import Any, Protocol

import orjson

from ops.audit.report import Check, Difference

MAX_LISTED = 100
_SHOWN_CHARS = 200


class Located(Protocol):
    """A record by where it lies."""

    topic: str
    partition: int
    offset: int


def place(record: Located) -> str:
    """Return where a record lies."""
    return f"{record.topic} {record.partition}:{record.offset}"


def shown(value: object) -> str:
    """Return a value as a difference shows it: as JSON where it is no text, and not too long."""
    text = value if isinstance(value, str) else _json(value)
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}..."


def _json(value: Any) -> str:  # noqa: ANN401 anything that came out of JSON
    return orjson.dumps(value, default=repr).decode()


class Findings:
    """The differences so far."""

    def __init__(self) -> None:
        self.listed: list[Difference] = []
        self.total = 0
        self._tickets: set[str] = set()

    def add(self, ticket_id: str | None, check: Check, expected: object, found: object, where: str) -> None:
        """Note a difference; a later one of the same ticket is left out."""
        if ticket_id is not None:
            if ticket_id in self._tickets:
                return
            self._tickets.add(ticket_id)
        self.total += 1
        if len(self.listed) < MAX_LISTED:
            self.listed.append(
                Difference(ticket_id=ticket_id, check=check, expected=shown(expected), found=shown(found), where=where)
            )
