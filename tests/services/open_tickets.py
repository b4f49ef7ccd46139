"""Open tickets of every kind that a score tells apart, for the properties of scores, facts and queues."""

from collections.abc import Iterable
from datetime import timedelta

from hypothesis import strategies as st

from contracts.model import EnvelopeStatus, Flag
from contracts.ticket import CaseFlag, Envelope, Ticket
from tests.services.cast import MONDAY, later

PLAIN = Ticket(
    id="T-1",
    reference="INC-1",
    type="incident",
    subject="s",
    status="in_progress",
    priority="medium",
    owner_id="anna",
    opened_at=MONDAY,
    updated_at=MONDAY,
    agent_activity_at=MONDAY,
    first_response_at=MONDAY,
    due_at=later(days=30),
    version=2,
    head_hash="",
)
FLAGS: tuple[Flag, ...] = ("legal", "vip", "repeat_contact", "social_media")
_STATUSES: tuple[EnvelopeStatus, ...] = ("active", "completed")


def flagged(flags: Iterable[Flag]) -> tuple[CaseFlag, ...]:
    return tuple(CaseFlag(flag=flag, set_by="anna", set_at=MONDAY) for flag in flags)


def envelope(status: EnvelopeStatus) -> Envelope:
    return Envelope(
        envelope_id="e", level=2, status=status, requested_by="anna", created_at=MONDAY, response_due_at=MONDAY
    )


TICKETS = st.builds(
    PLAIN.changed,
    priority=st.sampled_from(["critical", "high", "medium", "low"]),
    status=st.sampled_from(["new", "in_progress", "waiting_customer", "waiting_internal"]),
    owner_id=st.sampled_from([None, "anna", "ben"]),
    customer_tier=st.sampled_from(["standard", "premium", "vip"]),
    due_at=st.timedeltas(timedelta(days=-3), timedelta(days=3)).map(MONDAY.__add__) | st.none(),
    first_response_at=st.sampled_from([None, MONDAY]),
    agent_activity_at=st.timedeltas(timedelta(0), timedelta(hours=3)).map(MONDAY.__add__) | st.none(),
    flags=st.sets(st.sampled_from(FLAGS)).map(lambda some: flagged(sorted(some))),
    envelopes=st.lists(st.sampled_from(_STATUSES).map(envelope), max_size=2).map(tuple),
)
TIMES = st.timedeltas(timedelta(0), timedelta(days=20)).map(MONDAY.__add__)
