"""Tasks on a ticket and within its envelopes (SPEC section 5)."""

import pytest

from contracts.commands import (
    AcceptEnvelope,
    AcceptTicket,
    CancelTask,
    CompleteEnvelope,
    CompleteTask,
    CreateEnvelope,
    CreateTask,
    OpenTicket,
    StartTask,
    TransferTicket,
)
from contracts.events import TaskCancelled, TaskCompleted, TaskCreated, TaskStarted
from contracts.identity import event_id
from contracts.ticket import Task
from tests.services.cast import later
from tests.services.spec import SOURCE, TICKET, Story, given

OPEN = OpenTicket(subject="s", team_id="desk")
OWNED = given(OPEN, AcceptTicket(agent_id="anna"))
ASKED = OWNED.given(CreateEnvelope(agent_id="anna", reason="r", team_id="network", envelope_id="e1"))
HELPED = ASKED.given(AcceptEnvelope(envelope_id="e1", agent_id="nina"))
PLANNED = OWNED.given(CreateTask(agent_id="anna", title="call", assigned_to="ben", task_id="t1"))
START = StartTask(task_id="t1", agent_id="anna")
COMPLETE = CompleteTask(task_id="t1", agent_id="anna")
CANCEL = CancelTask(task_id="t1", agent_id="anna")
STARTED, DONE, GIVEN_UP = PLANNED.given(START), PLANNED.given(COMPLETE), PLANNED.given(CANCEL)


def test_the_owner_plans_a_task() -> None:
    command = CreateTask(
        agent_id="anna",
        title="call",
        description="the vendor",
        assigned_to="ben",
        due_at=later(days=1),
        task_id="t1",
    )
    ticket = OWNED.when(command).then(TaskCreated(**command.fields()))
    assert ticket.tasks == (
        Task(
            task_id="t1",
            title="call",
            description="the vendor",
            created_by="anna",
            assigned_to="ben",
            due_at=later(days=1),
        ),
    )


def test_a_task_without_an_id_gets_one_that_follows_from_its_command() -> None:
    ticket = OWNED.when(CreateTask(agent_id="anna", title="t"), command_id="mine").then_accepted()
    assert ticket.tasks[0].task_id == event_id(TICKET, SOURCE, "mine", "task")


def test_the_active_expert_plans_a_task_in_the_envelope_and_so_does_the_owner() -> None:
    for agent_id in ("nina", "anna"):
        ticket = HELPED.when(CreateTask(agent_id=agent_id, title="t", envelope_id="e1")).then_accepted()
        assert ticket.tasks[0].envelope_id == "e1"


def test_nobody_else_plans_a_task() -> None:
    OWNED.when(CreateTask(agent_id="max", title="t")).then_refused("not_owner", owner_id="anna")
    given(OPEN).when(CreateTask(agent_id="anna", title="t")).then_refused("not_owner", owner_id=None)
    HELPED.when(CreateTask(agent_id="nina", title="t")).then_refused("not_owner")
    refused = HELPED.when(CreateTask(agent_id="nora", title="t", envelope_id="e1"))
    refused.then_refused("not_envelope_participant", allowed=["anna", "nina"])


def test_only_an_active_envelope_s_expert_plans_a_task_in_it() -> None:
    named = OWNED.given(CreateEnvelope(agent_id="anna", reason="r", expert_id="nina", envelope_id="e1"))
    over = HELPED.given(CompleteEnvelope(envelope_id="e1", agent_id="nina"))
    for story in (named, over):
        story.when(CreateTask(agent_id="nina", title="t", envelope_id="e1")).then_refused("not_envelope_participant")
        story.when(CreateTask(agent_id="anna", title="t", envelope_id="e1")).then_accepted()


def test_who_is_to_do_it_must_be_an_active_agent() -> None:
    for_somebody_unknown = CreateTask(agent_id="max", title="t", assigned_to="nobody", task_id="t1")
    PLANNED.when(for_somebody_unknown).then_refused("agent_unknown", agent_id="nobody")
    for_somebody_who_left = CreateTask(agent_id="max", title="t", assigned_to="zoe", task_id="t1")
    PLANNED.when(for_somebody_who_left).then_refused("agent_inactive", agent_id="zoe")


