"""Looking one agent or team up: in the directory's view, and where that has no such entry, in its topic.

The view is at hand at once, but may be behind or lost; what it does not have may be there all the same.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from consumers.directory_follower import DirectoryFollower
from consumers.directory_view import DirectoryView
from contracts.directory import Agent, Team
from contracts.rejections import Refusal
from ops.console import CommandFailed, ExitCode
from ops.target import Target
from services.decision import unknown_agent, unknown_team
from services.directory_state import DirectoryState

E = TypeVar("E", Agent, Team)


@dataclass(frozen=True, slots=True)
class _Kind(Generic[E]):
    """A kind of entry: how it is read, found, and missed."""

    name: str
    read: Callable[[object], E]
    find: Callable[[DirectoryState, str], E | None]
    unknown: Callable[[str], Refusal]


_AGENT = _Kind("agent", Agent.read, DirectoryState.agent, unknown_agent)
_TEAM = _Kind("team", Team.read, DirectoryState.team, unknown_team)


async def find_agent(target: Target, agent_id: str) -> Agent | None:
    """Return an agent of the directory, None where there is none of this id.

    Raises:
        KafkaError, RedisError: the broker or Redis can't be reached.
    """
    return await _found(target, _AGENT, agent_id)


async def require_agent(target: Target, agent_id: str) -> Agent:
    """Return an agent of the directory.

    Raises:
        CommandFailed: there is none of this id.
        KafkaError, RedisError: the broker or Redis can't be reached.
    """
    return await _required(target, _AGENT, agent_id)


async def require_team(target: Target, team_id: str) -> Team:
    """Return a team of the directory.

    Raises:
        CommandFailed: there is none of this id.
        KafkaError, RedisError: the broker or Redis can't be reached.
    """
    return await _required(target, _TEAM, team_id)


async def _required(target: Target, kind: _Kind[E], entity_id: str) -> E:
    found = await _found(target, kind, entity_id)
    if found is None:
        remedy = f"`itilnext send directory.{kind.name} ID name=...` enters one."
        raise CommandFailed(kind.unknown(entity_id).message, remedy, ExitCode.USAGE)
    return found


async def _found(target: Target, kind: _Kind[E], entity_id: str) -> E | None:
    async with target.redis.client() as redis:
        entry = await DirectoryView(redis, target.topics.prefix).entry(kind.name, entity_id)
    if entry is not None:
        return kind.read(entry)
    async with DirectoryFollower(target.kafka, target.topics.directory) as following:
        await following.caught_up()
        return kind.find(following.directory, entity_id)
