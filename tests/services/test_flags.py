"""Flags, and the legal team's envelope (SPEC section 5)."""

import pytest

from contracts.commands import AcceptTicket, AddFlag, ClearFlag, CreateEnvelope, OpenTicket
from contracts.directory import Policy
from contracts.events import EnvelopeCreated, FlagAdded, FlagCleared
from contracts.identity import event_id
from contracts.model import Flag
from contracts.ticket import CaseFlag, Envelope
from tests.services.cast import directory, later
from tests.services.spec import SOURCE, TICKET, given

UNOWNED = given(OpenTicket(subject="s"))
OWNED = UNOWNED.given(AcceptTicket(agent_id="anna"))
WITH_LEGAL_TEAM = directory(Policy(legal_team_id="legal"))
LEGAL_ENVELOPE = event_id(TICKET, SOURCE, "flagged", "envelope")


@pytest.mark.parametrize("flag", ["physical_damage", "social_media", "vip", "legal", "repeat_contact"])
def test_any_agent_sets_a_flag(flag: Flag) -> None:
    ticket = OWNED.when(AddFlag(agent_id="nina", flag=flag, reason="seen"), at=later(hours=1)).then(
        FlagAdded(agent_id="nina", flag=flag, reason="seen")
    )
    assert ticket.flags == (CaseFlag(flag=flag, reason="seen", set_by="nina", set_at=later(hours=1)),)
    UNOWNED.when(AddFlag(agent_id="nina", flag=flag)).then_accepted()


def test_a_flag_is_set_once() -> None:
    flagged = OWNED.given(AddFlag(agent_id="nina", flag="vip"))
    flagged.when(AddFlag(agent_id="ben", flag="vip")).then_refused("flag_already_set")
    flagged.when(AddFlag(agent_id="ben", flag="legal")).then_accepted()


def test_any_agent_clears_a_flag_and_it_can_be_set_again() -> None:
    flagged = OWNED.given(AddFlag(agent_id="nina", flag="vip"), AddFlag(agent_id="nina", flag="legal"))
    command = ClearFlag(agent_id="ben", flag="vip", reason="no longer")
    cleared = flagged.when(command).then(FlagCleared(**command.fields()))
    assert [one.flag for one in cleared.flags] == ["legal"]
    flagged.given(command).when(AddFlag(agent_id="ben", flag="vip")).then_accepted()


def test_a_flag_that_is_not_set_is_not_cleared() -> None:
    OWNED.given(AddFlag(agent_id="nina", flag="vip")).when(ClearFlag(agent_id="ben", flag="legal")).then_refused(
        "flag_not_set"
    )


@pytest.mark.parametrize("reason", ["sues us", None])
def test_a_legal_flag_asks_the_legal_team_on_an_unowned_ticket_too(reason: str | None) -> None:
    command = AddFlag(agent_id="nina", flag="legal", reason=reason)
    ticket = (
        UNOWNED.with_directory(WITH_LEGAL_TEAM)
        .when(command, command_id="flagged")
        .then(
            FlagAdded(**command.fields()),
            EnvelopeCreated(
                agent_id="nina",
                reason=reason,
                team_id="legal",
                response_hours=4,
                envelope_id=LEGAL_ENVELOPE,
                level=2,
                response_due_at=later(hours=4),
            ),
        )
    )
    assert ticket.status == "new"
    assert ticket.envelopes == (
        Envelope(
            envelope_id=LEGAL_ENVELOPE,
            level=2,
            team_id="legal",
            requested_by="nina",
            reason=reason,
            created_at=later(),
            response_due_at=later(hours=4),
        ),
    )


def test_the_legal_envelope_of_an_owned_ticket_is_worked_on_like_any_other() -> None:
    story = OWNED.with_directory(WITH_LEGAL_TEAM).given(AddFlag(agent_id="nina", flag="legal"))
    assert story.now.status == "waiting_internal"


def test_no_other_flag_asks_anybody() -> None:
    OWNED.with_directory(WITH_LEGAL_TEAM).when(AddFlag(agent_id="nina", flag="vip")).then(
        FlagAdded(agent_id="nina", flag="vip")
    )


def test_a_legal_team_the_directory_does_not_know_is_not_asked() -> None:
    story = OWNED.with_directory(directory(Policy(legal_team_id="lawyers")))
    story.when(AddFlag(agent_id="nina", flag="legal")).then(FlagAdded(agent_id="nina", flag="legal"))


def test_an_envelope_that_has_the_id_already_stays_the_only_one() -> None:
    foreseen = CreateEnvelope(agent_id="anna", reason="r", team_id="network", envelope_id=LEGAL_ENVELOPE)
    story = OWNED.with_directory(WITH_LEGAL_TEAM).given(foreseen)
    command = AddFlag(agent_id="nina", flag="legal")
    story.when(command, command_id="flagged").then(FlagAdded(**command.fields()))


def test_clearing_the_flag_leaves_the_envelope() -> None:
    story = OWNED.with_directory(WITH_LEGAL_TEAM).given(
        AddFlag(agent_id="nina", flag="legal"), ClearFlag(agent_id="nina", flag="legal")
    )
    assert story.now.status == "waiting_internal"
