"""A fleet of one worker process on topics of its own, for each test."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contracts.topics import Topics
from producers.topics_admin import create_topics
from tests.acceptance.desk import Desk
from tests.acceptance.processes import Operator, stopped
from tests.stack import Stack

PARTITIONS = 4


@pytest.fixture
def operator(stack: Stack, prefix: str, tmp_path: Path) -> Operator:
    """Commands on topics of this test alone."""
    settings = {"ITILNEXT_TOPICS__PREFIX": prefix, "ITILNEXT_TOPICS__PARTITIONS": str(PARTITIONS)}
    return Operator({**stack.environment, **settings}, tmp_path)


@pytest.fixture
async def desk(stack: Stack, prefix: str, operator: Operator, request: pytest.FixtureRequest) -> AsyncIterator[Desk]:
    """A neighbour of a running fleet; the worker has to end in good order when the test is over."""
    created = await create_topics(stack.kafka, Topics(prefix), PARTITIONS, 1)
    assert not created.findings, created.findings
    worker = operator.start("worker", "worker", "ticket")
    try:
        async with Desk(stack.bootstrap_servers, prefix, PARTITIONS) as desk:
            yield desk
    finally:
        code = await stopped(worker)
    said = operator.log_of("worker").read_text()
    assert code == 0, f"{request.node.name}: {said}"
    assert not re.search(r"Traceback|never retrieved|never awaited", said), said
