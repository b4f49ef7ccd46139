"""Giving a history another number of partitions: a copy of it under another prefix, made while no worker runs.

`Repartition` is the whole face. The old topics are read, and nothing else is done to them.
"""

from ops.repartition.run import NewTopics, Repartition, Repartitioned

__all__ = ["NewTopics", "Repartition", "Repartitioned"]
