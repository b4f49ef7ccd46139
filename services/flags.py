"""Flags: marks that change how a case is treated; `legal` brings in the legal team (SPEC section 5)."""

from contracts.commands import DEFAULT_RESPONSE_HOURS, AddFlag, ClearFlag
from contracts.events import EnvelopeCreated, Event, FlagAdded, FlagCleared
from contracts.ticket import Ticket
from services.decision import Context, Decision, event_from, refuse
from services.envelopes import OWNERS_LEVEL, response_due_at


def decide_add(ticket: Ticket, command: AddFlag, context: Context) -> Decision:
    """Set a flag; a legal one asks the policy's legal team for help, on an unowned ticket too."""
    if ticket.has_flag(command.flag):
        return refuse("flag_already_set", f"The ticket has the flag {command.flag} already.")
    flagged: tuple[Event, ...] = (event_from(FlagAdded, command),)
    envelope = _legal_envelope(ticket, command, context) if command.flag == "legal" else None
    return flagged if envelope is None else (*flagged, envelope)


def decide_clear(ticket: Ticket, command: ClearFlag, _context: Context) -> Decision:
    """Take a flag off; an envelope it brought about goes on."""
    if not ticket.has_flag(command.flag):
        return refuse("flag_not_set", f"The ticket does not have the flag {command.flag}.")
    return (event_from(FlagCleared, command),)


def _legal_envelope(ticket: Ticket, command: AddFlag, context: Context) -> EnvelopeCreated | None:
    """Build the legal team's envelope; None where the policy names no team, or one the directory does not know."""
    team_id = context.directory.policy.legal_team_id
    if team_id is None or context.directory.team(team_id) is None:
        return None
    envelope_id = context.new_id("envelope")
    if ticket.envelope(envelope_id) is not None:  # somebody foresaw this id and gave it to another envelope
        return None
    return EnvelopeCreated(
        agent_id=command.agent_id,
        reason=command.reason,
        team_id=team_id,
        response_hours=DEFAULT_RESPONSE_HOURS,
        envelope_id=envelope_id,
        parent_envelope_id=None,
        level=OWNERS_LEVEL,
        response_due_at=response_due_at(context.at, DEFAULT_RESPONSE_HOURS),
    )
