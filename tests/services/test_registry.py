"""The registry is the index of the engine: what is in it, and in which family refusals are raised."""

from contracts.commands import COMMANDS, AcceptTicket, OpenTicket
from services.errors import CommandRejected, LifecycleRejected, OwnershipRejected
from services.registry import RULES, family_of
from tests.services.samples import SAMPLES


def test_every_command_has_a_rule_but_opening_which_has_no_ticket_to_rule_over() -> None:
    assert {*RULES, OpenTicket} == set(COMMANDS.values())
    assert OpenTicket not in RULES


def test_a_rule_names_fields_its_command_has() -> None:
    for command, rule in RULES.items():
        assert set(rule.agents) <= set(command.model_fields)
        assert issubclass(rule.family, CommandRejected)


def test_every_command_s_refusals_have_a_family() -> None:
    assert family_of(OpenTicket(subject="s")) is LifecycleRejected
    assert family_of(AcceptTicket(agent_id="anna")) is OwnershipRejected


def test_there_is_a_sample_of_every_command() -> None:
    assert {name: type(command) for name, command in SAMPLES.items()} == COMMANDS
