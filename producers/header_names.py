r"""Lets every consumer of this process read records whose header names are not UTF-8.

Kafka holds any bytes there. aiokafka's consumer fails on such a record, at each try, and drops what it had read of the
same fetch: the partition would stand still, and commands of others would be skipped. Here the names of such a batch are
read again with escapes (`\\xff`) in the place of what is no UTF-8. Importing this module is what puts it into force.
"""

from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords, _MemoryRecordsPy

from producers.unpacking import bounded


class _KeptRecords:
    """The client's fast reader of a fetch, that keeps the bytes it reads from."""

    def __init__(self, fetched: bytes) -> None:
        self.fetched = fetched
        records = MemoryRecords(fetched)
        self.size_in_bytes = records.size_in_bytes
        self.has_next = records.has_next
        self._records = records

    def next_batch(self) -> Any:  # noqa: ANN401
        return bounded(self._records.next_batch())


class _PartitionRecords(fetcher.PartitionRecords):  # type: ignore[misc] # aiokafka is not typed
    """Reads on from the same offset, patiently, where a name can't be read."""

    _aborted_producers: set[int]
    _aborted_transactions: list[Any]

    def __init__(self, tp: Any, records: _KeptRecords, aborted_transactions: Any, *rest: Any) -> None:  # noqa: ANN401
        super().__init__(tp, records, aborted_transactions, *rest)
        self._fetched = records.fetched
        self._aborted = tuple(self._aborted_transactions)

    def __next__(self) -> Any:  # noqa: ANN401
        try:
            return super().__next__()
        except UnicodeDecodeError:
            return self._read_again(self.next_fetch_offset)

    def _read_again(self, offset: int) -> Any:  # noqa: ANN401
        """Return the record at this offset or the next one there is; what comes before it has been delivered."""
        self._records = _PatientRecords(self._fetched)
        self._aborted_transactions = list(self._aborted)
        self._aborted_producers = set()
        self._records_iterator = self._unpack_records()
        record = super().__next__()
        while record.offset < offset:
            record = super().__next__()
        return record


class _PatientRecords(_MemoryRecordsPy):  # type: ignore[misc] # aiokafka is not typed
    """The client's slow reader of a fetch."""

    def next_batch(self) -> Any:  # noqa: ANN401
        batch = self._next_slice
        self._cache_next()
        return bounded(_PatientBatch(batch))


class _PatientBatch(_DefaultRecordBatchPy):  # type: ignore[misc] # aiokafka is not typed
    """A batch, with its names read from a buffer that knows how."""

    _buffer: bytearray

    def _maybe_uncompress(self) -> None:
        super()._maybe_uncompress()
        self._buffer = _Buffer(self._buffer)


class _Buffer(bytearray):
    """Bytes that can always be decoded. The client slices and decodes nothing else but header names."""

    def __getitem__(self, index: Any) -> Any:  # noqa: ANN401
        item = super().__getitem__(index)
        return _Buffer(item) if isinstance(index, slice) else item

    def decode(self, *_: Any) -> str:  # noqa: ANN401
        return super().decode("utf-8", "backslashreplace")


fetcher.MemoryRecords = _KeptRecords
fetcher.PartitionRecords = _PartitionRecords
