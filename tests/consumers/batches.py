"""Batches as other clients send them: in any codec, and with header names that no Python client would write."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from contracts.dead_letters import Headers
from tests.fleet import Fleet

CODECS = {"gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}
_SIZE = 100_000_000


@dataclass(frozen=True, slots=True)
class Plain:
    """A record of a batch."""

    value: bytes | None
    key: bytes | None = None
    headers: Headers = ()


class RawName(str):  # noqa: SLOT000 a few of them, for a test
    """A header's name that is written as these bytes."""

    raw: bytes

    def __new__(cls, raw: bytes) -> Self:
        name = super().__new__(cls, raw.decode(errors="replace"))
        name.raw = raw
        return name

    def encode(self, *_: str) -> bytes:
        return self.raw


async def send_batch(fleet: Fleet, partition: int, records: Sequence[Plain], codec: int = 0) -> None:
    """Send records as one batch."""
    batch = BatchBuilder(_SIZE, codec)
    # The client's fast builder writes names itself; the slow one asks them.
    batch._builder = _DefaultRecordBatchBuilderPy(2, codec, 0, -1, -1, 0, _SIZE)  # noqa: SLF001
    for record in records:
        added = batch.append(timestamp=None, key=record.key, value=record.value, headers=list(record.headers))
        assert added is not None, "the batch is full"
    batch.close()
    await (await fleet.producer.send_batch(batch, fleet.topics.commands, partition=partition))
