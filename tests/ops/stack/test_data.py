"""A data folder that is none is refused in two lines; a record that was cut off stops no stack."""

import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ops.console import CommandFailed, ExitCode
from ops.embedded.process import ProcessIdentity
from ops.stack.data import DataFolder, StackRecord
from ops.stack.status import current_stack
from tests.ops.cli.conftest import Itilnext, itilnext

__all__ = ["itilnext"]

CUT_OFF = '{"supervisor":{"pid":1,'


@pytest.fixture
def record() -> StackRecord:
    return StackRecord(supervisor=ProcessIdentity.of(os.getpid()), bootstrap_servers="127.0.0.1:1")


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    folder = DataFolder.at(tmp_path)
    folder.make()
    return folder


@pytest.mark.parametrize("command", ["up", "down", "status"])
def test_a_file_instead_of_a_folder(itilnext: Itilnext, command: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ran = itilnext(command, "--data", str(tmp_path / "file"))
    assert (ran.exit_code, ran.out) == (ExitCode.USAGE, "")
    problem, remedy = ran.err.splitlines()
    assert problem.startswith(f"itilnext: {tmp_path / 'file'} can't hold the data of a stack: ")
    assert "ITILNEXT_STACK__DATA" in remedy


def test_down_makes_no_folder(itilnext: Itilnext, tmp_path: Path) -> None:
    ran = itilnext("down", "--data", str(tmp_path / "never"))
    assert (ran.exit_code, ran.out) == (0, f"Nothing is up on {tmp_path / 'never'}.\n")
    assert not (tmp_path / "never").exists()


@pytest.mark.parametrize("written", [CUT_OFF, "", "{}", "\x00\x00"])
def test_a_record_that_can_t_be_read_is_told_once_and_taken_for_none(
    itilnext: Itilnext, folder: DataFolder, written: str
) -> None:
    folder.record_file.write_text(written, encoding="utf-8")
    with capture_logs() as logged:
        ran = itilnext("down", "--data", str(folder.path))
        assert folder.read() is None
    assert (ran.exit_code, ran.out) == (0, f"Nothing is up on {folder.path}.\n")
    assert [line["file"] for line in logged] == [str(folder.record_file)]


def test_the_next_record_replaces_one_that_can_t_be_read(folder: DataFolder, record: StackRecord) -> None:
    folder.record_file.write_text(CUT_OFF, encoding="utf-8")
    with folder.held(), pytest.raises(CommandFailed):
        current_stack(folder)
    folder.write(record)
    assert folder.read() == record


def test_a_record_is_on_the_disk_before_it_replaces_another(
    folder: DataFolder, record: StackRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write(record)
    next_one = record.model_copy(update={"ready": True})
    at_sync: list[tuple[StackRecord, StackRecord | None]] = []

    def sync(file: int) -> None:
        written = Path(f"/dev/fd/{file}").read_bytes()
        at_sync.append((StackRecord.model_validate_json(written), folder.read()))

    monkeypatch.setattr(os, "fsync", sync)
    folder.write(next_one)
    assert at_sync == [(next_one, record)]
    assert folder.read() == next_one
