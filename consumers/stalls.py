"""For how long partitions have had something to do and not moved. Pure: the time is given."""

from collections.abc import Hashable, Mapping


class StallClock:
    """Runs for a partition from its last move on, while it has something to do."""

    def __init__(self) -> None:
        self._last_moves: dict[int, tuple[Hashable, float]] = {}

    def stalled(self, now: float, places: Mapping[int, Hashable | None]) -> Mapping[int, float]:
        """Return seconds without a move by partition.

        `places` are where those partitions are now that the worker has; None: it has nothing to do, or can't be
        expected to.
        """
        self._last_moves = {partition: self._last_move(partition, place, now) for partition, place in places.items()}
        return {partition: now - since for partition, (_, since) in self._last_moves.items()}

    def _last_move(self, partition: int, place: Hashable | None, now: float) -> tuple[Hashable, float]:
        last = self._last_moves.get(partition)
        return last if last is not None and place is not None and last[0] == place else (place, now)
