"""What an export promises: the columns of docs/analytics.md, and no more in memory than a group of rows."""

from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from ops.console import CommandFailed
from ops.exporting.tables import SCHEMAS, VERSION, TableFile

DOCS = Path("docs/analytics.md").read_text(encoding="utf-8")
NUMBERS = pa.schema([pa.field("number", pa.int32(), nullable=False)])


@pytest.mark.parametrize("file", SCHEMAS)
def test_the_docs_name_each_column_with_its_type(file: str) -> None:
    section = DOCS.partition(f"### `{file}`")[2].partition("\n#")[0]
    told = [
        tuple(cell.strip() for cell in line.split("|")[1:4]) for line in section.splitlines() if line.startswith("| `")
    ]
    columns = [(f"`{each.name}`", str(each.type), "yes" if each.nullable else "") for each in SCHEMAS[file]]
    assert told == columns


def test_rows_are_written_in_groups_and_the_last_one_is_what_is_left(tmp_path: Path) -> None:
    path = tmp_path / "numbers"
    with TableFile(path, NUMBERS, group_rows=10) as table:
        for number in range(25):
            table.add({"number": number})
        assert table.rows == 25
    written = parquet.ParquetFile(path)
    groups = [written.metadata.row_group(group).num_rows for group in range(written.num_row_groups)]
    assert groups == [10, 10, 5]
    assert written.read().column("number").to_pylist() == list(range(25))


def test_heavy_rows_make_smaller_groups(tmp_path: Path) -> None:
    path = tmp_path / "numbers"
    with TableFile(path, NUMBERS) as table:
        for number in range(9):
            table.add({"number": number}, weight=10_000_000)
    groups = parquet.ParquetFile(path).metadata
    assert [groups.row_group(group).num_rows for group in range(groups.num_row_groups)] == [4, 4, 1]


def test_a_file_without_rows_has_its_columns_all_the_same(tmp_path: Path) -> None:
    for name, schema in SCHEMAS.items():
        with TableFile(tmp_path / name, schema):
            pass
        written = parquet.read_table(tmp_path / name)
        assert written.schema.equals(schema)
        assert written.num_rows == 0
        assert parquet.read_schema(tmp_path / name).metadata[b"itilnext.export"].decode() == VERSION


def test_a_file_that_can_t_be_made_is_told_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="can't be written"):
        TableFile(tmp_path / "missing" / "file", NUMBERS)
