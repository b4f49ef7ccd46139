"""docs/runbook.md works word for word: every command in it is run, section by section, against a fleet at work.

A comment `# exit code N` after a command is what it has to end with, 0 where there is none. What a section is about (a
dead letter, a transaction that hangs) is brought about before.
"""

import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from contracts.topics import Topics
from ops.embedded.jars import KAFKA_VERSION, cache_home, java, kafka_jars, locked
from ops.environment import PREFIX
from ops.log_reader import written_ends
from tests.deploy.manifests import is_understood
from tests.stack import Stack
from tests.test_house_rules import ROOT

pytestmark = pytest.mark.broker
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
_SECTION = re.compile(r"^## (.*?)\n(.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)
_CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_COMMAND = re.compile(r"^\$ (.*)$", re.MULTILINE)
SECTIONS = {
    title: [command for block in _CONSOLE.findall(text) for command in _COMMAND.findall(block)]
    for title, text in _SECTION.findall(RUNBOOK)
}
TOPICS = Topics()
HANGING_PARTITION = 2
_LEFT_OPEN_SECONDS = 300


LOST_BROKER = "Restoring a lost broker from a backup"
APART = {LOST_BROKER}


async def nothing(_stack: Stack) -> None:
    """Most sections need nothing but a fleet."""


async def a_dead_letter(stack: Stack) -> None:
    async with AIOKafkaProducer(**stack.kafka.client()) as producer:
        await producer.send_and_wait(TOPICS.commands, b"{", partition=0)


async def an_open_transaction(stack: Stack) -> None:
    """Leave a transaction to nobody, where the runbook has one: the first record of partition 2."""
    partition = TopicPartition(TOPICS.events, HANGING_PARTITION)
    assert (await written_ends(stack.kafka, [partition]))[partition] == 0, "no ticket of this test lies there"
    producer = AIOKafkaProducer(
        transactional_id="left-open", transaction_timeout_ms=_LEFT_OPEN_SECONDS * 1_000, **stack.kafka.client()
    )
    await producer.start()
    await producer.begin_transaction()
    written_at = int((time.time() - _LEFT_OPEN_SECONDS) * 1_000)
    await producer.send_and_wait(TOPICS.events, b"{}", partition=HANGING_PARTITION, timestamp_ms=written_at)
    await producer.stop()  # which ends no transaction


PREPARED: Mapping[str, Callable[[Stack], Awaitable[None]]] = {
    "Dead letters": a_dead_letter,
    "A hanging transaction": an_open_transaction,
}


@dataclass(frozen=True, slots=True)
class Desk:
    """Where an operator types: a shell with the fleet's settings, and Kafka's tools at hand."""

    environment: Mapping[str, str]

    def run(self, *commands: str) -> str:
        """Run commands one after the other in one shell, each as it has to end; return what they printed."""
        script = "\n".join(_checked(command) for command in commands)
        done = subprocess.run(
            ["bash", "-c", script],  # noqa: S607 the one on the PATH
            env=dict(self.environment),
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with `kafka-transactions.sh`: Kafka's own program, of the release that the tests run."""
    jar = cache_home() / f"kafka-tools-{KAFKA_VERSION}.jar"
    with locked(jar.with_suffix(".lock")):
        if not jar.exists():
            artifact = f"-Dartifact=org.apache.kafka:kafka-tools:{KAFKA_VERSION}"
            copy = ["mvn", "-q", "-B", "dependency:copy", artifact, f"-DoutputDirectory={jar.parent}"]
            subprocess.run(copy, check=True)
    folder = tmp_path_factory.mktemp("tools")
    script = folder / "kafka-transactions.sh"
    program = f"exec {java()} -cp '{jar}:{kafka_jars()}/*' org.apache.kafka.tools.TransactionsCommand"
    script.write_text(f'#!/bin/sh\n{program} "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    return folder


def _desk(folder: Path, tools: Path, **settings: str) -> Desk:
    path = os.pathsep.join((str(Path(sys.executable).parent), str(tools), os.environ["PATH"]))
    clean = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    own = {"PATH": path, "ITILNEXT_STACK__DATA": str(folder / "stack"), "BACKUP": str(folder / "backup")}
    return Desk(clean | own | settings)


@pytest.fixture(scope="module")
def desk(stack: Stack, tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Return an operator's place beside a fleet at work on the servers of the run."""
    folder = tmp_path_factory.mktemp("runbook")
    desk = _desk(folder, tools, KAFKA=stack.bootstrap_servers, **stack.environment)
    try:
        desk.run("itilnext up --detach --workers 2 --no-ticker", "itilnext send ticket.open T-1 subject=fire --wait")
        yield desk
    finally:
        desk.run("itilnext down")


@pytest.mark.parametrize("title", [title for title, commands in SECTIONS.items() if commands and title not in APART])
async def test_a_section_works_word_for_word(title: str, desk: Desk, stack: Stack) -> None:
    await PREPARED.get(title, nothing)(stack)
    await asyncio.to_thread(desk.run, *SECTIONS[title])


def test_a_lost_broker_is_restored_word_for_word(tools: Path, tmp_path: Path) -> None:
    """As the others, on a stack with a Kafka of its own to lose."""
    desk = _desk(tmp_path, tools)
    opened = 'itilnext send ticket.open T-1 subject="Before the backup" --id crm-1 --source /connectors/crm --wait'
    try:
        desk.run("itilnext up --detach --workers 1 --no-ticker", opened)
        desk.run(*SECTIONS[LOST_BROKER])
    finally:
        desk.run("itilnext down")


def test_what_is_named_in_passing_is_there_too() -> None:
    named = {words for words in re.findall(r"`itilnext ([a-z][^`]*)`", RUNBOOK) if "." not in words}
    assert named
    assert [words for words in sorted(named) if not is_understood(words.split())] == []


def _checked(command: str) -> str:
    told = re.search(r"# exit code (\d)$", command)
    wanted = told[1] if told else "0"
    if command.endswith("&"):
        return f"{command}\nstarted_here=$!; trap 'kill $started_here; wait $started_here' EXIT"
    return f'{command}\ncode=$?; [ $code -eq {wanted} ] || {{ echo "exit code $code"; exit 1; }}'
