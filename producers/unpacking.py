"""Bounds what a compressed batch may unpack to, for every consumer of this process.

A broker bounds a batch as it is sent; a MiB of zstd can stand for 32 GiB of zeros, and the client would unpack it
whole, at each try, in each worker that takes the partition over. Here that stops at a bound no honest sender comes
near. The records of such a batch are then delivered without key and value, and with a header that says why: their
number and offsets are in the batch's head, which is not compressed. Importing this module is what puts it into force.
"""

import zlib
from collections.abc import Callable, Iterator
from typing import Any

import cramjam
from aiokafka.record import default_records
from aiokafka.record._crecords import default_records as fast_records

from contracts.dead_letters import MAX_UNPACKED_BYTES, OVERPACKED

_GZIP = 31  # zlib's word for a window of 32 KiB in gzip's frame
_LIKELY_FACTOR, _GROWTH, _SMALLEST = 16, 4, 65_536


class Overpacked(Exception):
    """A batch that unpacks to more than `MAX_UNPACKED_BYTES`, or not at all."""


class BoundedBatch:
    """A compressed batch as the client's fetcher uses it, that can always be iterated."""

    def __init__(self, batch: Any) -> None:  # noqa: ANN401  the client's batches, fast and slow, have no common type
        self._batch = batch

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._batch, name)

    def __iter__(self) -> Iterator[Any]:
        try:
            return iter(self._batch)
        except Overpacked:
            return self._emptied()

    def _emptied(self) -> Iterator[Any]:
        batch = self._batch
        for offset in range(batch.base_offset, batch.next_offset):
            yield fast_records.DefaultRecord(
                offset, batch.max_timestamp, batch.timestamp_type, None, None, [OVERPACKED]
            )


def bounded(batch: Any) -> Any:  # noqa: ANN401
    """Return the batch itself where it is not compressed; those are most, and what they hold is bounded already."""
    return BoundedBatch(batch) if batch.compression_type else batch


def _unpack_gzip(packed: bytes) -> bytes:
    unpacked = bytearray()
    rest = bytes(packed)
    while rest:  # several members may follow one another
        member = zlib.decompressobj(_GZIP)
        try:
            unpacked += member.decompress(rest, MAX_UNPACKED_BYTES + 1 - len(unpacked))
        except zlib.error as error:
            raise Overpacked(str(error)) from error
        if len(unpacked) > MAX_UNPACKED_BYTES or not member.eof:
            raise Overpacked("gzip")
        rest = member.unused_data
    return bytes(unpacked)


def _unpacking(into: Callable[[bytes, bytearray], int]) -> Callable[[bytes], bytes]:
    """Return a reader of a format: in a buffer that mostly is large enough at once, and grows up to the bound."""

    def unpack(packed: bytes) -> bytes:
        size = max(_SMALLEST, _LIKELY_FACTOR * len(packed))
        while True:
            buffer = bytearray(min(size, MAX_UNPACKED_BYTES))
            try:
                return bytes(memoryview(buffer)[: into(packed, buffer)])
            except cramjam.DecompressionError as error:
                if size >= MAX_UNPACKED_BYTES:
                    raise Overpacked(str(error)) from error
            size *= _GROWTH

    return unpack


# Snappy is left as it is: three bytes of it unpack to 64 at most.
for module in (default_records, fast_records):
    module.gzip_decode = _unpack_gzip
    module.lz4_decode = _unpacking(cramjam.lz4.decompress_into)
    module.zstd_decode = _unpacking(cramjam.zstd.decompress_into)
