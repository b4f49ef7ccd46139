"""`itilnext demo` as a whole: it ends in a verdict, and leaves nothing behind, however it ends."""

import asyncio
import json
import os
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from ops.demo.morning import REFUSED
from ops.stack.roles import PROGRAM
from tests.ops.stack.running import PATIENCE
from tests.stack import Stack

pytestmark = pytest.mark.broker


@contextmanager
def _demo(stack: Stack, folder: Path, *options: str) -> Iterator["subprocess.Popen[str]"]:
    environment = {**os.environ, **stack.environment, "TMPDIR": str(folder)}
    with subprocess.Popen(  # noqa: S603  the program under test
        [*PROGRAM, "demo", *options], env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            yield process
        finally:
            process.kill()


async def _traces(stack: Stack) -> list[str]:
    """Return the topics and keys that demos have left."""
    admin = AIOKafkaAdminClient(**stack.kafka.client())
    await admin.start()
    topics = [name for name in await admin.list_topics() if name.startswith("itilnext-demo-")]
    await admin.close()
    async with stack.redis.client() as redis:
        keys = [key.decode() async for key in redis.scan_iter(match="*itilnext-demo-*")]
    return topics + keys


def test_the_demo_ends_in_a_verdict_and_leaves_nothing(stack: Stack, tmp_path: Path) -> None:
    with _demo(stack, tmp_path, "--json") as demo:
        out, err = demo.communicate()
    assert demo.returncode == 0, err
    report = json.loads(out)
    assert (report["incidents"], report["owner_changes_in_source"], report["owner_changes_here"]) == (250, 50, 0)
    assert report["audit"]["holds"] is True
    morning = report["morning"]
    assert morning["refused"] == REFUSED
    assert [len(morning[queue]["needs_attention"]) for queue in ("queue_before", "queue_after")] == [24, 4]
    tiers = [one["tier"] for ticket in morning["resolutions"].values() for one in ticket]
    assert Counter(tiers) == {"agent": 20, "team_lead": 3, "manager": 2}
    assert (asyncio.run(_traces(stack)), list(tmp_path.iterdir())) == ([], [])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_nothing(stack: Stack, tmp_path: Path, number: signal.Signals) -> None:
    with _demo(stack, tmp_path) as demo:
        assert demo.stderr is not None
        while "Started" not in (line := demo.stderr.readline()):
            assert line, "it ended before its fleet was started"
        children = psutil.Process(demo.pid).children(recursive=True)
        demo.send_signal(number)
        _, err = demo.communicate()
    assert demo.returncode == 1
    assert "Stopped; nothing of the demo is left." in err
    # One that was being started in that very moment is ended by the kernel, right after the demo.
    _, alive = psutil.wait_procs(children, timeout=PATIENCE)
    assert alive == []
    assert (asyncio.run(_traces(stack)), list(tmp_path.iterdir())) == ([], [])


def test_a_demo_that_can_not_start_says_why(stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITILNEXT_TOPICS__REPLICATION_FACTOR", "100")
    with _demo(stack, tmp_path, "--json") as demo:
        out, err = demo.communicate()
    assert demo.returncode != 0
    assert out == ""
    assert err.startswith("itilnext: ")
    assert "Traceback" not in err
