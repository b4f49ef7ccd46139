"""Events that are not as they should be: each is named, and the first of its ticket only."""

from collections.abc import Mapping

import orjson
import pytest
import pytest_asyncio

from contracts.identity import event_id
from ops.audit import Difference
from tests.fleet import SOURCE, Fleet
from tests.ops.audit.workload import differences, forge, of_ticket, settled_fleet
from tests.stack import Stack

pytestmark = pytest.mark.broker

FORGED: Mapping[str, tuple[str, dict[str, object]]] = {
    "T-0": ("version", {"ticketversion": 99}),
    "T-1": ("version", {"ticketversion": 2}),
    "T-2": ("chain", {"prevhash": "0" * 64}),
    "T-3": ("chain", {"prevhash": ""}),
    "T-4": ("event_id", {"id": event_id("T-4", SOURCE, "forged", 1)}),
    "T-5": ("event_id", {"id": event_id("T-5", "/another/source", "forged", 0)}),
    "T-6": ("time", {"time": "2001-01-01T00:00:00.000000Z"}),
    "T-7": ("event", {"time": "2101-01-01T00:00:00Z"}),
    "T-8": ("event", {"source": "/somebody/else"}),
    "T-9": ("event", {"subject": "T-10"}),
    "T-10": ("event", {"partitionkey": None}),
    "T-11": ("event", {"causationid": None}),
    "T-12": ("event", {"type": "org.itilnext.note.added.v9"}),
    "T-13": ("event", {"data": {"content": 1}}),
    "T-14": ("event", {"ticketversion": "7"}),
    "T-15": ("fold", {"type": "org.itilnext.ticket.opened.v1"}),
    "T-16": ("outcome", {}),
}
"""By ticket: what is wrong with an event appended to it, and the check that finds it. The last one fits, but for that
no command led to it."""
_OPENED = {
    "subject": "opened twice",
    "reference": "R",
    "due_at": None,
    "customer_tier": "standard",
    "type": "incident",
    "priority": "low",
    "channel": "other",
}
Places = Mapping[str, str]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def found(stack: Stack) -> tuple[Mapping[str | None, Difference], Places]:
    """Everything broken at once, and audited: differences and where the forged events lie, by ticket."""
    async with settled_fleet(stack) as fleet:
        places: dict[str, str] = {}
        for ticket_id, (check, changes) in FORGED.items():
            data: dict[str, object] = {"data": _OPENED} if check == "fold" else {}
            places[ticket_id] = await forge(fleet, ticket_id, **data, **changes)
        places["T-17"] = await _accepted_twice(fleet, "T-17")
        places["T-18"] = await _torn_apart(fleet, "T-18")
        places["stray"] = await _on_a_wrong_partition(fleet, "stray")
        no_json = await fleet.publish(fleet.topics.events, b"{", b"T-19", fleet.partition_of("T-19"))
        places["T-19"] = f"{fleet.topics.events} {no_json.partition}:{no_json.offset}"
        # A second thing wrong with a ticket is not told.
        await forge(fleet, "T-2", prevhash="")
        return await differences(fleet), places


async def _accepted_twice(fleet: Fleet, ticket_id: str) -> str:
    (opened, *_) = await fleet.events(ticket_id)
    return await forge(fleet, ticket_id, id=opened["id"], causationid=opened["causationid"])


async def _torn_apart(fleet: Fleet, ticket_id: str) -> str:
    """Put an event of another ticket between two of one command."""
    home = fleet.partition_of(ticket_id)
    await forge(fleet, ticket_id)
    other = next(f"T-{number}" for number in range(17) if fleet.partition_of(f"T-{number}") == home)
    await forge(fleet, other)
    return await forge(fleet, ticket_id, id=event_id(ticket_id, SOURCE, "forged", 1))


async def _on_a_wrong_partition(fleet: Fleet, ticket_id: str) -> str:
    (opened, *_) = await of_ticket(fleet, fleet.topics.events, "T-20")
    event = orjson.loads(opened.value or b"")
    event |= {"subject": ticket_id, "partitionkey": ticket_id}
    event |= {"id": event_id(ticket_id, SOURCE, event["causationid"], 0)}
    wrong = (fleet.partition_of(ticket_id) + 1) % fleet.partitions
    lying = await fleet.publish(fleet.topics.events, orjson.dumps(event), ticket_id.encode(), wrong)
    return f"{fleet.topics.events} {wrong}:{lying.offset}"


Found = tuple[Mapping[str | None, Difference], Places]


@pytest.mark.parametrize("ticket_id", FORGED)
def test_a_forged_event_is_named(found: Found, ticket_id: str) -> None:
    differences, places = found
    difference = differences[ticket_id]
    assert (difference.check, difference.where) == (FORGED[ticket_id][0], places[ticket_id])


@pytest.mark.parametrize(
    ("ticket_id", "check"),
    [("T-17", "identity"), ("T-18", "contiguity"), ("stray", "partition"), ("T-19", "event")],
)
def test_an_event_in_the_wrong_place_is_named(found: Found, ticket_id: str, check: str) -> None:
    differences, places = found
    assert (differences[ticket_id].check, differences[ticket_id].where) == (check, places[ticket_id])


def test_expected_and_found_are_told(found: Found) -> None:
    differences, _ = found
    assert (differences["T-0"].expected, differences["T-0"].found) == ("6", "99")
    assert differences["T-3"].found == ""
    assert len(differences["T-3"].expected) == 64


def test_tickets_that_were_left_alone_are_not_named(found: Found) -> None:
    differences, places = found
    assert differences.keys() == places.keys()
