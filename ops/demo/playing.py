"""Plays the morning on a fleet that runs: sends a step, waits until it is decided and in the view, and looks."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from consumers.state_log import LogEnds
from contracts.ticket import Ticket
from ops.demo.morning import REFUSED, SOURCE, Command, Morning
from ops.fleet_view import open_view
from ops.importing.following import Following, Sent
from ops.importing.tally import Tally
from ops.rebuild import tickets_are_back
from ops.target import Target
from ops.work_lists import agent_queue
from producers.publisher import CommandPublisher
from services.work_queue import WorkQueue


@dataclass(frozen=True, slots=True)
class Played:
    """What the morning came to: the agent's queue when it began and when it ended, the incidents, refusals by code."""

    morning: Morning
    before: WorkQueue
    after: WorkQueue
    tickets: Sequence[Ticket]
    refused: Mapping[str, int]

    @property
    def as_it_should(self) -> bool:
        """Whether the rules refused what they are to refuse, and nothing else."""
        return self.refused == REFUSED

    @property
    def document(self) -> dict[str, object]:
        """The same for a program."""
        return {
            "agent": self.morning.agent_id,
            "incidents": self.morning.incidents,
            "queue_before": self.before,
            "queue_after": self.after,
            "resolutions": {ticket.id: ticket.resolutions for ticket in self.tickets},
            "refused": self.refused,
        }


async def play(target: Target, morning: Morning) -> Played:
    """Play it, and return what it came to.

    Raises:
        KafkaError, RedisError: the broker or Redis can't be reached.
    """
    first, *others = morning.steps()
    tally = Tally(SOURCE, morning.incidents)
    async with AsyncExitStack() as stack:
        publisher = await stack.enter_async_context(CommandPublisher(target.kafka, target.topics))
        following = await stack.enter_async_context(Following(target, publisher.partitions, tally))
        view = await stack.enter_async_context(open_view(target))
        ends = await stack.enter_async_context(LogEnds(target.kafka, target.topics.state, publisher.partitions))

        async def step(commands: Sequence[Command]) -> None:
            acknowledged = [await publisher.send(command) for command in commands]
            await publisher.flush()
            sent = Sent(complete=True)
            for delivery in [each.result() for each in acknowledged]:
                sent.latest[delivery.partition] = delivery.offset
            await following.until_answered(sent, lambda _lag: None)
            await tickets_are_back(view, await ends.committed(), lambda _content, _whole, _of: None)

        for entry in morning.people():
            await publisher.send(entry)
        await publisher.flush()
        await step(first)
        before = await agent_queue(target, morning.agent_id, morning.opens_at)
        for commands in others:
            await step(commands)
        after = await agent_queue(target, morning.agent_id, morning.ends_at)
        found = await view.reader.tickets(morning.incidents)
        return Played(
            morning, before, after, [found[incident] for incident in morning.incidents], dict(tally.rejections)
        )