def test_refusals_of_a_new_task_come_in_the_row_s_order() -> None:
    story = PLANNED.given(CreateEnvelope(agent_id="anna", reason="r", envelope_id="e1"))
    story.when(CreateTask(agent_id="max", title="t", envelope_id="e9", task_id="t1")).then_refused("envelope_unknown")
    story.when(CreateTask(agent_id="max", title="t", envelope_id="e1", task_id="t1")).then_refused(
        "not_envelope_participant"
    )
    story.when(CreateTask(agent_id="max", title="t", task_id="t1")).then_refused("not_owner")
    story.when(CreateTask(agent_id="anna", title="t", task_id="t1")).then_refused("task_exists", task_id="t1")


def test_a_task_is_started_and_completed() -> None:
    started = PLANNED.when(START).then(TaskStarted(task_id="t1", agent_id="anna"))
    assert started.tasks[0].status == "in_progress"
    completed = STARTED.when(COMPLETE).then(TaskCompleted(task_id="t1", agent_id="anna"))
    assert completed.tasks[0].status == "completed"


def test_a_task_is_completed_or_cancelled_without_having_been_started() -> None:
    assert DONE.now.tasks[0].status == "completed"
    cancelled = PLANNED.when(CANCEL).then(TaskCancelled(task_id="t1", agent_id="anna"))
    assert cancelled.tasks[0].status == "cancelled"
    STARTED.when(CANCEL).then_accepted()


@pytest.mark.parametrize(
    ("story", "command", "status"),
    [
        (STARTED, START, "in_progress"),
        *((DONE, command, "completed") for command in (START, COMPLETE, CANCEL)),
        *((GIVEN_UP, command, "cancelled") for command in (START, COMPLETE, CANCEL)),
    ],
)
def test_a_task_goes_one_way(story: Story, command: StartTask | CompleteTask | CancelTask, status: str) -> None:
    story.when(command).then_refused("task_not_open", status=status)


@pytest.mark.parametrize("kind", [StartTask, CompleteTask, CancelTask])
def test_owner_creator_and_assignee_work_on_a_task_and_nobody_else(
    kind: type[StartTask] | type[CompleteTask] | type[CancelTask],
) -> None:
    story = HELPED.given(CreateTask(agent_id="nina", title="t", envelope_id="e1", assigned_to="ben", task_id="t1"))
    for agent_id in ("anna", "nina", "ben"):
        story.when(kind(task_id="t1", agent_id=agent_id)).then_accepted()
    refused = story.when(kind(task_id="t1", agent_id="max"))
    refused.then_refused("not_task_participant", allowed=["anna", "ben", "nina"])


@pytest.mark.parametrize("kind", [StartTask, CompleteTask, CancelTask])
def test_refusals_on_a_task_come_in_the_row_s_order(
    kind: type[StartTask] | type[CompleteTask] | type[CancelTask],
) -> None:
    DONE.when(kind(task_id="t9", agent_id="max")).then_refused("task_unknown", task_id="t9")
    DONE.when(kind(task_id="t1", agent_id="max")).then_refused("task_not_open")
    PLANNED.when(kind(task_id="t1", agent_id="max")).then_refused("not_task_participant")


def test_after_a_transfer_the_former_owner_still_works_on_tasks_the_former_owner_made() -> None:
    transfer = TransferTicket(new_owner_id="ben", transfer_type="termination", reason="r", authorized_by="max")
    story = OWNED.given(CreateTask(agent_id="anna", title="t", task_id="t1"), transfer)
    for agent_id in ("anna", "ben"):
        story.when(StartTask(task_id="t1", agent_id=agent_id)).then_accepted()


def test_one_task_s_change_leaves_the_others() -> None:
    story = PLANNED.given(CreateTask(agent_id="anna", title="u", task_id="t2"), START)
    assert [(task.task_id, task.status) for task in story.now.tasks] == [("t1", "in_progress"), ("t2", "open")]
