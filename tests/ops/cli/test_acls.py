"""`itilnext acls` prints each role's rights as commands; the documentation shows the same, and nothing else."""

import shlex
from pathlib import Path

import pytest

from contracts.topics import Topics
from ops.rights.kafka import CLUSTER, KAFKA_ROLES, Right
from ops.rights.redis import REDIS_ROLES
from ops.rights.tables import kafka_table, redis_table
from tests.ops.cli.conftest import Itilnext

PAGE = Path(__file__).resolve().parents[3] / "docs" / "security.md"


@pytest.fixture(autouse=True)
def _prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITILNEXT_TOPICS__PREFIX", "fleet.")


def read_back(line: str) -> tuple[str, Right]:
    """Whom a line of kafka-acls.sh allows what."""
    words = shlex.split(line)
    assert words[:4] == ["kafka-acls.sh", "--bootstrap-server", "$KAFKA", "--add"]
    options = dict(zip(words[4::2], words[5::2], strict=False))
    operations = tuple(words[at + 1] for at, word in enumerate(words) if word == "--operation")
    resource = next((each for each in ("topic", "group", "transactional-id") if f"--{each}" in options), "cluster")
    name = options.get(f"--{resource}", CLUSTER)
    pattern = options.get("--resource-pattern-type", "literal")
    return options["--allow-principal"], Right(resource, name, operations, pattern)  # type: ignore[arg-type]


@pytest.mark.parametrize("role", KAFKA_ROLES)
def test_the_script_of_a_role_says_what_the_table_says(itilnext: Itilnext, role: str) -> None:
    ran = itilnext("acls", "--role", role, "--user", "ann")
    begin, fail_early, *lines = ran.out.splitlines()
    assert (begin, fail_early) == ("#!/bin/sh", "set -eu")
    read = [read_back(line) for line in lines if line.startswith("kafka-acls.sh")]
    assert read == [("User:ann", right) for right in KAFKA_ROLES[role].rights(Topics("fleet."))]
    on_redis = [line for line in lines if "redis-cli" in line]
    assert len(on_redis) == (role in REDIS_ROLES)
    for line in on_redis:
        rules = " ".join(REDIS_ROLES[role].rules("fleet."))
        assert line == f'echo "ACL SETUSER ann {rules} >$PASSWORD" | redis-cli -e -u "$REDIS"'


def test_all_roles_are_printed_without_one_named(itilnext: Itilnext) -> None:
    out = itilnext("acls").out
    assert [line.split()[1].rstrip(":") for line in out.splitlines() if line.startswith("# ")] == list(KAFKA_ROLES)
    assert "User:ticket-worker" in out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--role", "conector"), "Did you mean connector?"),
        (("--role", "xyz"), "directory-sync"),
        (("--user", "ann"), "--role"),
        (("--role", "ticker", "--user", 'ann"; rm'), "Use A-Z"),
    ],
)
def test_wrong_usage_is_refused_with_what_to_do(itilnext: Itilnext, words: tuple[str, ...], told: str) -> None:
    ran = itilnext("acls", *words)
    assert (ran.exit_code, ran.out) == (2, "")
    assert told in ran.err


def test_the_help_names_every_role(itilnext: Itilnext) -> None:
    shown = " ".join(itilnext("acls", "--help").out.replace("│", " ").split())
    assert [role for role in KAFKA_ROLES if role not in shown] == []


@pytest.mark.parametrize("table", [kafka_table, redis_table])
def test_the_documentation_shows_the_table_in_force(table: object) -> None:
    assert callable(table)
    assert table() in PAGE.read_text()
