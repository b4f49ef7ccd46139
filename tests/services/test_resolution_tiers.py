"""A tier holds whatever the limits are, and however a sum is split (SPEC section 7). Money is whole cents here."""

from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from contracts.commands import AcceptTicket, OpenTicket
from contracts.directory import Agent, CurrencyLimits, Policy, Team
from contracts.model import ResolutionTier
from contracts.resolution_commands import CreateResolution, RejectResolution
from contracts.ticket import Resolution
from tests.services.cast import directory
from tests.services.spec import Story, given

CENTS = st.integers(1, 10**14 - 2)
SMALL_SUMS = st.lists(st.integers(1, 30_000), min_size=1, max_size=5)
CURRENCIES = st.sampled_from(("EUR", "CHF"))


def written(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def desk(agent: int, team_lead: int, own: int | None = None) -> Story:
    """A ticket under these limits, in EUR by team and agent, in CHF by the policy."""
    policy = Policy(
        currencies={"CHF": CurrencyLimits(agent=written(agent), team_lead=written(team_lead))},
        calibration_sample_percent=0,
    )
    team = Team(id="desk", tier1_limit=written(agent), tier2_limit=written(team_lead))
    anna = Agent(id="anna", team_ids=("desk",), empowerment_limit=written(agent if own is None else own))
    opened = given(OpenTicket(subject="s"), AcceptTicket(agent_id="anna"))
    return opened.with_directory(directory(policy, team, anna))


def give(story: Story, currency: str, *parts: int) -> Story:
    for cents in parts:
        story = story.given(
            CreateResolution(
                agent_id="anna",
                what_went_wrong="w",
                why_eligible="y",
                resolution_type="credit",
                amount=written(cents),
                currency=currency,
            )
        )
    return story


def last(story: Story) -> Resolution:
    return story.now.resolutions[-1]


def tier_of(cents: int, agent: int, team_lead: int) -> ResolutionTier:
    if cents <= agent:
        return "agent"
    return "team_lead" if cents <= team_lead else "manager"


@settings(max_examples=50)
@for_all(st.tuples(CENTS, CENTS).map(sorted), CURRENCIES)
def test_a_bound_is_the_lower_tier_s_and_a_cent_more_the_higher_one_s(limits: list[int], currency: str) -> None:
    agent, team_lead = limits
    story = desk(agent, team_lead)
    for cents in (agent, agent + 1, team_lead, team_lead + 1):
        assert last(give(story, currency, cents)).tier == tier_of(cents, agent, team_lead)


@settings(max_examples=50)
@for_all(st.integers(0, 30_000), st.integers(0, 30_000), st.integers(0, 30_000), st.integers(1, 40_000))
def test_an_agent_s_own_limit_narrows_the_agent_s_tier_and_no_other(
    own: int, agent: int, more: int, cents: int
) -> None:
    narrowed = last(give(desk(agent, agent + more, own), "EUR", cents)).tier
    assert narrowed == tier_of(cents, min(own, agent), agent + more)
    assert last(give(desk(agent, agent + more, own), "CHF", cents)).tier == tier_of(cents, agent, agent + more)


@settings(max_examples=50)
@for_all(st.tuples(st.integers(0, 60_000), st.integers(0, 60_000)).map(sorted), SMALL_SUMS, CURRENCIES)
def test_however_a_sum_is_split_its_last_part_needs_what_the_whole_needs(
    limits: list[int], parts: list[int], currency: str
) -> None:
    split, whole = (give(desk(*limits), currency, *each) for each in (parts, [sum(parts)]))
    assert last(split).tier == last(whole).tier == tier_of(sum(parts), *limits)
    assert last(split).cumulative_amount == written(sum(parts))


@settings(max_examples=50)
@for_all(SMALL_SUMS, SMALL_SUMS, CURRENCIES)
def test_what_was_rejected_and_what_is_of_another_currency_does_not_count(
    before: list[int], parts: list[int], currency: str
) -> None:
    other = "CHF" if currency == "EUR" else "EUR"
    story = give(desk(0, 0), currency, *before)
    for one in story.now.resolutions:
        story = story.given(RejectResolution(resolution_id=one.resolution_id, approver_id="max"))
    story = give(give(story, other, *before), currency, *parts)
    assert last(story).cumulative_amount == written(sum(parts))
