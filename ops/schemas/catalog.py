"""The index of all message types: what travels on which topic, and who writes it.

A command, event or directory kind that enters its registry in `contracts` is listed here by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from pydantic import BaseModel

from contracts.cloudevents import TYPE_PREFIX, TYPE_SUFFIX, event_type
from contracts.commands import COMMANDS
from contracts.directory import KINDS
from contracts.events import EVENTS
from contracts.model import Model
from contracts.rejections import REJECTED_TYPE, RejectionCode
from contracts.ticket import Ticket
from contracts.ticks import TICK_TYPE, Tick


class Family(Enum):
    """Messages that share a topic, an envelope of attributes, and who writes and who reads them."""

    COMMAND = "commands"
    EVENT = "events"
    REJECTION = "rejections"
    STATE = "state"
    TICK = "ticks"
    DIRECTORY = "directory"

    @property
    def written_by_engine(self) -> bool:
        """Whether the engine writes it, every field of it, absent ones as null; others it only reads."""
        return self in (Family.EVENT, Family.REJECTION, Family.STATE)


class RejectedCommand(Model):
    """A command was refused: why, and the command as it was received."""

    code: RejectionCode
    message: str
    details: dict[str, Any]
    command: dict[str, Any]


@dataclass(frozen=True, slots=True)
class MessageType:
    """One type of message: `name` as in `org.itilnext.<name>.v1`, and the model of its data."""

    name: str
    family: Family
    model: type[BaseModel]

    @property
    def type(self) -> str:
        """The CloudEvents type; a snapshot, which is plain JSON, has none and is only called so."""
        return event_type(self.name)


def _types() -> tuple[MessageType, ...]:
    rejected, tick = (kind.removeprefix(TYPE_PREFIX).removesuffix(TYPE_SUFFIX) for kind in (REJECTED_TYPE, TICK_TYPE))
    return (
        *(MessageType(name, Family.COMMAND, model) for name, model in COMMANDS.items()),
        *(MessageType(name, Family.EVENT, model) for name, model in EVENTS.items()),
        MessageType(rejected, Family.REJECTION, RejectedCommand),
        MessageType("ticket.state", Family.STATE, Ticket),
        MessageType(tick, Family.TICK, Tick),
        *(MessageType(f"directory.{kind}", Family.DIRECTORY, model) for kind, model in KINDS.items()),
    )


MESSAGE_TYPES: Mapping[str, MessageType] = {each.name: each for each in _types()}
"""Every message type by its name."""
