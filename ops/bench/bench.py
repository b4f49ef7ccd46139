"""What every measurement is given: the servers, how much to measure, and the screen to show it on."""

from dataclasses import dataclass

from ops.bench.figures import Sizes
from ops.bench.screen import Screen
from ops.bench.servers import Servers

PARTITIONS = 4
"""Of what is compared with other loops: one process each, and enough for their transactions to overlap."""
FLEET_PARTITIONS = 12
"""Of what concerns a whole fleet: the default of a fleet's topics."""


@dataclass(frozen=True, slots=True)
class Bench:
    """One bench."""

    servers: Servers
    sizes: Sizes
    screen: Screen
