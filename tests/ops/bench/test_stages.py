"""Which stage a stack belongs to; and that the functions the stages are known by are there."""

import ast
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ops.bench.stages import ENGINE, LIBRARIES, Stage, StageFinder

ROOT = Path(__file__).resolve().parents[3]
NAMED = [(file, name) for file, functions in ENGINE.items() for name in functions]


def defined_in(node: ast.AST, within: str = "") -> Iterator[str]:
    """Qualified names of all classes and functions of a module."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield within + child.name
            yield from defined_in(child, f"{within}{child.name}.")


@pytest.mark.parametrize(("file", "name"), NAMED, ids=lambda value: value)
def test_each_function_of_the_engine_that_has_a_stage_is_there(file: str, name: str) -> None:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert name in set(defined_in(tree))


@pytest.mark.parametrize("file", sorted({file for file, _, _ in LIBRARIES}))
def test_each_file_of_a_library_that_has_a_stage_is_there(file: str) -> None:
    assert any((Path(folder) / file).exists() for folder in sys.path)


def function(path: str, source: str, **names: object) -> Callable[[], Stage]:
    """Define the last function of a source as if it were in that file."""
    module: dict[str, object] = dict(names)
    exec(compile(source, f"/somewhere/{path}", "exec"), module)  # noqa: S102 a stack with chosen file names
    last = list(module.values())[-1]
    assert callable(last)
    return last


def looking(finder: StageFinder, path: str, name: str) -> Callable[[], Stage]:
    """A function that finds out at which stage it is itself."""
    source = f"def {name}(): return find(frame())"
    return function(path, source, find=finder.stage_of, frame=sys._getframe)  # noqa: SLF001 what a sampler is given


def calling(inner: Callable[[], Stage], path: str, owner: str) -> Callable[[], Stage]:
    """A method of a class of that name that calls a function."""
    return function(path, f"class {owner}:\n  def work(): return inner()\nwork = {owner}.work", inner=inner)


def test_the_innermost_function_of_the_engine_that_is_named_decides() -> None:
    finder = StageFinder()
    library = looking(finder, "orjson/dumps.py", "dumps")
    write_json = function("contracts/json_values.py", "def write_json(): return inner()", inner=library)
    evolve = function("services/evolve.py", "def evolve(): return inner()", inner=library)
    assert calling(write_json, "consumers/reserving.py", "Planner")() is Stage.ENCODE
    assert calling(evolve, "consumers/reserving.py", "Planner")() is Stage.DECIDE


def test_a_library_counts_where_none_of_the_engine_is_on_the_stack() -> None:
    finder = StageFinder()
    fetching = looking(finder, "aiokafka/consumer/fetcher.py", "routine")
    assert fetching() is Stage.FETCH
    assert calling(fetching, "consumers/state_log.py", "LogEnds")() is Stage.LOAD


def test_what_is_not_named_is_other() -> None:
    finder = StageFinder()
    assert finder.stage_of(sys._getframe()) is Stage.OTHER  # noqa: SLF001


@pytest.mark.parametrize(
    ("answer", "stage"),
    [
        ("FetchResponse_v4", Stage.FETCH),
        ("ProduceResponse_v7", Stage.PRODUCE),
        ("EndTxnResponse_v0", Stage.COMMIT),
        ("HeartbeatResponse_v1", Stage.OTHER),
    ],
)
def test_a_broker_s_answer_counts_by_what_it_answers(answer: str, stage: Stage) -> None:
    finder = StageFinder()
    source = (
        "class AIOKafkaConnection:\n"
        "  def _handle_frame():\n"
        "    resp_type = answer\n"
        "    return find(frame())\n"
        "read = AIOKafkaConnection._handle_frame"
    )
    frame = sys._getframe  # noqa: SLF001 as above
    read = function("aiokafka/conn.py", source, answer=type(answer, (), {}), find=finder.stage_of, frame=frame)
    assert read() is stage
