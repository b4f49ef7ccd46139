"""Resolutions: documentation, amounts, tiers, approval (SPEC sections 5 and 7)."""

import pytest

from contracts.commands import AcceptTicket, OpenTicket, TransferTicket
from contracts.directory import Agent, CurrencyLimits, Entity, Policy, Team
from contracts.events import ResolutionApproved, ResolutionCreated, ResolutionRejected
from contracts.identity import event_id
from contracts.model import ResolutionStatus, ResolutionTier
from contracts.resolution_commands import ApproveResolution, CreateResolution, RejectResolution
from contracts.ticket import Resolution
from tests.services.cast import MONDAY, directory
from tests.services.spec import SOURCE, TICKET, Story, given

NO_SAMPLE = Policy(calibration_sample_percent=0)
UNOWNED = given(OpenTicket(subject="s", team_id="desk")).with_directory(directory(NO_SAMPLE))
OWNED = UNOWNED.given(AcceptTicket(agent_id="anna"))


def refund(amount: object = None, *, currency: object = "EUR", resolution_id: str | None = None) -> CreateResolution:
    return CreateResolution(
        agent_id="anna",
        what_went_wrong="it burnt",
        why_eligible="it must not",
        resolution_type="refund",
        amount=amount,
        currency=currency,
        resolution_id=resolution_id,
    )


def made(story: Story, *amounts: object, currency: str = "EUR") -> Resolution:
    for amount in amounts:
        story = story.given(refund(amount, currency=currency))
    return story.now.resolutions[-1]


def desk(*changed: Entity) -> Story:
    return OWNED.with_directory(directory(NO_SAMPLE, *changed))


def test_a_small_sum_is_approved_at_once_by_the_agent() -> None:
    command = CreateResolution(
        agent_id="anna",
        what_went_wrong="it burnt",
        what_category="hardware",
        why_eligible="it must not",
        why_category="warranty",
        where="Berlin",
        resolution_type="credit",
        details="sorry",
        amount="12.5",
        resolution_id="r1",
    )
    told = command.fields() | {"amount": "12.50"}
    created = ResolutionCreated(**told, tier="agent", status="approved", cumulative_amount="12.50")
    ticket = OWNED.when(command).then(created)
    assert ticket.resolutions == (
        Resolution(
            resolution_id="r1",
            resolution_type="credit",
            what_category="hardware",
            why_category="warranty",
            where="Berlin",
            amount="12.50",
            currency="EUR",
            cumulative_amount="12.50",
            tier="agent",
            status="approved",
            created_by="anna",
            created_at=MONDAY,
            decided_by="anna",
        ),
    )


def test_a_resolution_without_an_id_gets_one_that_follows_from_its_command() -> None:
    ticket = OWNED.when(refund(), command_id="mine").then_accepted()
    assert ticket.resolutions[0].resolution_id == event_id(TICKET, SOURCE, "mine", "resolution")


@pytest.mark.parametrize(
    ("amount", "tier", "status"),
    [
        (None, "agent", "approved"),
        ("0", "agent", "approved"),
        ("100.00", "agent", "approved"),
        ("100.01", "team_lead", "pending_approval"),
        ("500.00", "team_lead", "pending_approval"),
        ("500.01", "manager", "pending_approval"),
        ("999999999999.99", "manager", "pending_approval"),
    ],
)
def test_bounds_belong_to_the_lower_tier(amount: str | None, tier: ResolutionTier, status: ResolutionStatus) -> None:
    one = OWNED.when(refund(amount)).story.now.resolutions[0]
    assert (one.tier, one.status, one.decided_by) == (tier, status, "anna" if status == "approved" else None)


@pytest.mark.parametrize(
    ("written", "kept"),
    [("7", "7.00"), ("7.5", "7.50"), ("7.05", "7.05"), ("007", "7.00"), ("0.00", "0.00"), ("0" * 50 + "1", "1.00")],
)
def test_an_amount_is_written_back_with_two_decimals(written: str, kept: str) -> None:
    assert made(OWNED, written).amount == kept


@pytest.mark.parametrize("amount", [12, 12.5, True, [], {}])
def test_an_amount_that_is_no_string_is_refused(amount: object) -> None:
    OWNED.when(refund(amount)).then_refused("amount_invalid")


MISWRITTEN = ["", "-1", "-0.01", "+1", "1.", ".5", "1.234", "1.00000", "1,5", "1 000", " 1", "1\n", "1000000000000"]
OTHER_NOTATIONS = ["1e3", "1e400", "NaN", "Infinity", "٣", "0x10", "1_000", "€5"]


@pytest.mark.parametrize("amount", [*MISWRITTEN, *OTHER_NOTATIONS])
def test_any_other_text_is_no_amount(amount: str) -> None:
    OWNED.when(refund(amount)).then_refused("amount_invalid")


