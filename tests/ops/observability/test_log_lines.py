"""Every line a worker may log is told in docs/operating.md, with what it means: an operator meets no other."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
ROOMS = ("services", "producers", "consumers", "ops/observability")
LEVELS = {"info", "warning", "error", "critical", "exception"}


def logged() -> Iterator[tuple[str, str]]:
    """Level and text of each line that the code of a worker may log above debug."""
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                match node:
                    case ast.Call(
                        func=ast.Attribute(value=ast.Name("log") | ast.Attribute(attr="_log"), attr=level),
                        args=[ast.Constant(str() as text)],
                    ) if level in LEVELS:
                        yield level, text


def documented() -> set[tuple[str, str]]:
    lines = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")]
    return {(row[1], row[0].strip("`")) for row in rows if row[1] in LEVELS}


def test_the_docs_tell_every_line() -> None:
    assert set(logged()) == documented()


def test_no_text_is_made_of_what_it_tells_about() -> None:
    """What a line is about is in its fields: a text that differs each time could not be searched for."""
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS:
                    assert not any(isinstance(argument, ast.JoinedStr) for argument in node.args), (file, node.lineno)
