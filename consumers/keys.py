"""Where the Redis view keeps what: every key of one fleet carries its prefix.

A partition's keys share one hash tag, and so do an agent's, so that no script touches two slots of a Redis Cluster.
"""

from dataclasses import dataclass
from functools import cached_property

LAYOUT = "2"
"""What a view holds and where; raised with every change that makes an older view one to be built again."""


@dataclass(frozen=True)
class PartitionKeys:
    """The keys of one partition's view.

    `marker` holds how far the view is: `state`, the next offset of the state topic to apply; `source`, the highest
    offset of a command that is in it; `fence`, who may reserve. `reserving` holds places asked for but not committed
    yet, `released` those given back but not taken off their agents yet.
    """

    prefix: str
    partition: int

    @cached_property
    def tag(self) -> str:
        """The hash tag all keys of the partition begin with; the letter keeps prefixes that end in digits apart."""
        return f"{{{self.prefix}p{self.partition}}}"

    @property
    def marker(self) -> str:
        """Hash: how far the view is."""
        return f"{self.tag}:marker"

    @property
    def reserving(self) -> str:
        """Set of agent, newline, ticket: places reserved for a transaction that has not been applied yet."""
        return f"{self.tag}:reserving"

    @property
    def released(self) -> str:
        """Set of agent, ticket and offset by newlines: places to take off their agents."""
        return f"{self.tag}:released"

    @property
    def touched(self) -> str:
        """Hash: tickets whose next alert has to be computed, each with a mark that tells newer changes from older."""
        return f"{self.tag}:touched"

    @property
    def due(self) -> str:
        """Sorted set: when each ticket next comes due, in milliseconds since 1970."""
        return f"{self.tag}:due"

    @property
    def asked(self) -> str:
        """Sorted set: tickets an alert was asked for, each with when to ask again, in milliseconds since 1970."""
        return f"{self.tag}:asked"

    @property
    def alert_state(self) -> str:
        """Hash: `rules`, the policy and calendars the due index was made by; `tick`, the last tick evaluated."""
        return f"{self.tag}:alerts"

    def ticket(self, ticket_id: str) -> str:
        """String: the snapshot's bytes."""
        return f"{self.tag}:ticket:{ticket_id}"

    @property
    def tickets(self) -> str:
        """Set of the ids of all tickets in the view."""
        return f"{self.tag}:tickets"

    @property
    def agents(self) -> str:
        """Set of the ids of all agents with an `owned` key."""
        return f"{self.tag}:agents"

    def timeline(self, ticket_id: str) -> str:
        """Hash: the ticket's events, value bytes by version."""
        return f"{self.tag}:timeline:{ticket_id}"

    def index(self, name: str) -> str:
        """Set: the members of a list of the read side, named as `services.view_index` does."""
        return f"{self.tag}:index:{name}"

    @property
    def indexes(self) -> str:
        """Set of the names of all lists that ever had a member."""
        return f"{self.tag}:indexes"

    @property
    def work(self) -> str:
        """Hash: what each open ticket's score rests on, packed as `services.score_facts` does."""
        return f"{self.tag}:work"

    def owned(self, agent_id: str) -> str:
        """Hash: open tickets the agent owns in this partition, each with the offset of the command that made it so."""
        return f"{self.tag}:owned:{agent_id}"


@dataclass(frozen=True, slots=True)
class AgentKeys:
    """The keys that count an agent's open tickets over all partitions."""

    prefix: str
    agent_id: str

    @property
    def open(self) -> str:
        """Hash: the agent's open and reserved tickets, each with the offset of the command that took the place."""
        return f"{{{self.prefix}agent:{self.agent_id}}}:open"

    @property
    def meta(self) -> str:
        """Hash of what makes the count good.

        `run` is the Redis server run it was made in; `begun` the latest making of it, so that a loss meanwhile is
        noticed; `fence:<partition>` who may still reserve.
        """
        return f"{{{self.prefix}agent:{self.agent_id}}}:meta"


def fleet_key(prefix: str) -> str:
    """Hash: what the whole view was built with: `layout`, `partitions`, `cluster`."""
    return f"{{{prefix}fleet}}:view"


@dataclass(frozen=True, slots=True)
class DirectoryKeys:
    """The keys of the directory's view."""

    prefix: str

    @property
    def marker(self) -> str:
        """Hash: `state`, the next offset of the directory topic to apply."""
        return f"{{{self.prefix}directory}}:marker"

    def entries(self, kind: str) -> str:
        """Hash: entities of one kind as JSON, by id."""
        return f"{{{self.prefix}directory}}:{kind}"
