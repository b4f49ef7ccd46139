"""Commands with no outcome, with two, and outcomes of no command: each is found where it lies."""

from collections.abc import Mapping

import orjson
import pytest
import pytest_asyncio

from contracts.identity import event_id
from ops.audit import Difference
from tests.fleet import SOURCE, Fleet
from tests.ops.audit.workload import differences, forge, of_ticket, pass_over, settled_fleet
from tests.stack import Stack

pytestmark = pytest.mark.broker
Found = tuple[Mapping[str | None, Difference], Mapping[str, str]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def found(stack: Stack) -> Found:
    """Everything broken at once, and audited: differences and where to look for them, by ticket."""
    async with settled_fleet(stack) as fleet:
        places = {
            "T-0": await _rejected_though_accepted(fleet, "T-0"),
            "T-1": await _rejected_again(fleet, "T-1"),
            "T-2": await _rejected_though_never_sent(fleet, "T-2"),
            "T-3": await _rejection_changed(fleet, "T-3", subject="T-4"),
            "T-5": await _rejection_changed(fleet, "T-5", causationid="another"),
            "T-6": await _rejection_changed(fleet, "T-6", data={}),
            "T-7": await _dead_though_accepted(fleet, "T-7"),
            "T-8": await forge(fleet, "T-8"),
            "T-9": await _duplicate_rejected(fleet, "T-9"),
            "T-10": await _passed_over(fleet, "T-10"),
        }
        return await differences(fleet), places


async def _rejection_of(fleet: Fleet, ticket_id: str, number: int) -> tuple[bytes, int, str]:
    """Return a rejection of the ticket's command of this number, its partition and where the command lies."""
    command = (await of_ticket(fleet, fleet.topics.commands, ticket_id))[number]
    event = orjson.loads(command.value or b"")
    (rejection, *_) = await fleet.rejections(ticket_id)
    part = f"rejected:{command.partition}:{command.offset}"
    rejection |= {"id": event_id(ticket_id, SOURCE, event["id"], part), "causationid": event["id"]}
    rejection["data"]["command"] = event
    return orjson.dumps(rejection), command.partition, f"{command.topic} {command.partition}:{command.offset}"


async def _rejected_though_accepted(fleet: Fleet, ticket_id: str) -> str:
    value, partition, lying = await _rejection_of(fleet, ticket_id, 0)
    await fleet.publish(fleet.topics.rejections, value, ticket_id.encode(), partition)
    return lying


async def _duplicate_rejected(fleet: Fleet, ticket_id: str) -> str:
    """Reject the command that came twice, the second time."""
    value, partition, lying = await _rejection_of(fleet, ticket_id, 4)
    await fleet.publish(fleet.topics.rejections, value, ticket_id.encode(), partition)
    return lying


async def _rejected_again(fleet: Fleet, ticket_id: str) -> str:
    (first, *_) = await of_ticket(fleet, fleet.topics.rejections, ticket_id)
    lying = await fleet.publish(first.topic, first.value, first.key, first.partition)
    return f"{first.topic} {lying.partition}:{lying.offset}"


async def _rejected_though_never_sent(fleet: Fleet, ticket_id: str) -> str:
    (rejection, *_) = await fleet.rejections(ticket_id)
    forged = event_id(ticket_id, SOURCE, rejection["causationid"], "rejected:0:999999")
    return await _rejection_changed(fleet, ticket_id, id=forged)


async def _rejection_changed(fleet: Fleet, ticket_id: str, **changes: object) -> str:
    (rejection, *_) = await fleet.rejections(ticket_id)
    topic, value = fleet.topics.rejections, orjson.dumps(rejection | changes)
    lying = await fleet.publish(topic, value, ticket_id.encode(), fleet.partition_of(ticket_id))
    return f"{topic} {lying.partition}:{lying.offset}"


async def _dead_though_accepted(fleet: Fleet, ticket_id: str) -> str:
    (letter, *_) = await fleet.dead_letters()
    (command, *_) = await of_ticket(fleet, fleet.topics.commands, ticket_id)
    told = {"__connect.errors.partition": command.partition, "__connect.errors.offset": command.offset}
    headers = tuple((name, str(told[name]).encode() if name in told else value) for name, value in letter.headers)
    await fleet.publish(fleet.topics.dlq, command.value, command.key, command.partition, headers=headers)
    return f"{command.topic} {command.partition}:{command.offset}"


async def _passed_over(fleet: Fleet, ticket_id: str) -> str:
    command = await fleet.send("note.add", ticket_id, agent_id="owner", content="nobody reads me")
    await pass_over(fleet, command.partition, command.offset + 1)
    return f"{fleet.topics.commands} {command.partition}:{command.offset}"


@pytest.mark.parametrize(
    ("ticket_id", "check", "told"),
    [
        ("T-0", "outcome", "events and a rejection"),
        ("T-1", "outcome", "a second one"),
        ("T-2", "outcome", "none"),
        ("T-3", "rejection", "T-4"),
        ("T-5", "rejection", "another"),
        ("T-6", "rejection", "KeyError"),
        ("T-7", "outcome", "events and a DLQ record"),
        ("T-8", "outcome", "none"),
        ("T-9", "outcome", "a rejection, though the ticket remembers the command"),
        ("T-10", "outcome", "nothing"),
    ],
)
def test_what_is_wrong_is_named(found: Found, ticket_id: str, check: str, told: str) -> None:
    differences, places = found
    difference = differences[ticket_id]
    assert (difference.check, difference.where) == (check, places[ticket_id])
    assert told in difference.found


def test_tickets_that_were_left_alone_are_not_named(found: Found) -> None:
    differences, places = found
    assert differences.keys() == places.keys()


async def test_a_second_dead_letter_is_found(settled: Fleet) -> None:
    (letter, *_) = await settled.dead_letters()
    lying = await settled.publish(letter.topic, letter.value, letter.key, letter.partition, headers=letter.headers)

    (difference,) = (await differences(settled)).values()
    assert (difference.check, difference.where) == ("outcome", f"{letter.topic} {lying.partition}:{lying.offset}")


async def test_a_dead_letter_of_no_command_is_found(settled: Fleet) -> None:
    (letter, *_) = await settled.dead_letters()
    headers = tuple((name, b"999999" if name == "__connect.errors.offset" else value) for name, value in letter.headers)
    lying = await settled.publish(letter.topic, letter.value, letter.key, letter.partition, headers=headers)

    (difference,) = (await differences(settled)).values()
    assert (difference.check, difference.where) == ("dead_letter", f"{letter.topic} {lying.partition}:{lying.offset}")


async def test_a_command_that_was_never_moved_is_found(settled: Fleet) -> None:
    wrong, right = (settled.partition_of("M-2") + 1) % settled.partitions, settled.partition_of("M-2")
    value = orjson.dumps(settled.command("ticket.open", "M-2", {"subject": "misplaced"}))
    command = await settled.publish(settled.topics.commands, value, b"M-2", wrong)
    await pass_over(settled, wrong, command.offset + 1)

    (difference,) = (await differences(settled)).values()
    assert (difference.check, difference.expected) == ("outcome", f"a move to partition {right}")
    assert difference.where == f"{settled.topics.commands} {wrong}:{command.offset}"


async def test_an_unreadable_record_without_dead_letter_is_found(settled: Fleet) -> None:
    record = await settled.publish(settled.topics.commands, b"{", b"T-1", 0)
    await pass_over(settled, 0, record.offset + 1)

    (difference,) = (await differences(settled)).values()
    assert (difference.check, difference.expected, difference.found) == ("outcome", "a DLQ record", "nothing")
