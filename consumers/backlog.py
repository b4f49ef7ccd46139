"""What waits for a partition's task, bounded in records and in bytes: values may be a word or half a MiB."""

from collections import deque
from collections.abc import Iterable, Sequence

from aiokafka import ConsumerRecord

from contracts.received import Position, RawRecord


class Backlog:
    """Records in the order they came."""

    def __init__(self, max_records: int, max_bytes: int) -> None:
        self._max_records = max_records
        self._max_bytes = max_bytes
        self._records: deque[ConsumerRecord] = deque()
        self._bytes = 0
        self._end = 0

    def __len__(self) -> int:
        return len(self._records)

    @property
    def end(self) -> int:
        """The offset after the last record that ever came."""
        return self._end

    @property
    def is_full(self) -> bool:
        """Whether no more should come for now."""
        return len(self._records) > self._max_records or self._bytes > self._max_bytes

    @property
    def is_half_empty(self) -> bool:
        """Whether more may come again."""
        return len(self._records) <= self._max_records // 2 and self._bytes <= self._max_bytes // 2

    def extend(self, records: Iterable[ConsumerRecord]) -> None:
        """Add what came."""
        for record in records:
            self._records.append(record)
            self._bytes += _weight(record)
            self._end = record.offset + 1

    def take(self, records: int, size: int) -> Sequence[ConsumerRecord]:
        """Take out so many records, or as many as come to so many bytes; at least one, where one waits."""
        taken: list[ConsumerRecord] = []
        while self._records and len(taken) < records and size > 0:
            record = self._records.popleft()
            weight = _weight(record)
            size -= weight
            self._bytes -= weight
            taken.append(record)
        return taken

    def clear(self) -> None:
        """Forget all that waits."""
        self._records.clear()
        self._bytes = 0


def raw_record(record: ConsumerRecord) -> RawRecord:
    """Return a client's record as the contracts know it."""
    position = Position(record.partition, record.offset)
    return RawRecord(position, record.timestamp, record.key, record.value, tuple(record.headers))


def _weight(record: ConsumerRecord) -> int:
    """Return the bytes of a record; an absent key or value counts as -1."""
    size: int = record.serialized_key_size + record.serialized_value_size
    for name, value in record.headers:
        size += len(name) + len(value or b"")
    return size
