"""The tables of an export: columns, which are a promise to whoever asks them, and files of bounded memory.

Columns are added at the end, and never renamed, removed or given another type; `VERSION` counts the times this had to
be broken, and stands in each file's metadata. docs/analytics.md tells what each column means.
"""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
from pyarrow import parquet

from ops.exporting.place import told_of

VERSION = "1"
_METADATA = {"itilnext.export": VERSION}
_TEXT, _NUMBER, _OFFSET = pa.string(), pa.int32(), pa.int64()
_INSTANT = pa.timestamp("us", tz="UTC")
_MONEY = pa.decimal128(18, 2)
"""An amount is below 10^12, and a ticket's snapshot has no room for ten thousand resolutions."""

EVENTS = pa.schema(
    [
        pa.field("partition", _NUMBER, nullable=False),
        pa.field("offset", _OFFSET, nullable=False),
        pa.field("event_id", _TEXT, nullable=False),
        pa.field("event", _TEXT, nullable=False),
        pa.field("ticket_id", _TEXT, nullable=False),
        pa.field("ticket_version", _NUMBER, nullable=False),
        pa.field("time", _INSTANT, nullable=False),
        pa.field("cause_id", _TEXT, nullable=False),
        pa.field("cause_source", _TEXT, nullable=False),
        pa.field("correlation_id", _TEXT),
        pa.field("data", _TEXT, nullable=False),
    ],
    metadata=_METADATA,
)

RESOLUTIONS = pa.schema(
    [
        pa.field("ticket_id", _TEXT, nullable=False),
        pa.field("resolution_id", _TEXT, nullable=False),
        pa.field("resolution_type", _TEXT, nullable=False),
        pa.field("what_category", _TEXT),
        pa.field("why_category", _TEXT),
        pa.field("where", _TEXT),
        pa.field("amount", _MONEY),
        pa.field("currency", _TEXT, nullable=False),
        pa.field("cumulative_amount", _MONEY, nullable=False),
        pa.field("tier", _TEXT, nullable=False),
        pa.field("status", _TEXT, nullable=False),
        pa.field("created_by", _TEXT, nullable=False),
        pa.field("created_at", _INSTANT, nullable=False),
        pa.field("decided_by", _TEXT),
        pa.field("decided_at", _INSTANT),
        pa.field("calibration_reason", _TEXT),
        pa.field("calibration_outcome", _TEXT),
        pa.field("reviewer_id", _TEXT),
        pa.field("reviewed_at", _INSTANT),
    ],
    metadata=_METADATA,
)

SCHEMAS: Mapping[str, pa.Schema] = {"events.parquet": EVENTS, "resolutions.parquet": RESOLUTIONS}
"""The files of an export."""

_GROUP_ROWS = 20_000
"""Enough for columns to compress well and for readers to skip groups; some MB of the usual events."""
_GROUP_BYTES = 32_000_000
"""An event may have half a megabyte, so rows alone do not bound a group."""


class TableFile:
    """A Parquet file that is written row by row, as a context; one that was left with an error is not whole."""

    def __init__(self, path: Path, schema: pa.Schema, *, group_rows: int = _GROUP_ROWS) -> None:
        self._folder = path.parent
        with told_of(self._folder):
            self._writer = parquet.ParquetWriter(path, schema, compression="zstd")
        self._schema = schema
        self._group_rows = group_rows
        self._group: list[Mapping[str, Any]] = []
        self._weight = 0
        self.rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._flush()
        with told_of(self._folder):
            self._writer.close()

    def add(self, row: Mapping[str, Any], weight: int = 0) -> None:
        """Add a row, by the names of its columns; `weight` is about how many bytes it takes in memory."""
        self._group.append(row)
        self._weight += weight
        self.rows += 1
        if len(self._group) >= self._group_rows or self._weight >= _GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        with told_of(self._folder):
            self._writer.write_table(pa.Table.from_pylist(self._group, schema=self._schema))
        self._group, self._weight = [], 0
