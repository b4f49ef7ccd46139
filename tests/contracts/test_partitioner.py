"""murmur2 as Kafka computes it: Kafka's own test vectors, and aiokafka's as an oracle."""

import pytest
from aiokafka.partitioner import murmur2 as kafka_murmur2
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.partitioner import murmur2, partition_of

# From Kafka's UtilsTest: hashes as Java's signed 32-bit numbers.
VECTORS = {
    b"21": -973_932_308,
    b"foobar": -790_332_482,
    b"a-little-bit-long-string": -985_981_536,
    b"a-little-bit-longer-string": -1_486_304_829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58_897_971,
    b"abc": 479_470_107,
}


@pytest.mark.parametrize(("key", "signed"), VECTORS.items())
def test_kafkas_vectors(key: bytes, signed: int) -> None:
    assert murmur2(key) == signed % 2**32


@given(st.binary(max_size=200))
@example(b"")
@example(b"\xff" * 7)
def test_any_key_hashes_as_in_kafkas_client(key: bytes) -> None:
    assert murmur2(key) == kafka_murmur2(key) % 2**32


@given(st.text("abcxyzABCXYZ019._:-", min_size=1, max_size=128), st.integers(1, 200))
def test_a_ticket_lies_where_kafkas_default_partitioner_puts_it(ticket_id: str, partitions: int) -> None:
    partition = partition_of(ticket_id, partitions)
    assert 0 <= partition < partitions
    assert partition == (kafka_murmur2(ticket_id.encode()) & 0x7FFFFFFF) % partitions
