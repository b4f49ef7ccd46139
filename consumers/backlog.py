"""What waits for a partition's task, bounded in records and in bytes: values may be a word or half a MiB."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence

from aiokafka import ConsumerRecord

from contracts.received import Position, RawRecord


class Backlog:
    """Records in the order they came; `max_records` tells how many may wait as of now."""

    def __init__(self, max_records: Callable[[], int], max_bytes: int) -> None:
        self._max_records = max_records
        self._max_bytes = max_bytes
        self._records: deque[tuple[RawRecord, int]] = deque()
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
        return len(self._records) > self._max_records() or self._bytes > self._max_bytes

    @property
    def is_half_empty(self) -> bool:
        """Whether more may come again."""
        return len(self._records) <= self._max_records() // 2 and self._bytes <= self._max_bytes // 2

    def extend(self, records: Iterable[ConsumerRecord]) -> None:
        """Add what came."""
        for record in records:
            raw = _raw(record)
            weight = _weight(raw)
            self._records.append((raw, weight))
            self._bytes += weight
            self._end = record.offset + 1

    def take(self, records: int, size: int) -> Sequence[RawRecord]:
        """Take out so many records, or as many as come to so many bytes; at least one, where one waits."""
        taken: list[RawRecord] = []
        while self._records and len(taken) < records and size > 0:
            record, weight = self._records.popleft()
            size -= weight
            self._bytes -= weight
            taken.append(record)
        return taken

    def clear(self) -> None:
        """Forget all that waits."""
        self._records.clear()
        self._bytes = 0


def _raw(record: ConsumerRecord) -> RawRecord:
    """Return a client's record as the contracts know it."""
    position = Position(record.partition, record.offset)
    return RawRecord(position, record.timestamp, record.key, record.value, tuple(record.headers))


def _weight(record: RawRecord) -> int:
    """Return the bytes of a record."""
    size = len(record.key or b"") + len(record.value or b"")
    for name, value in record.headers:
        size += len(name) + len(value or b"")
    return size
