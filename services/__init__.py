"""The brain: pure rules over tickets, usable as a library without Kafka or Redis (SPEC section 9).

directory, tickets = DirectoryState(), InMemoryTickets()
desk = ServiceDesk(tickets, directory, clock)
ticket = await OwnershipService(desk).accept_ticket("T-1", "anna")
"""

from contracts.directory import Agent, BusinessCalendar, Company, Contact, Policy, Team
from contracts.ticket import Alert, CaseFlag, Envelope, Resolution, Task, Ticket
from services.alert_grid import AlertCell, alert_grid
from services.alert_service import AlertService
from services.case_view_service import CaseViewService
from services.case_views import EnvelopeSummary, ExpertView, OwnerView
from services.desk import ServiceDesk, Stamp
from services.directory_state import DirectoryState
from services.envelope_service import EnvelopeService
from services.errors import (
    AlertRejected,
    CommandRejected,
    EnvelopeRejected,
    FlagRejected,
    LifecycleRejected,
    NoteRejected,
    OwnershipRejected,
    ResolutionRejected,
    TaskRejected,
)
from services.ownership_service import OwnershipService
from services.priority import PriorityScore
from services.priority_service import PriorityService
from services.repositories import InMemoryTickets, TicketChanged, TicketReader, TicketRepository, WorkReader
from services.resolution_service import ResolutionService
from services.timeline import TimelineEntry
from services.timeline_service import TimelineService
from services.visibility import CUSTOMER, SYSTEM, Viewer
from services.work_queue import QueuedTicket, WorkQueue

__all__ = [
    "CUSTOMER",
    "SYSTEM",
    "Agent",
    "Alert",
    "AlertCell",
    "AlertRejected",
    "AlertService",
    "BusinessCalendar",
    "CaseFlag",
    "CaseViewService",
    "CommandRejected",
    "Company",
    "Contact",
    "DirectoryState",
    "Envelope",
    "EnvelopeRejected",
    "EnvelopeService",
    "EnvelopeSummary",
    "ExpertView",
    "FlagRejected",
    "InMemoryTickets",
    "LifecycleRejected",
    "NoteRejected",
    "OwnerView",
    "OwnershipRejected",
    "OwnershipService",
    "Policy",
    "PriorityScore",
    "PriorityService",
    "QueuedTicket",
    "Resolution",
    "ResolutionRejected",
    "ResolutionService",
    "ServiceDesk",
    "Stamp",
    "Task",
    "TaskRejected",
    "Team",
    "Ticket",
    "TicketChanged",
    "TicketReader",
    "TicketRepository",
    "TimelineEntry",
    "TimelineService",
    "Viewer",
    "WorkQueue",
    "WorkReader",
    "alert_grid",
]
