"""A ticket from its snapshot's bytes, as the state topic and the view hold them (SPEC section 5, state snapshot).

Snapshots are the engine's own writing: those of this version are taken as they are, in a third of the time that
checking them would take, for rebuilding a view is little else. One that another version wrote is checked, and its
defaults are filled in.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from contracts.model import Model
from contracts.ticket import Alert, Calibration, CaseFlag, Envelope, Recipient, Resolution, Task, Ticket
from contracts.trusted import trusted


def read_snapshot(value: bytes) -> Ticket:
    """Read a snapshot's bytes.

    Raises:
        ValueError: they are no snapshot.
    """
    try:
        ticket: Ticket = _TICKET.read(orjson.loads(value))
    except TypeError as error:
        raise ValueError(f"no snapshot: {error}") from error
    return ticket


class _Form:
    """How one model is written: under its fields' names, some of them instants, one part, or lists of parts."""

    def __init__(self, model: type[Model], parts: dict[str, "_Form"], numbers: Sequence[str] = ()) -> None:
        self._model = model
        self._names = model.model_fields.keys()
        self._instants = [name for name in self._names if name.endswith(("_at", "_since"))]
        self._parts = parts
        self._numbers = numbers

    def read(self, fields: Any) -> Any:  # noqa: ANN401 JSON holds anything, and this gives any model
        if not isinstance(fields, dict) or fields.keys() != self._names:
            return self._model.model_validate(fields)
        for name in self._instants:
            if fields[name] is not None:
                fields[name] = datetime.fromisoformat(fields[name])
        for name in self._numbers:
            fields[name] = tuple(fields[name])
        for name, form in self._parts.items():
            written = fields[name]
            if isinstance(written, list):
                fields[name] = tuple([form.read(part) for part in written])
            elif written is not None:
                fields[name] = form.read(written)
        return trusted(self._model, fields)


_TICKET = _Form(
    Ticket,
    {
        "envelopes": _Form(Envelope, {}),
        "tasks": _Form(Task, {}),
        "flags": _Form(CaseFlag, {}),
        "resolutions": _Form(Resolution, {"calibration": _Form(Calibration, {})}),
        "alerts": _Form(Alert, {"recipients": _Form(Recipient, {})}, numbers=("superseded_levels",)),
    },
)
