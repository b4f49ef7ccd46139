"""`itilnext schema` prints the published contract, and tells which types there are."""

import json
from pathlib import Path

import pytest

from tests.ops.cli.conftest import Itilnext

FOLDER = Path(__file__).resolve().parents[3] / "schemas"


def test_the_asyncapi_document_is_the_published_one(itilnext: Itilnext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ITILNEXT_TOPICS__PREFIX", raising=False)
    assert itilnext("schema", "asyncapi").out == (FOLDER / "asyncapi.json").read_text()
    monkeypatch.setenv("ITILNEXT_TOPICS__PREFIX", "fleet.")
    assert itilnext("schema", "asyncapi").json["channels"]["events"]["address"] == "fleet.ticket.events.v1"


@pytest.mark.parametrize("name", ["ticket.open", "org.itilnext.ticket.open.v1"])
def test_one_schema(itilnext: Itilnext, name: str) -> None:
    assert itilnext("schema", "json", name).out == (FOLDER / "json" / "ticket.open.v1.json").read_text()


def test_all_schemas(itilnext: Itilnext) -> None:
    printed = itilnext("schema", "json").json
    assert printed == {
        path.name.removesuffix(".v1.json"): json.loads(path.read_text()) for path in FOLDER.glob("json/*")
    }


def test_an_unknown_type_is_refused_with_those_near(itilnext: Itilnext) -> None:
    ran = itilnext("schema", "json", "ticket.opne")
    assert (ran.exit_code, ran.out) == (2, "")
    assert "'ticket.opne'" in ran.err
    assert "ticket.open" in ran.err.splitlines()[1]
    assert "envelope.cancelled" in itilnext("schema", "json", "xyzzy").err
