"""Tasks: pieces of work on a ticket, or within one of its envelopes (SPEC section 5)."""

from contracts.commands import CancelTask, CompleteTask, CreateTask, StartTask, TaskCommand
from contracts.events import TaskCancelled, TaskCompleted, TaskCreated, TaskStarted
from contracts.model import TaskStatus
from contracts.rejections import Refusal
from contracts.ticket import Ticket
from services.decision import Context, Decision, event_from, refuse
from services.envelopes import not_participant, unknown_envelope
from services.ownership import not_owner

_UNFINISHED: tuple[TaskStatus, ...] = ("open", "in_progress")


def decide_create(ticket: Ticket, command: CreateTask, context: Context) -> Decision:
    """Plan work: the owner's anywhere, an active expert's within the expert's own envelope."""
    if refusal := _may_not_create(ticket, command):
        return refusal
    task_id = command.task_id or context.new_id("task")
    if ticket.task(task_id) is not None:
        return refuse("task_exists", f"This ticket has a task {task_id} already; choose another id.", task_id=task_id)
    return (event_from(TaskCreated, command, task_id=task_id),)


def decide_start(ticket: Ticket, command: StartTask, _context: Context) -> Decision:
    """Begin an open task."""
    return _refused(ticket, command, ("open",)) or (event_from(TaskStarted, command),)


def decide_complete(ticket: Ticket, command: CompleteTask, _context: Context) -> Decision:
    """Finish a task, started or not."""
    return _refused(ticket, command, _UNFINISHED) or (event_from(TaskCompleted, command),)


def decide_cancel(ticket: Ticket, command: CancelTask, _context: Context) -> Decision:
    """Give a task up, started or not."""
    return _refused(ticket, command, _UNFINISHED) or (event_from(TaskCancelled, command),)


def _may_not_create(ticket: Ticket, command: CreateTask) -> Refusal | None:
    if command.envelope_id is None:
        return not_owner(ticket, command.agent_id)
    envelope = ticket.envelope(command.envelope_id)
    if envelope is None:
        return unknown_envelope(command.envelope_id)
    expert = envelope.expert_id if envelope.status == "active" else None
    return not_participant(command.agent_id, ticket.owner_id, expert)


def _refused(ticket: Ticket, command: TaskCommand, statuses: tuple[TaskStatus, ...]) -> Refusal | None:
    """Refuse to change a task that is not in one of the statuses, or by somebody it does not concern."""
    task = ticket.task(command.task_id)
    if task is None:
        return refuse("task_unknown", f"This ticket has no task {command.task_id}.", task_id=command.task_id)
    if task.status not in statuses:
        return refuse("task_not_open", f"The task is {task.status}.", status=task.status)
    allowed = {ticket.owner_id, task.created_by, task.assigned_to} - {None}
    if command.agent_id not in allowed:
        message = f"{command.agent_id} is neither the ticket's owner nor the task's creator or assignee."
        return refuse("not_task_participant", message, allowed=sorted(agent for agent in allowed if agent))
    return None
