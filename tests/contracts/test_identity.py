"""Ids follow from what they name: UUIDv5 as the standard library computes it, and the hash chain."""

from hashlib import sha256
from uuid import NAMESPACE_URL, UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from contracts.identity import command_key, event_id, rejection_part, value_hash
from tests.contracts.kinds import characters

words = st.text(characters, max_size=60)
NAMESPACE = uuid5(NAMESPACE_URL, "https://itilnext.org/event")


@given(words, words, words, st.integers(0, 9) | st.sampled_from(["envelope", "task", "resolution", "alert"]))
def test_an_event_id_is_the_uuid_of_the_page(subject: str, source: str, command_id: str, part: int | str) -> None:
    expected = uuid5(NAMESPACE, f"{subject}\n{source}\n{command_id}\n{part}")
    assert event_id(subject, source, command_id, part) == str(expected)
    assert UUID(event_id(subject, source, command_id, part)).version == 5


def test_a_known_id() -> None:
    assert event_id("INC0001", "/connectors/servicenow", "INC0001:1:ticket.open", 0) == (
        "34585192-4b69-5964-bb5e-3a215618e3d3"
    )


def test_each_delivery_of_a_refused_command_has_an_id_of_its_own() -> None:
    assert rejection_part(3, 1234) == "rejected:3:1234"
    assert event_id("T-1", "/s", "c1", rejection_part(3, 1)) != event_id("T-1", "/s", "c1", rejection_part(3, 2))


@given(words, words)
def test_a_ticket_remembers_a_command_by_16_digits(source: str, command_id: str) -> None:
    assert command_key(source, command_id) == sha256(f"{source}\n{command_id}".encode()).hexdigest()[:16]


def test_the_chain_is_sha_256() -> None:
    assert value_hash(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
