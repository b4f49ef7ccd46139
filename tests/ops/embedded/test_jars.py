"""The broker's jars are fetched once, whole or not at all; what is not installed is named.

Maven is a stand-in program here: what is proved is what happens around it.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ops.embedded.errors import MissingTool, ServerFailed
from ops.embedded.jars import java, kafka_jars

MAVEN = """#!/bin/sh
echo called >>"{calls}"
for argument in "$@"; do
  case "$argument" in -DoutputDirectory=*) folder="${{argument#*=}}" ;; esac
done
: >"$folder/one.jar"
{then}
: >"$folder/two.jar"
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give this test a cache and a PATH of its own; return the file in which the stand-in notes its calls."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    (tmp_path / "bin").mkdir()
    return tmp_path / "calls"


def install(calls: Path, program: str, text: str) -> None:
    path = calls.parent / "bin" / program
    path.write_text(text)
    path.chmod(0o755)


def maven(calls: Path, then: str = "") -> None:
    install(calls, "mvn", MAVEN.format(calls=calls, then=then))


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.suffix == ".jar"}


def test_they_are_fetched_once(calls: Path) -> None:
    maven(calls)
    jars = kafka_jars()
    assert names(jars) == {"one.jar", "two.jar"}
    assert kafka_jars() == jars
    assert calls.read_text() == "called\n"


def test_two_at_once_fetch_them_once(calls: Path) -> None:
    maven(calls, then="sleep 0.3")  # long enough for the other to come in; were it not, the test would pass as well
    with ThreadPoolExecutor(max_workers=2) as both:
        first, second = both.map(lambda _: kafka_jars(), range(2))
    assert first == second
    assert names(first) == {"one.jar", "two.jar"}
    assert calls.read_text() == "called\n"


def test_half_of_them_are_none(calls: Path) -> None:
    maven(calls, then="echo no route to host; exit 1")
    with pytest.raises(ServerFailed, match="Maven failed with exit code 1") as failure:
        kafka_jars()
    assert "no route to host" in "".join(failure.value.__notes__)
    maven(calls)
    assert names(kafka_jars()) == {"one.jar", "two.jar"}


def test_without_maven_it_is_named(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(calls.parent / "bin"))
    with pytest.raises(MissingTool, match="install Apache Maven"):
        kafka_jars()


def test_without_java_it_is_named(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(calls.parent / "bin"))
    with pytest.raises(MissingTool, match="install a Java runtime of version 17"):
        java()


def test_a_java_home_without_java_is_named(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(calls.parent))
    with pytest.raises(MissingTool, match="JAVA_HOME"):
        java()


@pytest.mark.parametrize("version", ["1.8.0_392", "11.0.2", "16-ea"])
def test_an_old_java_is_named(calls: Path, version: str) -> None:
    install(calls, "java", f"#!/bin/sh\necho 'openjdk version \"{version}\" 2020-01-01' >&2\n")
    with pytest.raises(MissingTool, match=f"Java {version.removeprefix('1.')[0]}"):
        java()


@pytest.mark.parametrize("version", ["17.0.15", "25-ea", "21"])
def test_a_newer_java_is_taken(calls: Path, version: str) -> None:
    install(calls, "java", f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-01-01' >&2\n")
    assert java() == str(calls.parent / "bin" / "java")
