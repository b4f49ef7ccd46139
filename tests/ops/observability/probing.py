"""An observed worker in the test's process, and what is to be had from its port."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http.client import HTTPConnection

from prometheus_client.parser import text_string_to_metric_families

from ops.observability.observation import Observation, observed
from ops.settings import HealthSettings, TracingSettings

POLL_SECONDS = 0.05
COMES_TRUE_SECONDS = 180.0
"""A net for what never comes true, not a measure of speed."""
STALLED_AFTER = 2.0
"""Seconds; a test does not wait a minute for what a setting shortens."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a probe got."""

    status: int
    text: str


@dataclass(frozen=True, slots=True)
class Probe:
    """Somebody who asks the port, from another thread: the worker's loop goes on meanwhile."""

    port: int

    def ask(self, path: str) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=COMES_TRUE_SECONDS)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return Answer(response.status, response.read().decode())
        finally:
            connection.close()

    async def get(self, path: str) -> Answer:
        return await asyncio.to_thread(self.ask, path)

    async def samples(self) -> Mapping[str, float]:
        """All samples by name and labels as they are written."""
        return read_samples((await self.get("/metrics")).text)

    async def until(self, path: str, wanted: Callable[[Answer], bool]) -> Answer:
        """Ask until the answer is the wanted one."""
        async with asyncio.timeout(COMES_TRUE_SECONDS):
            while not wanted(answer := await self.get(path)):  # noqa: ASYNC110 what is asked can't tell when it changes
                await asyncio.sleep(POLL_SECONDS)
        return answer


def read_samples(text: str) -> Mapping[str, float]:
    return {
        f"{sample.name}{{{','.join(f'{name}={value}' for name, value in sorted(sample.labels.items()))}}}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@asynccontextmanager
async def observation(role: str = "ticket") -> AsyncIterator[tuple[Observation, Probe]]:
    """Observe a worker that is run inside, as its process does, on a free port."""
    settings = HealthSettings(port=0, stalled_after=STALLED_AFTER)
    with observed(role, settings, TracingSettings()) as watched:
        assert watched.port is not None
        async with watched.beating():
            yield watched, Probe(watched.port)
