"""The rules of the house that no linter knows: sizes, what tracked files may not name, and no clock in the core.

Each rule is a function from text to findings, shown here to find what it is for, and then held against every tracked
file. Nothing is fixed up here, and nothing is exempt but the lock file, which has to name where packages come from.
"""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAX_FILE_LINES = 300  # a few screens
MAX_FUNCTION_LINES = 50  # one screen
LOCK_FILE = "uv.lock"

REGISTRY_HOST = re.compile(
    rb"pypi\.org|pythonhosted\.|repo1?\.maven\.|maven\.apache\.org/maven2|npmjs\.|hub\.docker\.|index\.docker\.|"
    rb"ghcr\.io|quay\.io|anaconda\.org",
    re.IGNORECASE,
)
MACHINE_PATH = re.compile(rb"(?<![\w.~-])/(?:work|root|opt/wheels|home/\w+|Users/\w+)(?:/|\b)(?![\w-])")
CLOCK_NAMES = {"fromtimestamp", "getnode", "now", "today", "utcnow", "uuid1", "uuid4"}
CLOCK_OWNERS = {"date", "datetime", "dt", "uuid"}


@cache
def tracked_files() -> tuple[str, ...]:
    """Paths of the files git tracks and that are there, relative to the project."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout  # noqa: S607
    return tuple(path for path in listed.decode().split("\0") if path and (ROOT / path).is_file())


def python_files() -> Iterator[tuple[str, str]]:
    """Every tracked Python file as (path, text)."""
    for path in tracked_files():
        if path.endswith(".py"):
            yield path, (ROOT / path).read_text(encoding="utf-8")


def long_functions(source: str) -> list[str]:
    """Name and length of each function of more lines than fit on a screen."""
    functions = (
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    lengths = ((node.name, (node.end_lineno or node.lineno) - node.lineno + 1) for node in functions)
    return [f"{name}: {length} lines" for name, length in lengths if length > MAX_FUNCTION_LINES]


def clock_uses(source: str) -> list[str]:
    """Each place where the source could ask for the time or for a random id, however it is spelled."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=name):
                used = {name} if owner in CLOCK_OWNERS else set()
            case ast.ImportFrom(module="uuid", names=names):
                used = {alias.name for alias in names}
            case _:
                continue
        found += [f"line {node.lineno}: {name}" for name in sorted(used & CLOCK_NAMES)]
    return found


def test_files_fit_on_a_few_screens() -> None:
    lengths = {path: len(text.splitlines()) for path, text in python_files()}
    assert {path: length for path, length in lengths.items() if length > MAX_FILE_LINES} == {}


def test_functions_fit_on_one_screen() -> None:
    found = {path: long_functions(text) for path, text in python_files()}
    assert {path: functions for path, functions in found.items() if functions} == {}


@pytest.mark.parametrize("pattern", [REGISTRY_HOST, MACHINE_PATH], ids=["registry host", "machine path"])
def test_tracked_files_name_no_place_of_their_own(pattern: re.Pattern[bytes]) -> None:
    found = {path: pattern.findall((ROOT / path).read_bytes()) for path in tracked_files() if path != LOCK_FILE}
    assert {path: places for path, places in found.items() if places} == {}


def test_the_core_asks_no_clock_and_draws_no_id() -> None:
    core = {path: clock_uses(text) for path, text in python_files() if path.startswith(("contracts/", "services/"))}
    assert core, "the core's files are not where this test looks"
    assert {path: uses for path, uses in core.items() if uses} == {}


def test_a_long_function_is_found() -> None:
    body = "    pass\n" * MAX_FUNCTION_LINES
    assert long_functions(f"def long():\n{body}") == [f"long: {MAX_FUNCTION_LINES + 1} lines"]
    assert long_functions(f"async def fits():\n{body[9:]}") == []


@pytest.mark.parametrize(
    "source",
    [
        "datetime.now(UTC)",
        "datetime.datetime.utcnow()",
        "dt.date.today()",
        "Field(default_factory=uuid.uuid4)",
        "from uuid import uuid4 as new_id",
    ],
)
def test_a_clock_is_found(source: str) -> None:
    assert len(clock_uses(source)) == 1


@pytest.mark.parametrize("source", ["context.now", "uuid.uuid5(space, name)", "'datetime.now()'", "datetime.min"])
def test_what_is_no_clock_is_let_be(source: str) -> None:
    assert clock_uses(source) == []


@pytest.mark.parametrize("names", [("work", "main"), ("root", ".cache"), ("home", "somebody", "src")])
def test_a_machine_path_is_found(names: tuple[str, ...]) -> None:
    place = "/".join(names)
    assert MACHINE_PATH.search(f"see /{place}".encode())


@pytest.mark.parametrize("place", ["docs/work/x", "/workload", "~/.cache", "https://example.org/roots"])
def test_what_is_no_machine_path_is_let_be(place: str) -> None:
    assert not MACHINE_PATH.search(place.encode())


def test_a_registry_host_is_found() -> None:
    name, domain = "pypi", "org"
    assert REGISTRY_HOST.search(f"https://{name}.{domain}/simple".encode())
