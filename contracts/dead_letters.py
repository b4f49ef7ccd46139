"""What can't be read as a command, and the headers that tell why (SPEC section 3, DLQ).

Unreadable, in the order of SPEC: of several that apply the first is told
|-- TooLarge
|-- NotJson
|-- NotCloudEvent
|-- BadKey
|-- UnknownType
|-- InvalidData
`-- InternalError
"""

from typing import ClassVar, Literal, get_args

DlqCode = Literal[
    "too_large",
    "not_json",
    "not_cloudevent",
    "bad_key",
    "unknown_type",
    "invalid_data",
    "internal_error",
]
DLQ_CODES: frozenset[str] = frozenset(get_args(DlqCode))

ERROR_CODE_HEADER = "itilnext.error.code"
CUT_FROM_HEADER = "itilnext.error.record.size"
"""The bytes of key, value and headers as received, where they are more than the DLQ takes: then they were cut."""
MOVED_HEADER = "itilnext-moved"
_CONNECT = "__connect.errors."
_MAX_MESSAGE = 1024

Headers = tuple[tuple[str, bytes | None], ...]

MAX_UNPACKED_BYTES = 67_108_864
"""What a compressed batch may unpack to: sixty times what the commands topic takes of one batch; JSON packs to a tenth,
at best to a fortieth."""
OVERPACKED = ("itilnext.error.batch.size", f"more than {MAX_UNPACKED_BYTES}".encode())
"""The header that the engine's own client puts on a record, without key and value, of a batch that unpacks to more.

It is known by being this very object: an equal one is a sender's, and says nothing.
"""


class Unreadable(Exception):
    """A record that is no command; `code` is the DLQ code, `stage` Kafka Connect's name of the step that failed."""

    code: ClassVar[DlqCode]
    stage: ClassVar[str] = "VALUE_CONVERTER"


class TooLarge(Unreadable):
    """A value over 524288 bytes, or a command whose event, rejection or snapshot has no room in its topic."""

    code = "too_large"


class NotJson(Unreadable):
    """Null, not UTF-8, a BOM, broken JSON, NaN, a number beyond a double, or nested deeper than 64."""

    code = "not_json"


class NotCloudEvent(Unreadable):
    """An attribute that is missing or malformed; a header of the engine's that is null or not UTF-8."""

    code = "not_cloudevent"


class BadKey(Unreadable):
    """A `subject` that is no ticket id; a key or `partitionkey` that is not the subject; a move that missed twice."""

    code = "bad_key"
    stage = "KEY_CONVERTER"


class UnknownType(Unreadable):
    """A type that is no command of this engine."""

    code = "unknown_type"


class InvalidData(Unreadable):
    """A required field that is missing; a wrong type, enum value or length."""

    code = "invalid_data"


class InternalError(Unreadable):
    """A decision that failed: a defect of the engine, never an outage."""

    code = "internal_error"
    stage = "TASK_PUT"


def dead_letter_headers(received: Headers, error: Unreadable, topic: str, partition: int, offset: int) -> Headers:
    """Return the received headers plus Kafka Connect's and the engine's own, as UTF-8 text.

    Headers of an earlier stay in a DLQ (a replayed record) are replaced, all others are kept as they came.
    """
    kept = tuple(
        (name, value) for name, value in received if not name.startswith(_CONNECT) and name != ERROR_CODE_HEADER
    )
    kind = type(error)
    told = {
        f"{_CONNECT}topic": topic,
        f"{_CONNECT}partition": str(partition),
        f"{_CONNECT}offset": str(offset),
        f"{_CONNECT}stage": error.stage,
        f"{_CONNECT}exception.class.name": f"{kind.__module__}.{kind.__qualname__}",
        f"{_CONNECT}exception.message": str(error)[:_MAX_MESSAGE],
        ERROR_CODE_HEADER: error.code,
    }
    return kept + tuple((name, text.encode(errors="backslashreplace")) for name, text in told.items())
