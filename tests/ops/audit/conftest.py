"""What the tests of the audit share."""

from collections.abc import AsyncIterator

import pytest

from tests.fleet import Fleet
from tests.ops.audit.workload import settled_fleet
from tests.stack import Stack


@pytest.fixture
async def settled(stack: Stack) -> AsyncIterator[Fleet]:
    """A log with every kind of outcome in it; no worker runs."""
    async with settled_fleet(stack) as fleet:
        yield fleet
