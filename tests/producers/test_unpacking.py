"""Compressed batches are read as before; one that unpacks beyond the bound comes emptied, and the next is read."""

import gzip
from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.consumer.fetcher import READ_COMMITTED
from aiokafka.record._crecords import default_records as fast_records
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from contracts.cloudevents import read_cloud_event
from contracts.dead_letters import MAX_UNPACKED_BYTES, OVERPACKED, NotJson, TooLarge
from producers import header_names
from producers.unpacking import Overpacked

CODECS = {"none": 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}
BOMBS = ("gzip", "lz4", "zstd")


def packed(codec: str, values: Sequence[bytes], first_offset: int = 0) -> bytes:
    """Return a batch as a broker hands it out."""
    size = sum(map(len, values)) + 100 * len(values) + 1_000
    builder = DefaultRecordBatchBuilder(2, CODECS[codec], False, -1, -1, -1, size)  # noqa: FBT003  not ours
    for number, value in enumerate(values):
        assert builder.append(number, timestamp=1_000 + number, key=b"k", value=value, headers=[])
    batch = builder.build()
    batch[0:8] = first_offset.to_bytes(8, "big")  # a broker writes it there; it is not part of the checksum
    return bytes(batch)


def delivered(fetched: bytes) -> list[Any]:
    """Return what the consumer's fetcher makes of it, from offset 1 on."""
    assert fetcher.MemoryRecords.__module__ == header_names.__name__, "in force for all who import it"
    records = fetcher.MemoryRecords(fetched)
    partition = TopicPartition("t", 0)
    return list(fetcher.PartitionRecords(partition, records, [], 1, None, None, True, READ_COMMITTED))  # noqa: FBT003


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("value", [b"v" * 10, b"v" * 3_000_000, bytes(range(256)) * 999], ids=["small", "even", "long"])
def test_an_honest_batch_is_read_as_it_was_sent(codec: str, value: bytes) -> None:
    records = delivered(packed(codec, [b"before", value, b"after"]))
    assert [(record.offset, record.key, record.value) for record in records] == [(1, b"k", value), (2, b"k", b"after")]
    assert [record.headers for record in records] == [(), ()]


@pytest.mark.parametrize("codec", BOMBS)
def test_an_overpacked_batch_is_emptied_and_the_next_is_read(codec: str) -> None:
    bomb = packed(codec, [b"\0" * (MAX_UNPACKED_BYTES // 2)] * 3)
    assert len(bomb) < 1_000_000
    records = delivered(bomb + packed(codec, [b"good"], first_offset=3))
    assert [(record.offset, record.key, record.value) for record in records] == [
        (1, None, None),
        (2, None, None),
        (3, b"k", b"good"),
    ]
    assert records[0].headers[0] is OVERPACKED
    assert records[0].timestamp >= 1_000
    with pytest.raises(TooLarge, match="compressed batch"):
        read_cloud_event(records[0].value, records[0].headers)


def test_a_sender_can_not_claim_it() -> None:
    name, told = OVERPACKED
    forged = (name, bytes(bytearray(told)))
    assert forged == OVERPACKED
    with pytest.raises(NotJson):
        read_cloud_event(None, (forged,))


@pytest.mark.parametrize("codec", BOMBS)
def test_the_bound_itself_is_still_read(codec: str) -> None:
    head = 40  # of the record
    (record,) = delivered(packed(codec, [b"", b"\0" * (MAX_UNPACKED_BYTES - head)]))
    assert len(record.value) == MAX_UNPACKED_BYTES - head


@pytest.mark.parametrize("codec", BOMBS)
def test_what_is_no_such_format_is_no_reason_to_stop(codec: str) -> None:
    with pytest.raises(Overpacked):
        getattr(fast_records, f"{codec}_decode")(b"no such format at all")


def test_gzip_may_have_several_members() -> None:
    assert fast_records.gzip_decode(gzip.compress(b"one, ") + gzip.compress(b"two")) == b"one, two"
    with pytest.raises(Overpacked):
        fast_records.gzip_decode(gzip.compress(b"cut off")[:-9])
