"""What the ticket workers could not read as commands: listed, and sent again once the cause is mended (SPEC section 3).

A replay sends a record as it was received: nothing in it is repaired here. What is still bad ends in the DLQ again.
"""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from hashlib import sha256
from heapq import heappush, heappushpop
from operator import itemgetter

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from contracts.cloudevents import read_cloud_event
from contracts.dead_letters import CUT_FROM_HEADER, ERROR_CODE_HEADER, Headers, Unreadable
from contracts.partitioner import murmur2
from contracts.topics import MAX_COMMAND_BYTES, Topics
from ops.describing import headers_of
from ops.log_reader import LogReader, LogRecord, all_partitions, written_ends
from ops.target import Target
from producers.publisher import CommandPublisher
from producers.topics_admin import require_topics

_CONNECT = "__connect.errors."
_ADDED = "itilnext.error."
_RECORD_OVERHEAD = 128
"""Bytes that a batch of one record takes beside key, value and headers, and some to spare."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record of the DLQ; `received_at` is where it lay in its topic, `received` its headers there."""

    record: LogRecord
    code: str
    message: str
    received_at: TopicPartition
    received_offset: int
    received: Headers
    cut_from: int | None

    def why_not_again(self, topics: Topics) -> str | None:
        """Say why it can't be sent to the commands topic again, nothing when it can."""
        if self.received_at.topic == topics.directory:
            return f"it is a directory entry: mend it, and send it to {topics.directory}"
        if self.cut_from is not None:
            where = f"{self.received_at.topic} {self.received_at.partition}:{self.received_offset}"
            return f"it was cut from {self.cut_from} bytes; the whole is at {where} while that is kept"
        size = sum(len(name) + len(value or b"") + 8 for name, value in self.received)
        size += len(self.record.key or b"") + len(self.record.value or b"")
        if size + _RECORD_OVERHEAD > MAX_COMMAND_BYTES:
            return f"with {size} bytes it is larger than the commands topic takes"
        return None

    @property
    def content_hash(self) -> bytes:
        """What a copy of it has too, wherever it lies."""
        return sha256(repr((self.record.key, self.record.value, self.received)).encode()).digest()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records of the DLQ are meant: those for which all that is given fits."""

    partition: int | None = None
    offset: int | None = None
    code: str | None = None

    def __contains__(self, letter: DeadLetter) -> bool:
        return (
            self.partition in (None, letter.record.partition)
            and self.offset in (None, letter.record.offset)
            and self.code in (None, letter.code)
        )


@dataclass(frozen=True, slots=True)
class Summary:
    """What is in the DLQ: how many records of each code, and the newest of them."""

    codes: Counter[str]
    newest: tuple[DeadLetter, ...]


@dataclass(slots=True)
class Replayed:
    """What a replay did: positions in the DLQ sent again, copies of those, and those that can't be, with the reason."""

    sent: list[tuple[int, int]] = field(default_factory=list)
    copies: list[tuple[int, int]] = field(default_factory=list)
    skipped: list[tuple[int, int, str]] = field(default_factory=list)


async def dead_letters(target: Target, wanted: Wanted) -> AsyncIterator[DeadLetter]:
    """Yield the wanted records that are in the DLQ as of now.

    Raises:
        TopicsUnfit: a topic is missing, or co-partitioned ones differ.
        KafkaError: the broker can't be reached.
    """
    count = await require_topics(target.kafka, target.topics)
    partitions = [
        each for each in all_partitions([target.topics.dlq], count) if wanted.partition in (None, each.partition)
    ]
    if not partitions:
        return
    ends = await written_ends(target.kafka, partitions)
    async with LogReader(target.kafka, partitions) as reader:
        if wanted.offset is not None:
            reader.seek(dict.fromkeys(partitions, wanted.offset))
            ends = {each: min(end, wanted.offset + 1) for each, end in ends.items()}
        async for record in reader.until(ends):
            letter = read_dead_letter(record)
            if letter in wanted:
                yield letter


async def newest_dead_letters(target: Target, wanted: Wanted, limit: int) -> Summary:
    """Count the wanted records by code, and keep the newest of them, oldest first.

    Raises:
        TopicsUnfit, KafkaError: as `dead_letters`.
    """
    codes: Counter[str] = Counter()
    newest: list[tuple[tuple[int, int, int], DeadLetter]] = []
    async for letter in dead_letters(target, wanted):
        codes[letter.code] += 1
        record = letter.record
        item = (record.timestamp, record.partition, record.offset), letter
        if len(newest) < limit:
            heappush(newest, item)
        else:
            heappushpop(newest, item)
    return Summary(codes, tuple(letter for _, letter in sorted(newest, key=itemgetter(0))))


def read_dead_letter(record: LogRecord) -> DeadLetter:
    """Read a record of the DLQ by its headers; what others than the engine wrote there has `?` and -1 for them."""
    told = headers_of(record)
    cut_from = told.get(CUT_FROM_HEADER)
    return DeadLetter(
        record=record,
        code=told.get(ERROR_CODE_HEADER, "?"),
        message=told.get(f"{_CONNECT}exception.message", "?"),
        received_at=TopicPartition(told.get(f"{_CONNECT}topic", "?"), _number(told.get(f"{_CONNECT}partition"))),
        received_offset=_number(told.get(f"{_CONNECT}offset")),
        received=tuple(header for header in record.headers if not header[0].startswith((_CONNECT, _ADDED))),
        cut_from=None if cut_from is None else _number(cut_from),
    )


async def replay(target: Target, wanted: Wanted) -> Replayed:
    """Send the wanted records to the commands topic again, as they were received, with a new timestamp.

    Of equal ones only the first is sent: a record that was replayed before and was still bad is there twice, and would
    be four times after the next.

    Raises:
        TopicsUnfit: a topic is missing, or co-partitioned ones differ.
        KafkaError: the broker can't be reached; a note says how many were sent before.
    """
    done = Replayed()
    seen: set[bytes] = set()
    async with CommandPublisher(target.kafka, target.topics) as publisher:
        try:
            async for letter in dead_letters(target, wanted):
                position = letter.record.partition, letter.record.offset
                reason = letter.why_not_again(target.topics)
                if reason is not None:
                    done.skipped.append((*position, reason))
                elif (content := letter.content_hash) in seen:
                    done.copies.append(position)
                else:
                    seen.add(content)
                    record, partition = letter.record, _partition(letter, publisher.partitions)
                    await publisher.send_again(record.key, record.value, letter.received, partition)
                    done.sent.append(position)
            await publisher.flush()
        except KafkaError as error:
            error.add_note(f"{publisher.acknowledged} sent and acknowledged before that")
            raise
    return done


def _partition(letter: DeadLetter, partitions: int) -> int:
    """Return where Kafka's own clients would have put it: by its key, else its subject; else where it was."""
    record = letter.record
    key = record.key
    if key is None:
        try:
            key = str(read_cloud_event(record.value, letter.received).subject).encode()
        except Unreadable:
            return record.partition % partitions
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.isdecimal() else -1
