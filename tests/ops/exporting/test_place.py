"""A file of an export is whole or not there under its name, and nothing of anybody else's is written over."""

from pathlib import Path

import pytest

from ops.console import CommandFailed, ExitCode
from ops.exporting.place import whole_files

NAMES = ("a", "b")


def write(folder: Path, *, then: BaseException | None = None) -> None:
    with whole_files(folder, NAMES) as paths:
        for name, path in paths.items():
            path.write_text(name)
        assert not {each.name for each in folder.iterdir()} & set(NAMES)
        if then is not None:
            raise then


@pytest.mark.parametrize("existed", [True, False])
def test_files_stand_under_their_names_once_all_are_written(tmp_path: Path, *, existed: bool) -> None:
    folder = tmp_path if existed else tmp_path / "new" / "folder"
    write(folder)
    assert {each.name: each.read_text() for each in folder.iterdir()} == {"a": "a", "b": "b"}


@pytest.mark.parametrize("broken_off", [KeyboardInterrupt(), ValueError()])
def test_one_that_is_broken_off_leaves_nothing(tmp_path: Path, broken_off: BaseException) -> None:
    with pytest.raises(type(broken_off)):
        write(tmp_path / "new", then=broken_off)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(type(broken_off)):
        write(tmp_path, then=broken_off)
    assert list(tmp_path.iterdir()) == []


def test_one_that_can_t_be_put_under_its_name_leaves_none_of_the_others(tmp_path: Path) -> None:
    def write_while_a_name_is_taken() -> None:
        with whole_files(tmp_path, NAMES) as paths:
            for path in paths.values():
                path.touch()
            (tmp_path / "b").mkdir()

    with pytest.raises(CommandFailed, match="can't be written"):
        write_while_a_name_is_taken()
    assert [each.name for each in tmp_path.iterdir()] == ["b"]


def test_what_a_killed_one_has_left_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "a.partial").write_text("half")
    write(tmp_path)
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == {"a": "a", "b": "b"}


def test_anything_else_in_the_folder_is_kept_and_no_export_is_made(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("an earlier export")
    with pytest.raises(CommandFailed, match="not empty") as refused:
        write(tmp_path)
    assert refused.value.exit_code == ExitCode.USAGE
    assert (tmp_path / "a").read_text() == "an earlier export"
    with pytest.raises(CommandFailed, match="no folder"):
        write(tmp_path / "a")


def test_a_folder_that_can_t_be_written_is_told_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CommandFailed, match=r"can't be written: Not a directory"):
        write(tmp_path / "file" / "below")
