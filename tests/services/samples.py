"""A small valid command of every kind, by anna on her ticket, for rules that hold for all of them."""

from collections.abc import Mapping

from contracts import commands as c
from contracts import resolution_commands as r
from contracts.commands import Command
from tests.services.cast import MONDAY

SAMPLES: Mapping[str, Command] = {
    "ticket.open": c.OpenTicket(subject="Printer on fire", team_id="desk"),
    "ticket.accept": c.AcceptTicket(agent_id="anna"),
    "ticket.transfer": c.TransferTicket(
        new_owner_id="ben", transfer_type="termination", reason="left", authorized_by="max"
    ),
    "ticket.change_priority": c.ChangePriority(agent_id="anna", priority="high"),
    "ticket.await_customer": c.AwaitCustomer(agent_id="anna"),
    "ticket.resume": c.ResumeTicket(agent_id="anna"),
    "ticket.resolve": c.ResolveTicket(agent_id="anna"),
    "ticket.close": c.CloseTicket(agent_id="anna"),
    "ticket.reopen": c.ReopenTicket(),
    "note.add": c.AddNote(agent_id="anna", content="n"),
    "message.record": c.RecordMessage(direction="outbound", content="m", agent_id="anna"),
    "envelope.create": c.CreateEnvelope(agent_id="anna", reason="r", envelope_id="e1"),
    "envelope.accept": c.AcceptEnvelope(agent_id="ben", envelope_id="e1"),
    "envelope.complete": c.CompleteEnvelope(agent_id="anna", envelope_id="e1"),
    "envelope.cancel": c.CancelEnvelope(agent_id="anna", envelope_id="e1"),
    "task.create": c.CreateTask(agent_id="anna", title="t", task_id="t1"),
    "task.start": c.StartTask(agent_id="anna", task_id="t1"),
    "task.complete": c.CompleteTask(agent_id="anna", task_id="t1"),
    "task.cancel": c.CancelTask(agent_id="anna", task_id="t1"),
    "flag.add": c.AddFlag(agent_id="anna", flag="vip"),
    "flag.clear": c.ClearFlag(agent_id="anna", flag="vip"),
    "resolution.create": r.CreateResolution(
        agent_id="anna", what_went_wrong="w", why_eligible="y", resolution_type="refund", resolution_id="r1"
    ),
    "resolution.approve": r.ApproveResolution(approver_id="lea", resolution_id="r1"),
    "resolution.reject": r.RejectResolution(approver_id="lea", resolution_id="r1"),
    "calibration.review": r.ReviewCalibration(reviewer_id="lea", resolution_id="r1", outcome="upheld"),
    "alert.raise": c.RaiseAlert(condition="not_assigned", level=1, anchor_at=MONDAY, at=MONDAY),
    "alert.acknowledge": c.AcknowledgeAlert(alert_id="a1", agent_id="anna"),
}
