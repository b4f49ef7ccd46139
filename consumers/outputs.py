"""The records a worker sends, and how what was received is passed on so that it fits the topic it goes to.

A record that no topic takes would be sent again for ever. A compressed batch can hold records far larger than any
topic's limit, which Kafka holds against the batch as it is sent.
"""

from msgspec import Struct

from contracts.cloudevents import STRUCTURED_HEADERS
from contracts.dead_letters import CUT_FROM_HEADER, MOVED_HEADER, Headers, TooLarge, Unreadable, dead_letter_headers
from contracts.received import RawRecord
from contracts.topics import MAX_COMMAND_BYTES, MAX_DLQ_BYTES, MAX_RECORD_BYTES

FRAME_BYTES = 1_024
"""What Kafka's own framing, and key and headers of the engine's own records, take at most of a topic's limit."""
MAX_VALUE = MAX_RECORD_BYTES - FRAME_BYTES
SNAPSHOT_HEADERS: Headers = (("content-type", b"application/json"),)
_HEADER_FRAME_BYTES = 10
"""The lengths of a header's name and value."""


class Output(Struct, frozen=True, gc=False):
    """A record to be sent: `timestamp` in milliseconds, None for now; `partition` None for the partition's own."""

    key: bytes | None
    value: bytes | None
    headers: Headers = STRUCTURED_HEADERS
    timestamp: int | None = None
    partition: int | None = None


def moved(record: RawRecord, ticket_id: str, partition: int) -> Output:
    """Return the record as it goes to the partition it belongs to (SPEC section 2).

    Raises:
        TooLarge: with the header that marks it as moved the topic would not take it.
    """
    came_from = f"{record.position.partition}:{record.position.offset}".encode()
    key, headers = ticket_id.encode(), (*record.headers, (MOVED_HEADER, came_from))
    size = len(key) + len(record.value or b"") + weight_of(headers) + FRAME_BYTES
    if size > MAX_COMMAND_BYTES:
        raise TooLarge(f"the record would have {size} bytes when moved, more than {MAX_COMMAND_BYTES}")
    return Output(key, record.value, headers, record.timestamp if record.timestamp >= 0 else None, partition)


def dead_letter(record: RawRecord, error: Unreadable, topic: str) -> Output:
    """Return the record as it goes to the DLQ: as received, and what is wrong with it (SPEC section 3).

    Of a record larger than the DLQ takes, key and headers keep a quarter of the room each and the value the rest; the
    whole of it stays where the headers point to.
    """
    key, value = record.key, record.value
    position = record.position
    headers = dead_letter_headers(record.headers, error, topic, position.partition, position.offset)
    size = len(key or b"") + len(value or b"") + weight_of(headers)
    room = MAX_DLQ_BYTES - FRAME_BYTES
    if size > room:
        kept = _first_headers(record.headers, room // 4)
        told = dead_letter_headers(kept, error, topic, position.partition, position.offset)
        headers = (*told, (CUT_FROM_HEADER, str(size).encode()))
        key = None if key is None else key[: room // 4]
        value = None if value is None else value[: room - len(key or b"") - weight_of(headers)]
    return Output(key, value, headers)


def weight_of(headers: Headers) -> int:
    """Return the bytes that headers take in a record, at most."""
    return sum(len(name.encode()) + len(value or b"") + _HEADER_FRAME_BYTES for name, value in headers)


def _first_headers(headers: Headers, room: int) -> Headers:
    """Return the headers from the first on, as many as there is room for."""
    kept: list[tuple[str, bytes | None]] = []
    for header in headers:
        room -= weight_of((header,))
        if room < 0:
            break
        kept.append(header)
    return tuple(kept)
