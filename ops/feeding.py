"""Sends NDJSON: one CloudEvent a line, commands and directory entries mixed (SPEC section 10, `send`).

A line that is no CloudEvent with a place to go is named by its number. Whether a command makes sense is for the fleet
to say; a directory entry is checked here, since nobody would tell its sender that it was set aside.
"""

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiokafka.errors import KafkaError

from contracts.cloudevents import MAX_VALUE_BYTES, TYPE_SUFFIX, CloudEvent, read_cloud_event
from contracts.dead_letters import Unreadable
from contracts.directory import read_directory_change
from contracts.topics import Topics
from ops.console import CommandFailed, ExitCode, counted
from ops.target import Target
from producers.publisher import DIRECTORY_PREFIX, CommandPublisher, NotPublishable, destination

_CHUNK_BYTES = 262_144
_CHUNKS_AHEAD = 4
_SHOWN_PROBLEMS = 5


@dataclass(frozen=True, slots=True)
class Line:
    """A line that can be sent; `event` are the attributes that say where to."""

    event: dict[str, Any]
    value: bytes
    is_entry: bool


@dataclass(frozen=True, slots=True)
class Fed:
    """What was sent and acknowledged."""

    commands: int
    entries: int


def check_file(path: Path, topics: Topics) -> None:
    """Read a whole file without sending anything; a pipe can be read only once, and is let be.

    Raises:
        CommandFailed: lines can't be sent, the first ones are named; or the file can't be read.
    """
    if path.is_fifo():
        return
    problems = []
    try:
        with path.open("rb") as file:
            for number, text in enumerate(file, 1):
                try:
                    _read(text, topics)
                except (Unreadable, NotPublishable) as error:
                    problems.append(f"line {number}: {error}")
    except OSError as error:
        raise _unreadable(path, error) from error
    if problems:
        shown = "; ".join(problems[:_SHOWN_PROBLEMS])
        more = f"; and {len(problems) - _SHOWN_PROBLEMS} more" if len(problems) > _SHOWN_PROBLEMS else ""
        raise CommandFailed(f"nothing sent. {shown}{more}", "Correct the file and send it again.", ExitCode.USAGE)


async def feed_file(target: Target, path: Path | None) -> Fed:
    """Send what can be read from a file, a pipe or (None) standard input, as it comes.

    Raises:
        CommandFailed: a line can't be sent, or the file can't be read.
        TopicsUnfit: a topic is missing, or co-partitioned ones differ.
        KafkaError: sending failed; a note says how many lines are acknowledged.
    """
    with _opened(path) as descriptor:
        async with CommandPublisher(target.kafka, target.topics) as publisher:
            return await _feed(publisher, descriptor, target.topics)


@contextmanager
def _opened(path: Path | None) -> Iterator[int]:
    if path is None:
        yield sys.stdin.fileno()
        return
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise _unreadable(path, error) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _unreadable(path: Path, error: OSError) -> CommandFailed:
    return CommandFailed(f"{path} can't be read: {error.strerror}", "Name a file of NDJSON.", ExitCode.USAGE)


async def _feed(publisher: CommandPublisher, descriptor: int, topics: Topics) -> Fed:
    """Send what can be read from an open file or pipe, as it comes.

    Raises:
        CommandFailed: a line can't be sent; all before it were.
        KafkaError: sending failed; a note says how many lines are acknowledged.
    """
    commands = entries = number = 0
    after_entry = False
    try:
        async for text in _lines(descriptor):
            number += 1
            line = _read(text, topics)
            if line is None:
                continue
            if after_entry and not line.is_entry:
                await publisher.flush()  # so that the command sees the entries before it (SPEC section 4)
            await publisher.send(line.event, line.value)
            after_entry = line.is_entry
            entries += line.is_entry
            commands += not line.is_entry
        await publisher.flush()
    except (Unreadable, NotPublishable) as error:
        await publisher.flush()
        problem = f"line {number}: {error}; sent before it: {counted(commands + entries, 'line')}, after it none"
        remedy = "Correct it and send all again: a command that was accepted once does nothing the second time."
        raise CommandFailed(problem, remedy, ExitCode.USAGE) from error
    except KafkaError as error:
        error.add_note(f"{publisher.acknowledged} sent and acknowledged before that")
        raise
    return Fed(commands, entries)


def _read(text: bytes, topics: Topics) -> Line | None:
    """Read a line; None for a blank one."""
    value = text.strip()
    if not value:
        return None
    read = read_cloud_event(value, ())
    event = {"type": read.type, "subject": _subject(read)}
    topic, key = destination(event, topics)
    is_entry = topic == topics.directory
    if is_entry:
        read_directory_change(key.encode(), value, ())
    return Line(event, value, is_entry)


def _subject(event: CloudEvent) -> Any:  # noqa: ANN401 whatever the sender wrote
    """Return the event's subject; an entry that has none is keyed by what it is: its kind and id (SPEC section 4)."""
    if event.subject is not None or not event.type.startswith(DIRECTORY_PREFIX) or not isinstance(event.data, dict):
        return event.subject
    kind = event.type.removeprefix(DIRECTORY_PREFIX).removesuffix(TYPE_SUFFIX)
    return f"{kind}:{event.data.get('id')}"


async def _lines(descriptor: int) -> AsyncIterator[bytes]:
    rest = b""
    async for chunk in _chunks(descriptor):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line
        if len(rest) > MAX_VALUE_BYTES:
            break  # no event is that long, so the rest of the line need not be held to find that out
    yield rest


async def _chunks(descriptor: int) -> AsyncIterator[bytes]:
    """Yield what can be read, without holding up the loop; the thread may be left behind in a read that never ends."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[bytes | OSError] = asyncio.Queue(_CHUNKS_AHEAD)

    def read_all() -> None:
        for chunk in _until_end(descriptor):
            putting = queue.put(chunk)
            try:
                asyncio.run_coroutine_threadsafe(putting, loop).result()
            except (CancelledError, RuntimeError):  # the loop has ended: nobody reads any more
                putting.close()
                return

    threading.Thread(target=read_all, daemon=True).start()
    while chunk := await queue.get():
        if isinstance(chunk, OSError):
            raise CommandFailed(f"the input can't be read: {chunk.strerror}", exit_code=ExitCode.USAGE)
        yield chunk


def _until_end(descriptor: int) -> Iterator[bytes | OSError]:
    """Read to the end, which is an empty chunk, or to an error."""
    while True:
        try:
            chunk = os.read(descriptor, _CHUNK_BYTES)
        except OSError as error:
            yield error
            return
        yield chunk
        if not chunk:
            return