def test_splitting_a_sum_does_not_dodge_a_tier() -> None:
    assert made(OWNED, "60", "40").tier == "agent"
    last = made(OWNED, "60", "40.01")
    assert (last.tier, last.cumulative_amount) == ("team_lead", "100.01")
    assert made(OWNED, "60", "440", "0.01").tier == "manager"


def test_a_resolution_without_an_amount_is_the_agent_s_however_much_was_given_before() -> None:
    for amount in (None, "0.00"):
        last = made(OWNED, "700", amount)
        assert (last.tier, last.status, last.cumulative_amount) == ("agent", "approved", "700.00")


def test_a_rejected_sum_no_longer_counts_and_an_approved_one_does() -> None:
    pending = OWNED.given(refund("450", resolution_id="r1"))
    rejected = pending.given(RejectResolution(resolution_id="r1", approver_id="lea"))
    assert (made(rejected, "90").tier, made(rejected, "90").cumulative_amount) == ("agent", "90.00")
    approved = pending.given(ApproveResolution(resolution_id="r1", approver_id="lea"))
    assert (made(approved, "90").tier, made(approved, "90").cumulative_amount) == ("manager", "540.00")


def test_each_currency_has_its_own_sum_and_limits() -> None:
    usd = CurrencyLimits(agent="10.00", team_lead="20.00")
    story = desk(Policy(currencies={"USD": usd}, calibration_sample_percent=0))
    both = story.given(refund("100"))
    assert made(both, "10", currency="USD").tier == "agent"
    assert made(both, "10.01", currency="USD").tier == "team_lead"
    last = made(both, "10", "10.01", currency="USD")
    assert (last.tier, last.cumulative_amount) == ("manager", "20.01")


@pytest.mark.parametrize("currency", ["USD", "eur", "", "EURO", 978, ["EUR"], {"code": "EUR"}, True, "X" * 100_000])
@pytest.mark.parametrize("amount", [None, "1"])
def test_a_currency_the_policy_does_not_list_is_unsupported_also_without_an_amount(
    currency: object, amount: str | None
) -> None:
    OWNED.when(refund(amount, currency=currency)).then_refused("currency_unsupported", supported=["EUR"])


def test_the_limits_are_the_smaller_of_team_and_agent_and_the_team_s_for_a_lead() -> None:
    generous = Team(id="desk", tier1_limit="300.00", tier2_limit="400.00")
    assert made(desk(generous), "100.01").tier == "team_lead"  # the agent's own limit is 100
    trusted = Agent(id="anna", team_ids=("desk",), empowerment_limit="350")
    assert made(desk(generous, trusted), "300.00").tier == "agent"
    assert made(desk(generous, trusted), "300.01").tier == "team_lead"
    assert made(desk(generous, trusted), "400.01").tier == "manager"


def test_the_team_is_the_owner_s_first_else_the_ticket_s_else_the_policy_s_limits_hold() -> None:
    desk_team = Team(id="desk", tier1_limit="10.00", tier2_limit="20.00")
    network = Team(id="network", tier1_limit="30.00", tier2_limit="40.00")
    euro = Policy(calibration_sample_percent=0, currencies={"EUR": CurrencyLimits(agent="50.00", team_lead="60.00")})
    first = desk(desk_team, network, Agent(id="anna", team_ids=("network", "desk")))
    assert (made(first, "30").tier, made(first, "40.01").tier) == ("agent", "manager")
    ticket_s = desk(desk_team, network, Agent(id="anna"))
    assert (made(ticket_s, "10").tier, made(ticket_s, "20.01").tier) == ("agent", "manager")
    elsewhere = desk(euro, desk_team, Agent(id="anna", team_ids=("gone", "desk")))
    assert (made(elsewhere, "50").tier, made(elsewhere, "60.01").tier) == ("agent", "manager")
    teamless = given(OpenTicket(subject="s")).with_directory(directory(euro, Agent(id="anna")))
    alone = teamless.given(AcceptTicket(agent_id="anna"))
    assert (made(alone, "50").tier, made(alone, "50.01").tier, made(alone, "60.01").tier) == (
        "agent",
        "team_lead",
        "manager",
    )
    narrowed = alone.with_directory(directory(euro, Agent(id="anna", empowerment_limit="20")))
    assert (made(narrowed, "20").tier, made(narrowed, "20.01").tier) == ("agent", "team_lead")
    default = alone.with_directory(directory(NO_SAMPLE, Agent(id="anna", empowerment_limit="1000")))
    assert (made(default, "100").tier, made(default, "500").tier, made(default, "500.01").tier) == (
        "agent",
        "team_lead",
        "manager",
    )


