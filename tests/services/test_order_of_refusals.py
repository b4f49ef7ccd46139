"""The order of refusals every command keeps before its own codes: the first that applies wins (SPEC section 5)."""

from datetime import timedelta

import pytest

from contracts.commands import AcceptTicket, CloseTicket, Command, CreateEnvelope, CreateTask, OpenTicket, ResolveTicket
from contracts.directory import Agent
from contracts.resolution_commands import CreateResolution
from services.handling import Accepted, Outcome, Rejected
from tests.services.cast import MONDAY, directory
from tests.services.samples import SAMPLES
from tests.services.spec import given

COMMANDS = {name: command for name, command in SAMPLES.items() if name != "ticket.open"}
DECIDED_WHEN_RESOLVED = {
    "ticket.close",
    "ticket.reopen",
    "note.add",
    "message.record",
    "calibration.review",
    "alert.raise",
    "alert.acknowledge",
}
DECIDED_WHEN_CLOSED = {"ticket.reopen", "calibration.review"}
AGENT_FIELDS = ("agent_id", "new_owner_id", "authorized_by", "approver_id", "reviewer_id", "assigned_to")
OPENED = given(OpenTicket(subject="s", team_id="desk"))
RESOLVED = OPENED.given(AcceptTicket(agent_id="anna"), ResolveTicket(agent_id="anna"))
CLOSED = RESOLVED.given(CloseTicket())
# A ticket on which most samples have something of their own to refuse or accept.
BUSY = OPENED.given(
    AcceptTicket(agent_id="anna"),
    CreateEnvelope(agent_id="anna", reason="r", envelope_id="e1"),
    CreateTask(agent_id="anna", title="t", task_id="t1"),
    CreateResolution(
        agent_id="anna", what_went_wrong="w", why_eligible="y", resolution_type="refund", resolution_id="r1"
    ),
)


def named_agents(command: Command) -> list[str]:
    """The fields in which the command names agents; a task's assignee is added where the sample has none."""
    return [field for field in AGENT_FIELDS if hasattr(command, field)]


def code_of(outcome: Outcome) -> str | None:
    """The code of a refusal, None where the command was accepted."""
    assert isinstance(outcome, Accepted | Rejected)
    return outcome.refusal.code if isinstance(outcome, Rejected) else None


def by(command: Command, agent_id: str) -> Command:
    """The same command, with this agent wherever it names one."""
    return command.model_copy(update=dict.fromkeys(named_agents(command), agent_id))


every_command = pytest.mark.parametrize("name", COMMANDS)


@every_command
def test_a_time_in_the_future_comes_before_everything_but_a_duplicate(name: str) -> None:
    ahead = MONDAY + timedelta(minutes=6)
    for story in (given(), OPENED, RESOLVED, CLOSED):
        story.when(by(COMMANDS[name], "nobody"), at=ahead, recorded_at=MONDAY).then_refused("time_in_future")


@every_command
def test_without_a_ticket_nothing_else_matters(name: str) -> None:
    given().when(by(COMMANDS[name], "nobody")).then_refused("ticket_unknown")


@every_command
def test_a_closed_ticket_takes_a_reopening_and_a_review_and_nothing_else(name: str) -> None:
    code = code_of(CLOSED.when(by(COMMANDS[name], "nobody")).outcome)
    assert (code != "ticket_closed") == (name in DECIDED_WHEN_CLOSED)


@every_command
def test_a_resolved_ticket_takes_what_the_page_lists_and_nothing_else(name: str) -> None:
    code = code_of(RESOLVED.when(by(COMMANDS[name], "nobody")).outcome)
    assert (code != "ticket_resolved") == (name in DECIDED_WHEN_RESOLVED)


@every_command
def test_an_unknown_agent_comes_before_an_inactive_one_and_both_before_the_row_s_codes(name: str) -> None:
    command = COMMANDS[name]
    fields = named_agents(command)
    for story in (OPENED, BUSY, RESOLVED) if name in DECIDED_WHEN_RESOLVED else (OPENED, BUSY):
        for field in fields:
            others_inactive = by(command, "zoe").model_copy(update={field: "nobody"})
            story.when(others_inactive).then_refused("agent_unknown", agent_id="nobody")
            others_active = by(command, "anna").model_copy(update={field: "zoe"})
            story.when(others_active).then_refused("agent_inactive", agent_id="zoe")


@every_command
def test_an_agent_who_left_the_directory_is_unknown(name: str) -> None:
    if named_agents(COMMANDS[name]):
        story = BUSY.with_directory(directory(Agent(id="zoe", is_active=False)))
        story.when(by(COMMANDS[name], "ghost")).then_refused("agent_unknown", agent_id="ghost")


def test_a_reopening_names_no_agent() -> None:
    reopen = SAMPLES["ticket.reopen"].model_copy(update={"requested_by": "nobody"})
    CLOSED.when(reopen).then_accepted()
