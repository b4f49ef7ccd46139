"""Where an export goes: a new folder or an empty one, in which a file is either whole or not there under its name."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from ops.console import CommandFailed, ExitCode

_PARTIAL = ".partial"


@contextmanager
def whole_files(folder: Path, names: Iterable[str]) -> Iterator[Mapping[str, Path]]:
    """Give a path to write each file to, and on leaving put them under their names; after an error none is left.

    What a killed export has left behind is written over.

    Raises:
        CommandFailed: the folder holds something else, is none, or can't be written.
    """
    writing = {name: folder / f"{name}{_PARTIAL}" for name in names}
    with told_of(folder):
        is_new = not folder.exists()
        _require_free(folder, {path.name for path in writing.values()})
        folder.mkdir(parents=True, exist_ok=True)
    placed: list[Path] = []
    try:
        yield writing
        with told_of(folder):
            for path in writing.values():
                _to_disk(path)
            for name, path in writing.items():
                placed.append(path.rename(folder / name))
            _to_disk(folder)
    except BaseException:
        for path in (*writing.values(), *placed):
            path.unlink(missing_ok=True)
        if is_new:
            with suppress(OSError):  # somebody else has put something there
                folder.rmdir()
        raise


def _require_free(folder: Path, left_behind: set[str]) -> None:
    if folder.exists() and not folder.is_dir():
        raise CommandFailed(f"{folder} is no folder", "Name a new folder, or an empty one.", ExitCode.USAGE)
    if folder.exists() and {each.name for each in folder.iterdir()} - left_behind:
        raise CommandFailed(
            f"{folder} is not empty, and an export replaces nothing",
            "Name a new folder, or an empty one.",
            ExitCode.USAGE,
        )


@contextmanager
def told_of(folder: Path) -> Iterator[None]:
    """Tell of a disk that is full or may not be written, in a line.

    Raises:
        CommandFailed: instead of an OSError.
    """
    try:
        yield
    except OSError as error:
        raise CommandFailed(f"{folder} can't be written: {error.strerror or error}") from error


def _to_disk(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
