"""`itilnext import servicenow`: what it prints, and how it ends."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.embedded.process import Command, spawn, stop
from ops.sample import INCIDENT_LOG
from ops.stack.roles import PROGRAM
from tests.ops.cli.conftest import Itilnext

pytestmark = pytest.mark.broker


@pytest.fixture
def worker(settings: dict[str, str], itilnext: Itilnext, tmp_path: Path) -> Iterator[None]:
    """A fleet of one worker."""
    assert itilnext("topics", "create").exit_code == 0
    process = spawn(Command((*PROGRAM, "worker", "ticket"), tmp_path / "worker.log", settings))
    yield
    stop(process, grace=30)


@pytest.mark.usefixtures("worker")
def test_a_log_is_imported_audited_and_reported(itilnext: Itilnext) -> None:
    first = itilnext("import", "servicenow", str(INCIDENT_LOG), "--json")
    assert first.exit_code == 0
    report = first.json
    assert (report["incidents"], report["events"], report["rejections"]) == (250, 1240, {})
    assert (report["owner_changes_in_source"], report["owner_changes_here"]) == (50, 0)
    assert (report["audit"]["holds"], report["audit"]["tickets"]) == (True, 250)

    again = itilnext("import", "servicenow", str(INCIDENT_LOG))
    assert again.exit_code == 0
    assert "was imported before: 1,240 commands known already, nothing changed." in again.out
    assert "The audit holds" in again.out


@pytest.mark.usefixtures("settings")
def test_a_file_that_is_no_log_is_wrong_usage(itilnext: Itilnext, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("number,priority\n", encoding="utf-8")
    ran = itilnext("import", "servicenow", str(wrong))
    assert (ran.exit_code, ran.out) == (2, "")
    assert ran.err.startswith("itilnext: wrong.csv, line 1: there is no column incident_state; needed are ")
    assert "Nothing was sent." in ran.err


@pytest.mark.usefixtures("settings")
def test_a_file_that_is_not_there_is_wrong_usage(itilnext: Itilnext, tmp_path: Path) -> None:
    ran = itilnext("import", "servicenow", str(tmp_path / "nowhere.csv"))
    assert ran.exit_code == 2
    assert ran.err.endswith("nowhere.csv can't be read: No such file or directory\n")


@pytest.mark.usefixtures("settings")
def test_without_topics_it_says_what_to_do(itilnext: Itilnext) -> None:
    ran = itilnext("import", "servicenow", str(INCIDENT_LOG))
    assert ran.exit_code == 1
    assert "Run `itilnext topics create`" in ran.err
