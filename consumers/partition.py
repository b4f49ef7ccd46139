"""One partition's writer: takes it over, then decides batch after batch, exactly once.

Theory of operation. All that is shared with other partitions is in `Fleet`; a partition runs alone in its own task.
One batch goes through the commit protocol:

1. `feed` takes raw records from the subscriber; all that waits becomes one batch, offsets below the next one are
   dropped. A full queue pauses the partition at the consumer, a drained one resumes it.
2. Each record is parsed; what can't be read is an answer too (a DLQ record).
3. Tickets that are not cached are loaded from the view in one round trip that also tells where the view is. Where
   that is not where this partition left it, the view catches up from Kafka first. At the same time the directory is
   brought to its end.
4. The batch is decided in order; places for owners are reserved, and a batch is cut where a refusal would rest on a
   place that an earlier command of the same batch gives back.
5. One transaction: events, last snapshot per ticket, rejections, DLQ records, moves, then the consumed offset;
   reserved places are confirmed; commit.
6. Only then: the new states are cached, and applied to the view by one script, guarded by its position.
7. Any error drops the cache and takes the partition over again, as below.

Taking over, before any record is handled: the consumer is paused; a new producer with the stable transactional id
fences the former owner, and gives the marks to its last transaction that a broker killed meanwhile left out; the
committed offset is read; the view catches up to the end of the state topic; places left in transit are settled; the
next offset is the larger of the committed one and the last snapshot's `source_offset` + 1; seek, resume.

A fenced partition may not take over at once, for that would fence the rightful owner: it waits until a frozen worker
has learned from the group whether the partition is still its own, and is stopped by the rebalance if not.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence

import structlog
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from redis.exceptions import RedisError

from consumers.assignment import Fleet
from consumers.backlog import Backlog
from consumers.batch import Batch, Entry, Home, Parsed, changes_of, first_known, needed_tickets, parse
from consumers.capacity import Tenure
from consumers.catch_up import catch_up
from consumers.errors import Fenced, Retryable, ViewBehind
from consumers.feed import Feed
from consumers.membership import Intake, Standing
from consumers.observing import Stage, observed_transaction
from consumers.outputs import SNAPSHOT_HEADERS, Output
from consumers.reserving import Plan, Planner
from consumers.tasks import WatchedTask, end_task, heed_cancellation
from consumers.timelines import Timelines
from consumers.view import Change, Marker, PartitionView
from consumers.view_origin import require_view_fits
from contracts.received import RawRecord
from contracts.snapshots import read_snapshot
from producers.partition_output import OutputFenced, PartitionOutput

_LOADED_AT_ONCE = 500
_NEW_TICKET_BYTES = 1_024  # what a snapshot weighs beyond what its events say: the names of its fields
_FENCED_SECONDS = 4.0  # longer than a heartbeat takes to tell a thawed worker that the group went on without it
_RETRY_SECONDS = (0.05, 0.2, 1.0, 3.0)
_DRAIN_SECONDS = 20.0
log = structlog.get_logger(__name__)


class Partition:
    """The writer of one partition, from its assignment until `stop`."""

    def __init__(self, fleet: Fleet, number: int, intake: Intake) -> None:
        self._fleet = fleet
        self._intake = intake
        self._home = Home(fleet.topics, number, fleet.partitions)
        self._log = log.bind(partition=number)
        self._view = PartitionView(fleet.redis, fleet.topics.prefix, number)
        self._timelines = Timelines(fleet.connection, fleet.topics.events, self._view, fleet.event_ends)
        waiting = Backlog(lambda: fleet.share_of(fleet.limits.max_waiting), fleet.limits.max_bytes)
        self._feed = Feed(intake, waiting)
        self._is_serving = False
        self._transaction = asyncio.Lock()
        self._cache: OrderedDict[str, Entry] = OrderedDict()
        self._marker = Marker()
        self._next = 0
        self._fence = ""
        self._output: PartitionOutput | None = None
        self._failures = 0
        self._task = WatchedTask(self._run(), f"partition-{number}", fleet.fail)

    def feed(self, records: Sequence[ConsumerRecord]) -> None:
        """Take records from the consumer (step 1); never blocks."""
        self._feed.add(records)

    @property
    def standing(self) -> Standing:
        """Where this partition is."""
        waits = self._fleet.ledger.waits_for_others(self._home.partition)
        return Standing(self._next, max(self._feed.end, self._next), self._is_serving, waits)

    async def stop(self) -> None:
        """Finish the transaction in hand, if any, and let the partition go."""
        try:
            async with asyncio.timeout(_DRAIN_SECONDS), self._transaction:
                self._task.cancel()
        except TimeoutError:
            self._log.warning("transaction did not end in time; its next owner settles it")
        await self._task.end()

    async def _run(self) -> None:
        while True:
            try:
                await self._take_over()
                await self._serve()
            except (Fenced, OutputFenced) as error:
                self._fleet.observer.fenced()
                self._log.info("fenced by a newer owner", reason=str(error))
                await asyncio.sleep(_FENCED_SECONDS)
            except (Retryable, KafkaError, RedisError, OSError) as error:
                self._log.warning("taking the partition over again", reason=repr(error))
                await asyncio.sleep(_RETRY_SECONDS[min(self._failures, len(_RETRY_SECONDS) - 1)])
                self._failures += 1
            finally:
                await self._let_go()

    async def _take_over(self) -> None:
        self._output = PartitionOutput(self._fleet.connection, self._fleet.group_id, self._home.partition)
        self._fence = await self._output.open(lambda: self._fleet.ends.unmarked(self._home.outputs))
        committed = await self._intake.committed()
        await self._sync()
        self._next = max(committed, self._marker.source + 1)
        self._feed.open(self._next)
        self._fleet.observer.taken_over()
        self._log.info("took the partition over", next_offset=self._next, view=self._marker.state)

    async def _let_go(self) -> None:
        self._is_serving = False
        await self._timelines.stop()
        self._cache.clear()
        self._feed.close()
        if self._output is not None:
            output, self._output = self._output, None
            await output.close()

    async def _sync(self) -> None:
        """Bring the view to the end of its log, and settle places that were in transit."""
        fleet, self._is_serving = self._fleet, False
        await require_view_fits(fleet.redis, fleet.topics.prefix, fleet.partitions, fleet.cluster)
        self._marker = await catch_up(fleet.connection, fleet.topics.state, self._view, fleet.ends)
        await fleet.ledger.take_over(self._home.partition, self._fence)
        await self._timelines.stop()
        self._timelines.start()
        self._is_serving = True

    async def _serve(self) -> None:
        while True:
            heed_cancellation()
            records = await self._next_records()
            if records:
                await self._process(records)
                self._failures = 0
            elif (await self._view.marker()).state != self._marker.state:
                self._log.warning("the view was lost or changed; catching up")
                await self._sync()
            elif self._output is not None:
                await self._output.relax()

    async def _next_records(self) -> list[RawRecord]:
        """Return what waits, at most a batch; nothing when nothing came for a while."""
        limits = self._fleet.limits
        records = min(limits.max_batch, self._fleet.share_of(limits.max_in_flight))
        taken = await self._feed.take(records, limits.max_bytes)
        return [record for record in taken if record.position.offset >= self._next]

    async def _process(self, records: Sequence[RawRecord]) -> None:
        stage = self._fleet.observer.stage
        with stage(Stage.PARSE):
            batch = [(record, parse(record)) for record in records]
        while batch:
            with stage(Stage.LOAD):
                known = await self._known([parsed for _, parsed in batch])
            tenure = Tenure(self._home.partition, self._fence, self._marker.state)
            planner = Planner(self._fleet, self._home, tenure, known)
            with stage(Stage.DECIDE):
                plan = await planner.plan(first_known(batch, known))
            await self._commit(plan, known, batch[: plan.count])
            batch = batch[plan.count :]

    async def _known(self, parsed: Sequence[Parsed]) -> Mapping[str, Entry]:
        """Bring directory and tickets to hand (step 3), at the same time; of many heavy tickets only the first."""
        ids = needed_tickets(parsed)
        missing = [ticket_id for ticket_id in ids if ticket_id not in self._cache]
        loading = asyncio.create_task(self._load(missing), name=f"loading-{self._home.partition}")
        try:
            await self._fleet.directory.caught_up()
            known = await loading
        finally:
            await end_task(loading)
        for ticket_id in ids:
            if ticket_id in self._cache:
                self._cache.move_to_end(ticket_id)
                known[ticket_id] = self._cache[ticket_id]
        return known

    async def _load(self, ticket_ids: Sequence[str]) -> dict[str, Entry]:
        """Load tickets from the view, in order, until they weigh more than one transaction should."""
        known: dict[str, Entry] = {}
        room = self._fleet.limits.max_bytes
        for start in range(0, len(ticket_ids), _LOADED_AT_ONCE):
            wanted = ticket_ids[start : start + _LOADED_AT_ONCE]
            found = await self._look_up(wanted)
            for ticket_id in wanted:
                snapshot = found.get(ticket_id)
                if snapshot is None:
                    known[ticket_id] = Entry(None, _NEW_TICKET_BYTES)
                else:
                    known[ticket_id] = Entry(read_snapshot(snapshot), len(snapshot))
                    room -= len(snapshot)
            if room < 0:
                break
        return known

    async def _look_up(self, ticket_ids: Sequence[str]) -> Mapping[str, bytes]:
        try:
            return await self._view.load(ticket_ids, self._marker.state)
        except ViewBehind as error:
            self._log.warning("catching up", reason=str(error))
            await self._sync()
            return await self._view.load(ticket_ids, self._marker.state)

    async def _commit(self, plan: Plan, known: Mapping[str, Entry], batch: Batch) -> None:
        """Make the batch visible (step 5), then adopt it (step 6)."""
        topics, decided, observer = self._fleet.topics, plan.decided, self._fleet.observer
        next_offset = batch[-1][0].position.offset + 1
        with observer.stage(Stage.ENCODE):
            changes = changes_of(decided, known)
        records = {
            topics.events: decided.events,
            topics.state: [Output(change.ticket_id.encode(), change.snapshot, SNAPSHOT_HEADERS) for change in changes],
            topics.rejections: decided.rejections,
            topics.dlq: decided.dead_letters,
            topics.commands: decided.moves,
        }
        consumed = {TopicPartition(topics.commands, self._home.partition): next_offset}
        if self._output is None:
            raise Retryable("the output is closed")
        async with self._transaction:
            with observer.stage(Stage.COMMIT), observed_transaction(observer):
                sent = await self._output.commit(records, consumed, lambda: self._fleet.ledger.confirm(plan.places))
            self._next = next_offset
            observer.batch_committed(batch, decided)
            with observer.stage(Stage.APPLY):
                self._adopt(changes, decided.tickets)
                # The transaction's own marker takes the offset after its last record.
                position = sent[topics.state].last_offset + 2 if topics.state in sent else self._marker.state
                await self._apply(plan, changes, Marker(position, next_offset - 1))
            if topics.events in sent:
                await self._timelines.committed(sent[topics.events].last_offset)

    def _adopt(self, changes: Sequence[Change], tickets: Mapping[str, Entry]) -> None:
        for change in changes:
            # The weight is known now, so the bound starts from it again.
            self._cache[change.ticket_id] = Entry(tickets[change.ticket_id].ticket, len(change.snapshot))
            self._cache.move_to_end(change.ticket_id)
        share = max(self._fleet.limits.cached_tickets // self._fleet.partitions, 1)
        while len(self._cache) > share:
            self._cache.popitem(last=False)

    async def _apply(self, plan: Plan, changes: Sequence[Change], marker: Marker) -> None:
        unused = plan.unused_places({change.ticket_id: change.after for change in changes})
        writes = [write for change in changes for write in self._view.writes_for(change, marker.source)]
        writes.extend(self._view.release(agent, ticket, source) for (agent, ticket), source in unused.items())
        writes.extend(("SREM", self._view.keys.reserving, intent) for intent in plan.intents)
        if changes:
            await self._view.apply(self._marker.state, marker.state, marker.source, writes)
            self._marker = marker
        else:
            await self._fleet.ledger.settle(self._home.partition, self._fence, writes)
        if unused or plan.decided.freed:
            await self._fleet.ledger.carry_out_releases(self._home.partition)
