"""What the pages point to is there: files, headings, and the commands and options they have a reader type."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from ops.cli import build_app
from tests.test_house_rules import ROOT

README = ROOT / "README.md"
PAGES = (README, *sorted((ROOT / "docs").glob("*.md")))
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_BLOCK = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
_LINE = re.compile(r"^\$ (.+)$", re.MULTILINE)
_SPAN = re.compile(r"`([^`]+)`")
_CALL = re.compile(r"(?<![\w./-])itilnext((?: [^\s|>;#)]+)+)")
_OPTION = re.compile(r"--[a-z][a-z-]*")


def anchors_of(page: Path) -> set[str]:
    """Return what links to the headings of a page may end in."""
    headings = _HEADING.findall(page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dead_links(page: Path) -> Iterator[str]:
    """Yield the links within the project that lead nowhere."""
    for link in _LINK.findall(page.read_text(encoding="utf-8")):
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        if "://" not in link and not (target.exists() and (not anchor or anchor in anchors_of(target))):
            yield link


def calls(text: str) -> Iterator[list[str]]:
    """Yield the words after `itilnext`, wherever a page has it typed."""
    lines = _LINE.findall("\n".join(_BLOCK.findall(text)))
    for typed in lines + _SPAN.findall(_BLOCK.sub("", text)):
        for words in _CALL.findall(" ".join(typed.split())):
            yield words.split()


@cache
def command_line() -> dict[tuple[str, ...], frozenset[str]]:
    """Return every command by its words, with its options."""
    app = get_command(build_app())
    assert isinstance(app, TyperGroup), "the app has several commands"
    found: dict[tuple[str, ...], frozenset[str]] = {(): options_of(app)}
    for name, command in app.commands.items():
        found[(name,)] = options_of(command)
        if isinstance(command, TyperGroup):
            found |= {(name, each): options_of(inner) for each, inner in command.commands.items()}
    return found


def options_of(command: object) -> frozenset[str]:
    """Return the options of a command, `--help` with them."""
    parameters = getattr(command, "params", ())
    return frozenset({"--help"}.union(*((*each.opts, *each.secondary_opts) for each in parameters)))


def unknown_in(words: list[str]) -> list[str]:
    """Return what of a call is neither a command nor one of its options."""
    known = command_line()
    command = next((tuple(words[:length]) for length in (2, 1, 0) if tuple(words[:length]) in known), ())
    is_group = any(each[:-1] == command for each in known if each)
    stray = [word for word in words[len(command) :][:1] if is_group and not word.startswith("-")]
    options = {option for word in words for option in _OPTION.findall(word) if word.startswith("--")}
    return stray + sorted(options - known[command])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    assert list(dead_links(page)) == []


def test_the_readme_leads_to_every_page() -> None:
    linked = {link.partition("#")[0] for link in _LINK.findall(README.read_text(encoding="utf-8"))}
    assert {f"docs/{page.name}" for page in PAGES if page != README} <= linked


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_can_be_typed(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert {" ".join(words): unknown_in(words) for words in calls(text) if unknown_in(words)} == {}


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# On `it`\n[a](#on-it) [b](#off) [c](page.md#on-it) [d](gone.md) [e](http://example.org)\n")
    assert list(dead_links(page)) == ["#off", "gone.md"]


def test_a_command_or_option_that_there_is_not_is_found() -> None:
    typed = "```console\n$ itilnext audits --json\n```\n"
    named = "`itilnext audit --tickets T-1`, `itilnext\ndlq list --json`, `itilnext dlq lists`"
    assert [unknown_in(words) for words in calls(typed + named)] == [["audits", "--json"], ["--tickets"], [], ["lists"]]