@pytest.mark.parametrize("blank", [None, "", " ", "\n\t\u2003"])
def test_what_went_wrong_and_why_must_be_told(blank: str | None) -> None:
    fields = refund("1").fields()
    OWNED.when(CreateResolution(**fields | {"what_went_wrong": blank})).then_refused(
        "documentation_missing", missing=["what_went_wrong"]
    )
    OWNED.when(CreateResolution(**fields | {"why_eligible": blank})).then_refused(
        "documentation_missing", missing=["why_eligible"]
    )


def test_refusals_of_a_resolution_come_in_the_row_s_order() -> None:
    story = OWNED.given(refund("1", resolution_id="r1"))
    wrong = {"resolution_type": "refund", "resolution_id": "r1", "amount": 1, "currency": "XXX"}
    told = {"what_went_wrong": "w", "why_eligible": "y"}
    story.when(CreateResolution.read({"agent_id": "max", **wrong})).then_refused("not_owner")
    story.when(CreateResolution.read({"agent_id": "anna", **wrong})).then_refused("documentation_missing")
    story.when(CreateResolution.read({"agent_id": "anna", **wrong, **told})).then_refused("amount_invalid")
    story.when(refund("1", currency="XXX", resolution_id="r1")).then_refused("currency_unsupported")
    story.when(refund("1", resolution_id="r1")).then_refused("resolution_exists", resolution_id="r1")
    UNOWNED.when(refund("1")).then_refused("not_owner", owner_id=None)


@pytest.mark.parametrize(("amount", "approver_id"), [("101", "lea"), ("101", "max"), ("501", "max")])
def test_somebody_of_the_tier_approves_or_rejects(amount: str, approver_id: str) -> None:
    pending = OWNED.given(refund(amount, resolution_id="r1"))
    approve = ApproveResolution(resolution_id="r1", approver_id=approver_id, notes="fair")
    approved = pending.when(approve).story.now.resolutions[0]
    assert (approved.status, approved.decided_by) == ("approved", approver_id)
    pending.when(approve).then(ResolutionApproved(**approve.fields()))
    reject = RejectResolution(resolution_id="r1", approver_id=approver_id, notes="unfair")
    rejected = pending.when(reject).then(ResolutionRejected(**reject.fields())).resolutions[0]
    assert (rejected.status, rejected.decided_by) == ("rejected", approver_id)


@pytest.mark.parametrize(("amount", "approver_id"), [("101", "ben"), ("501", "ben"), ("501", "lea")])
@pytest.mark.parametrize("kind", [ApproveResolution, RejectResolution])
def test_nobody_below_the_tier_decides(
    amount: str, approver_id: str, kind: type[ApproveResolution] | type[RejectResolution]
) -> None:
    pending = OWNED.given(refund(amount, resolution_id="r1"))
    pending.when(kind(resolution_id="r1", approver_id=approver_id)).then_refused("not_authorized")


@pytest.mark.parametrize("kind", [ApproveResolution, RejectResolution])
def test_refusals_of_a_decision_come_in_the_row_s_order(
    kind: type[ApproveResolution] | type[RejectResolution],
) -> None:
    pending = OWNED.given(refund("501", resolution_id="r1"))
    pending.when(kind(resolution_id="r9", approver_id="anna")).then_refused("resolution_unknown", resolution_id="r9")
    done = OWNED.given(refund("1", resolution_id="r1"))
    done.when(kind(resolution_id="r1", approver_id="anna")).then_refused("resolution_not_pending", status="approved")
    pending.when(kind(resolution_id="r1", approver_id="anna")).then_refused("self_approval")
    pending.when(kind(resolution_id="r1", approver_id="zoe")).then_refused("agent_inactive")
    rejected = pending.given(RejectResolution(resolution_id="r1", approver_id="max"))
    rejected.when(kind(resolution_id="r1", approver_id="max")).then_refused("resolution_not_pending", status="rejected")


def test_a_manager_who_made_it_does_not_approve_it_and_a_former_owner_did_make_it() -> None:
    managed = UNOWNED.given(AcceptTicket(agent_id="max"))
    own = CreateResolution(**refund("101", resolution_id="r1").fields() | {"agent_id": "max"})
    pending = managed.given(own)
    pending.when(ApproveResolution(resolution_id="r1", approver_id="max")).then_refused("self_approval")
    moved = pending.given(
        TransferTicket(new_owner_id="lea", transfer_type="termination", reason="r", authorized_by="max")
    )
    moved.when(ApproveResolution(resolution_id="r1", approver_id="max")).then_refused("self_approval")
    moved.when(ApproveResolution(resolution_id="r1", approver_id="lea")).then_accepted()
