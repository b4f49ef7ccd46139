"""One case as a customer, its owner and an expert are shown it."""

import pytest

from contracts import commands as c
from contracts.json_values import read_json, write_json
from ops.case_rendering import print_case
from ops.cases import Case, parse_viewer, seen_by
from ops.console import CommandFailed, ExitCode
from services.history import History
from services.visibility import CUSTOMER, SYSTEM, Viewer
from tests.services.spec import Story, given

SECRET = "the firmware is at fault"


@pytest.fixture
def story() -> Story:
    """Anna's case, with an envelope of nina's and one of nora's within it."""
    return given(
        c.OpenTicket(subject="Printer on fire", team_id="desk"),
        c.AcceptTicket(agent_id="anna"),
        c.CreateEnvelope(agent_id="anna", reason="knows printers", expert_id="nina", envelope_id="e1"),
        c.AcceptEnvelope(agent_id="nina", envelope_id="e1"),
        c.CreateEnvelope(agent_id="nina", reason="knows fires", team_id="network", envelope_id="e2"),
        c.AddNote(agent_id="nina", content=SECRET, visibility="envelope_only", envelope_id="e1"),
        c.AddNote(agent_id="anna", content="We are on it.\x1b[2J", visibility="public", envelope_id="e1"),
    )


def _case(story: Story, *team_ids: str) -> Case:
    return Case(History.of(story.now, story.events), team_ids=team_ids)


def test_who_looks_is_read_or_asked_for() -> None:
    assert parse_viewer("customer") == CUSTOMER
    assert parse_viewer("system") == SYSTEM
    assert parse_viewer("agent:a:b") == Viewer("agent", "a:b")


@pytest.mark.parametrize("text", ["", "agent", "agent:", "boss", "customer:carl", "Agent:anna"])
def test_a_wrong_viewer_is_told_what_to_write(text: str) -> None:
    with pytest.raises(CommandFailed) as failed:
        parse_viewer(text)
    assert failed.value.exit_code == ExitCode.USAGE
    assert failed.value.remedy == "Write customer, system or agent:ID."


def test_the_customer_is_shown_the_public_part(story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    seen = seen_by(_case(story), CUSTOMER)
    print_case(seen)
    printed = capsys.readouterr().out
    document = write_json(seen.document).decode()
    for text in (printed, document):
        assert "We are on it." in text
        assert not [word for word in ("anna", "nina", "e1", "printers", SECRET, "internal") if word in text]
    assert "\x1b[2J" not in printed, "a sender may not steer the terminal"


def test_the_owner_is_shown_how_the_envelopes_stand(story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    seen = seen_by(_case(story), parse_viewer("agent:anna"))
    print_case(seen)
    printed = capsys.readouterr().out
    assert SECRET not in printed + repr(seen)
    assert "knows printers" in printed
    assert seen.expert is None
    assert read_json(write_json(seen.document))["owner_view"]["envelopes"][1]["level"] == 3


def test_an_expert_is_shown_the_tabs(story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    seen = seen_by(_case(story, "network"), parse_viewer("agent:nina"))
    print_case(seen)
    lines = capsys.readouterr().out.splitlines()
    assert any(SECRET in line for line in lines[lines.index("My envelope e1 (active): knows printers") :])
    assert "I may ask in the next level: yes" in lines
    pending = read_json(write_json(seen.document))["expert_view"]["pending_for_my_teams"]
    assert [envelope["envelope_id"] for envelope in pending] == ["e2"]


def test_envelopes_are_indented_by_their_level(story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    print_case(seen_by(_case(story), SYSTEM))
    lines = capsys.readouterr().out.splitlines()
    columns = [line.index("· envelope.created") for line in lines if "envelope.created" in line]
    assert columns == [columns[0], columns[0] + 2]
    assert "(· internal, ▸ envelope-only)" in lines
