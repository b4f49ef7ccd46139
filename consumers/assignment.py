"""What the partitions of one worker share, made once at its start and handed to each."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from redis.asyncio import Redis

from consumers.capacity import Ledger
from consumers.directory_follower import DirectoryFollower
from consumers.observing import UNOBSERVED, Observer
from consumers.state_log import LogEnds
from contracts.topics import Topics
from producers.connection import KafkaConnection


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """How much a worker takes on: records that wait before partitions are paused, records per batch, cached tickets.

    `max_waiting` and `max_in_flight`, the records that batches hold at once, are of all its partitions together, for
    with many of them it is these that fill its memory. `max_bytes` bounds what waits on one, and what one transaction
    takes in, whatever the number of records: a transaction of gigabytes would not end before its timeout, and be tried
    again for ever.
    """

    max_waiting: int = 10_000
    max_batch: int = 2_000
    max_in_flight: int = 6_000
    max_bytes: int = 8_388_608
    cached_tickets: int = 10_000
    future_tolerance: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Fleet:
    """The fleet this worker belongs to, and the worker's own connections.

    `cluster` is Kafka's id of itself, `partitions` is how many there are in all.
    """

    connection: KafkaConnection
    redis: Redis
    topics: Topics
    group_id: str
    cluster: str
    partitions: int
    directory: DirectoryFollower
    ledger: Ledger
    ends: LogEnds
    event_ends: LogEnds
    limits: WorkerLimits
    assigned: Callable[[], int]
    """Tells how many partitions this worker has now."""
    fail: Callable[[BaseException], None]
    """Called with an error the worker can't go on after."""
    observer: Observer = UNOBSERVED

    def share_of(self, amount: int) -> int:
        """Return what each of this worker's partitions has now of what they share."""
        return max(amount // max(self.assigned(), 1), 1)
