"""Refusals as the library raises them (SPEC section 9).

CommandRejected           code, message, details
|-- LifecycleRejected     open, priority, pause, resume, resolve, close, reopen
|-- OwnershipRejected     accept, transfer
|-- NoteRejected          notes and messages
|-- EnvelopeRejected      envelopes
|-- TaskRejected          tasks
|-- FlagRejected          flags
|-- ResolutionRejected    resolutions and their calibration
`-- AlertRejected         alerts
"""

from collections.abc import Mapping

from contracts.rejections import Refusal, RejectionCode


class CommandRejected(Exception):
    """A command was refused: `code` is from the closed list of SPEC section 5, `message` tells a person what to do."""

    code: RejectionCode
    message: str
    details: Mapping[str, object]

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"{refusal.code}: {refusal.message}")
        self.code = refusal.code
        self.message = refusal.message
        self.details = refusal.details


class LifecycleRejected(CommandRejected):
    pass


class OwnershipRejected(CommandRejected):
    pass


class NoteRejected(CommandRejected):
    pass


class EnvelopeRejected(CommandRejected):
    pass


class TaskRejected(CommandRejected):
    pass


class FlagRejected(CommandRejected):
    pass


class ResolutionRejected(CommandRejected):
    pass


class AlertRejected(CommandRejected):
    pass
