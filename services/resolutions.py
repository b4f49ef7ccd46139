"""Resolutions: what the customer is given, decided by who may give that much (SPEC sections 5 and 7).

A tier goes by the ticket's cumulative compensation in a currency, so that splitting a sum does not dodge it.
"""

from decimal import Decimal
from typing import NamedTuple

from contracts.directory import Agent, CurrencyLimits
from contracts.events import CalibrationRequested, Event, ResolutionApproved, ResolutionCreated, ResolutionRejected
from contracts.model import ResolutionTier
from contracts.rejections import Refusal
from contracts.resolution_commands import ApproveResolution, CreateResolution, RejectResolution, ResolutionDecision
from contracts.ticket import Ticket
from contracts.trusted import trusted
from services.calibrations import calibration_reason, unknown_resolution
from services.decision import Context, Decision, Directory, event_from, refuse
from services.money import HOME_CURRENCY, parse_amount, total, write_amount
from services.ownership import not_owner
from services.teams import team_id_for

_DEFAULT_LIMITS = CurrencyLimits(agent="100.00", team_lead="500.00")
"""What holds in EUR where neither a team nor the policy says otherwise: the limits a team starts with."""


class Limits(NamedTuple):
    """Up to which sum, bounds included, the agent and a team lead may decide; above it a manager does."""

    agent: Decimal
    team_lead: Decimal


def decide_create(ticket: Ticket, command: CreateResolution, context: Context) -> Decision:
    """Make the customer whole: at once within the agent's tier, else as soon as somebody of the tier approves."""
    if refusal := not_owner(ticket, command.agent_id) or _undocumented(command):
        return refusal
    amount = None if command.amount is None else parse_amount(command.amount)
    if amount is None and command.amount is not None:
        message = 'The amount must be a string such as "12.50", below 10^12 and with at most two decimals.'
        return refuse("amount_invalid", message)
    limits = limits_in(command.currency, ticket, context.directory)
    if limits is None:
        supported = sorted({HOME_CURRENCY, *context.directory.policy.currencies})
        message = f"The policy has no limits for this currency; it has for {', '.join(supported)}."
        return refuse("currency_unsupported", message, supported=supported)
    resolution_id = command.resolution_id or context.new_id("resolution")
    if ticket.resolution(resolution_id) is not None:
        message = f"This ticket has a resolution {resolution_id} already; choose another id."
        return refuse("resolution_exists", message, resolution_id=resolution_id)
    cumulative = total([*_granted(ticket, command.currency), amount or Decimal(0)])
    tier = _tier(cumulative, limits) if amount else "agent"
    created = event_from(
        ResolutionCreated,
        command,
        resolution_id=resolution_id,
        amount=None if amount is None else write_amount(amount),
        tier=tier,
        status="approved" if tier == "agent" else "pending_approval",
        cumulative_amount=write_amount(cumulative),
    )
    return _with_calibration(created, ticket, context.directory)


def decide_approve(ticket: Ticket, command: ApproveResolution, context: Context) -> Decision:
    """Grant a pending resolution: by somebody of its tier who did not make it."""
    return _decision_refused(ticket, command, context) or (event_from(ResolutionApproved, command),)


def decide_reject(ticket: Ticket, command: RejectResolution, context: Context) -> Decision:
    """Turn a pending resolution down; its amount no longer counts."""
    return _decision_refused(ticket, command, context) or (event_from(ResolutionRejected, command),)


def limits_in(currency: object, ticket: Ticket, directory: Directory) -> Limits | None:
    """Return the limits for the ticket's owner in a currency, None where the policy does not list it."""
    listed = directory.policy.currencies.get(currency) if isinstance(currency, str) else None
    if currency != HOME_CURRENCY:
        return None if listed is None else Limits(Decimal(listed.agent), Decimal(listed.team_lead))
    policy = listed or _DEFAULT_LIMITS
    owner = None if ticket.owner_id is None else directory.agent(ticket.owner_id)
    team_id = team_id_for(ticket, ticket.owner_id, directory)
    team = None if team_id is None else directory.team(team_id)
    agent_limit = Decimal(team.tier1_limit if team else policy.agent)
    if owner is not None:
        agent_limit = min(agent_limit, Decimal(owner.empowerment_limit))
    return Limits(agent_limit, Decimal(team.tier2_limit if team else policy.team_lead))


def may_decide(agent: Agent, tier: ResolutionTier) -> bool:
    """Tell whether the agent's role may approve or reject a resolution of this tier."""
    return agent.leads if tier == "team_lead" else agent.role == "manager"


def _undocumented(command: CreateResolution) -> Refusal | None:
    told = {"what_went_wrong": command.what_went_wrong, "why_eligible": command.why_eligible}
    missing = [field for field, text in told.items() if text is None or not text.strip()]
    if not missing:
        return None
    return refuse("documentation_missing", f"Tell {' and '.join(missing)}; reviewers rely on it.", missing=missing)


def _granted(ticket: Ticket, currency: str) -> list[Decimal]:
    """The amounts approved or pending so far in this currency."""
    return [
        Decimal(one.amount)
        for one in ticket.resolutions
        if one.amount is not None and one.currency == currency and one.status != "rejected"
    ]


def _tier(cumulative: Decimal, limits: Limits) -> ResolutionTier:
    if cumulative <= limits.agent:
        return "agent"
    return "team_lead" if cumulative <= limits.team_lead else "manager"


def _with_calibration(created: ResolutionCreated, ticket: Ticket, directory: Directory) -> tuple[Event, ...]:
    percent = directory.policy.calibration_sample_percent
    reason = calibration_reason(created.resolution_id, created.tier, ticket.flags, percent)
    if reason is None:
        return (created,)
    requested = {"resolution_id": created.resolution_id, "reason": reason}
    return created, trusted(CalibrationRequested, requested)


def _decision_refused(ticket: Ticket, command: ResolutionDecision, context: Context) -> Refusal | None:
    resolution = ticket.resolution(command.resolution_id)
    if resolution is None:
        return unknown_resolution(command.resolution_id)
    if resolution.status != "pending_approval":
        message = f"The resolution is {resolution.status}; only a pending one is decided."
        return refuse("resolution_not_pending", message, status=resolution.status)
    if resolution.created_by == command.approver_id:
        return refuse("self_approval", f"{command.approver_id} made this resolution; somebody else must decide it.")
    approver = context.directory.agent(command.approver_id)
    if approver is None or not may_decide(approver, resolution.tier):
        needed = "team lead or manager" if resolution.tier == "team_lead" else "manager"
        message = f"{command.approver_id} may not decide this; a {needed} must."
        return refuse("not_authorized", message, tier=resolution.tier)
    return None
