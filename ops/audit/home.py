"""Which part of the log is audited: one partition of so many, and perhaps one ticket of it."""

from dataclasses import dataclass

from contracts.partitioner import partition_of


@dataclass(frozen=True, slots=True)
class Home:
    """One partition; with `only`, nothing of it but this ticket."""

    partition: int
    partitions: int
    only: str | None = None

    def concerns(self, ticket_id: str) -> bool:
        """Whether the ticket is looked at."""
        return self.only is None or self.only == ticket_id

    def of(self, ticket_id: str) -> int:
        """Return the partition a ticket belongs to."""
        return partition_of(ticket_id, self.partitions)
