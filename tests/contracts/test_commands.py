"""Each command takes exactly the fields of SPEC section 5's table, as strictly as the page says."""

from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.commands import COMMANDS, Command
from contracts.dead_letters import InvalidData
from contracts.model import Message
from tests.contracts import page
from tests.contracts.kinds import characters, json_values
from tests.contracts.page import command_data, least_data

FIELDS = [(name, key) for name, fields in page.COMMANDS.items() for key in fields]
REQUIRED = [(name, key) for name, key in FIELDS if page.COMMANDS[name][key].required]
OPTIONAL = [(name, key) for name, key in FIELDS if not page.COMMANDS[name][key].required]


def _read(name: str, data: object) -> dict[str, Any]:
    """The data of a command as read, by the names of the page, absent fields filled in."""
    return COMMANDS[name].read(data).wire()


def _names(model: type[Message]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def test_the_commands_are_those_of_the_page() -> None:
    assert COMMANDS.keys() == page.COMMANDS.keys()
    assert set(COMMANDS.values()) == set(get_args(Command))


@pytest.mark.parametrize("name", page.COMMANDS)
def test_a_command_has_the_fields_of_the_page(name: str) -> None:
    assert _names(COMMANDS[name]) == set(page.COMMANDS[name])
    assert _read(name, least_data(name)).keys() == set(page.COMMANDS[name])


@pytest.mark.parametrize(("name", "key"), FIELDS)
def test_values_up_to_the_limits_are_read(name: str, key: str) -> None:
    for value in page.COMMANDS[name][key].kind.limits:
        assert _read(name, {**least_data(name), key: value})[key] is not None


@pytest.mark.parametrize(("name", "key"), FIELDS)
def test_wrong_values_are_no_command(name: str, key: str) -> None:
    for value in page.COMMANDS[name][key].kind.wrong:
        with pytest.raises(InvalidData, match=f"^{key}[.:]"):
            COMMANDS[name].read({**least_data(name), key: value})


@pytest.mark.parametrize(("name", "key"), REQUIRED)
def test_a_required_field_has_to_be_there(name: str, key: str) -> None:
    data = least_data(name)
    with pytest.raises(InvalidData, match=f"^{key}: Field required$"):
        COMMANDS[name].read({**data, key: None})
    del data[key]
    with pytest.raises(InvalidData, match=f"^{key}: Field required$"):
        COMMANDS[name].read(data)


@pytest.mark.parametrize(("name", "key"), OPTIONAL)
def test_an_absent_field_equals_null_and_has_the_default_of_the_page(name: str, key: str) -> None:
    data = least_data(name)
    assert _read(name, data)[key] == page.COMMANDS[name][key].default
    assert _read(name, {**data, key: None}) == _read(name, data)


@pytest.mark.parametrize("name", page.COMMANDS)
@pytest.mark.parametrize("data", [None, [], "x", 5, True, [{}]], ids=repr)
def test_data_has_to_be_an_object(name: str, data: object) -> None:
    with pytest.raises(InvalidData, match="must be a JSON object"):
        COMMANDS[name].read(data)


@pytest.mark.parametrize("name", page.COMMANDS)
@settings(max_examples=25)
@given(data=st.data())
def test_what_is_right_is_read_and_unknown_fields_are_ignored(name: str, data: st.DataObject) -> None:
    said = data.draw(command_data(name))
    unknown = data.draw(st.dictionaries(st.text(characters), json_values, max_size=3))
    newer = {key: value for key, value in unknown.items() if key not in page.COMMANDS[name]}
    assert _read(name, {**newer, **said}) == _read(name, said)


def test_a_python_name_is_no_field() -> None:
    said = {"direction": "inbound", "content": "hello"}
    assert _read("message.record", {**said, "from_": 5}) == _read("message.record", said)
    assert _read("message.record", {**said, "from": "ann@example.org"})["from"] == "ann@example.org"


def test_a_refusal_to_read_tells_a_few_of_many_problems_and_no_values() -> None:
    with pytest.raises(InvalidData) as refused:
        COMMANDS["message.record"].read({"direction": "secret", "content": 5, "to": [5] * 50_000})
    message = str(refused.value)
    assert message.startswith("direction: Input should be 'inbound' or 'outbound'; ")
    assert message.endswith("and 49994 more")
    assert "secret" not in message
    assert len(message) < 1_000


def test_a_command_cannot_be_changed() -> None:
    command = COMMANDS["ticket.accept"].read({"agent_id": "anna"})
    with pytest.raises(ValueError, match="frozen"):
        command.agent_id = "ben"  # type: ignore[misc, union-attr]
